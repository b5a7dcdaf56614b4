package data

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DatasetKind is an entry of the registry of datasets that a spec can name.
type DatasetKind struct {
	Name string // as in a spec, such as "image-folder"
	Doc  string // one sentence
	// Options are those of this kind and those of every kind.
	Options []Option
	// Objects says that images come with objects in boxes, not with one class each.
	Objects bool
	// NeedsPath says that the dataset's files lie somewhere; without it the images are generated.
	NeedsPath bool
	// open opens one split, "train" or "val", of which nothing is left out yet.
	open func(p place, o Options, split string) (Dataset, error)
	// loader says how pictures are prepared; nil leaves them as they are.
	loader func(o Options) LoaderDefaults
}

// datasetKinds is the registry: one line per kind.
var datasetKinds = []DatasetKind{
	shapesKind, sketchesKind, shapesDetectionKind, imageFolderKind, imageNetKind, cifar10Kind, cifar100Kind, vocKind,
}

// DatasetKinds lists the known kinds of datasets.
func DatasetKinds() []DatasetKind {
	kinds := slices.Clone(datasetKinds)
	for i, kind := range kinds {
		kinds[i].Options = kind.allOptions()
	}
	return kinds
}

// datasetKind finds a kind by its name.
func datasetKind(name string) (DatasetKind, error) {
	var known []string
	for _, kind := range datasetKinds {
		if kind.Name == name {
			return kind, nil
		}
		known = append(known, kind.Name)
	}
	return DatasetKind{}, fmt.Errorf("unknown kind of dataset %q%s; known are %s",
		name, didYouMean(name, known), strings.Join(known, ", "))
}

// classesOption is an option of every kind; see ParseClasses.
var classesOption = Option{
	Name: "classes",
	Doc: "classes to keep, by names, indices and ranges such as 0-4, with commas between them, or first-half or " +
		"second-half; empty keeps all",
	Default: "",
}

// Values of onBadImageOption.
const failAtBadImage, skipBadImage = "fail", "skip"

// onBadImageOption is an option of the kinds that decode files.
var onBadImageOption = Option{
	Name: "on_bad_image",
	Doc: "what to do about files that cannot be decoded: fail when one is met, or decode all files first and skip and " +
		"report these",
	Default: failAtBadImage, Choices: []any{failAtBadImage, skipBadImage},
}

func (k DatasetKind) allOptions() []Option { return append(slices.Clone(k.Options), classesOption) }

// ParseOptions reads options of the kind of dataset called kind from text, as a command line gives them. An unknown kind
// or option and a text that is no value of its option's type are errors; bounds are checked by Open.
func ParseOptions(kind string, given map[string]string) (map[string]any, error) {
	found, err := datasetKind(kind)
	if err != nil {
		return nil, err
	}
	declared := map[string]Option{}
	var known []string
	for _, option := range found.allOptions() {
		declared[option.Name] = option
		known = append(known, option.Name)
	}
	options := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		option, is := declared[name]
		if !is {
			return nil, fmt.Errorf("kind %s has no option %q%s; it has %s", kind, name, didYouMean(name, known), strings.Join(known, ", "))
		}
		if options[name], err = option.parse(given[name]); err != nil {
			return nil, fmt.Errorf("kind %s: %w", kind, err)
		}
	}
	return options, nil
}

// LoaderDefaults is how a dataset's pictures are prepared unless something else is asked for; the fields are those of
// LoaderOptions.
type LoaderDefaults struct {
	Resize, Crop int // pixels; 0 changes nothing
	Flip         bool
	// Sides in pixels for images of different sizes, one per batch; 0 if all are brought to one size.
	ShortSide, LongSide int
	Multiple            int // that sides are padded to; 0 pads nothing
}

// With returns options with these defaults filled in; the rest stays.
func (d LoaderDefaults) With(options LoaderOptions) LoaderOptions {
	options.Resize, options.Crop, options.Flip = d.Resize, d.Crop, d.Flip
	options.ShortSide, options.LongSide, options.Multiple = d.ShortSide, d.LongSide, d.Multiple
	return options
}

// maxSide bounds options that are sides in pixels.
const maxSide = 1 << 14

// loaderOptions are the options of kinds whose pictures need preparing.
func loaderOptions(d LoaderDefaults) []Option {
	return []Option{
		{Name: "resize", Doc: "shorter side in pixels to resize to; 0 keeps it", Default: d.Resize, Max: maxSide},
		{Name: "crop", Doc: "side in pixels of the square to cut out; 0 cuts nothing", Default: d.Crop, Max: maxSide},
		{Name: "flip", Doc: "mirror half of the training images left to right", Default: d.Flip},
	}
}

// preparedBy reads what loaderOptions declared.
func preparedBy(o Options) LoaderDefaults {
	return LoaderDefaults{Resize: option[int](o, "resize"), Crop: option[int](o, "crop"), Flip: option[bool](o, "flip")}
}
