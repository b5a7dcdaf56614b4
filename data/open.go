package data

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
)

// Description is a dataset as a spec describes it.
type Description struct {
	// Kind is the name of one of DatasetKinds.
	Kind string
	// Options of that kind; those left out have their defaults.
	Options map[string]any
	// Name is what the spec and the command line call the dataset, for error messages.
	Name string
	// Path is the folder of the files, for kinds that need one.
	Path string
	// Limit is how many images to keep of a split, as Limit with seed 0 chooses them; 0 keeps all.
	Limit map[string]int
	// FingerprintCache is as in FolderOptions.
	FingerprintCache string
	// Progress, if set, is called now and then while files are read, by one goroutine at a time. doing is "verify" inside
	// Open and "fingerprint" inside Dataset.Fingerprint.
	Progress func(doing string, done, total int)
}

// place is where a kind finds its files.
type place struct {
	path   string
	folder FolderOptions
}

// in is a path that an option gives, relative to the dataset's; an absolute one stays.
func (p place) in(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(p.path, filepath.FromSlash(path))
}

// Opened is one split of a described dataset.
type Opened struct {
	Dataset Dataset
	// Loader is how its pictures are to be prepared.
	Loader LoaderDefaults
	// Bad are the images left out because they cannot be decoded, if the option on_bad_image is skip. Their indices are
	// those before they were left out. They must be reported: a number over fewer images is another number.
	Bad []BadImage
}

// Open opens one split, "train" or "val", of the described dataset: all images, of these the selected classes, of these
// the limit, and of these the ones that can be decoded. Unknown kinds and options, invalid values and missing files are
// errors that say what to do. What uses both splits must open them with OpenBoth, which compares their classes.
func Open(ctx context.Context, d Description, split string) (*Opened, error) {
	kind, options, err := d.check()
	if err != nil {
		return nil, err
	}
	whole, err := d.open(kind, options, split)
	if err != nil {
		return nil, err
	}
	return d.narrow(ctx, kind, options, split, whole)
}

// OpenBoth opens both splits. Splits with different classes are an error: their labels would not mean the same.
func OpenBoth(ctx context.Context, d Description) (train, val *Opened, err error) {
	kind, options, err := d.check()
	if err != nil {
		return nil, nil, err
	}
	wholeTrain, err := d.open(kind, options, "train")
	if err != nil {
		return nil, nil, err
	}
	wholeVal, err := d.open(kind, options, "val")
	if err != nil {
		return nil, nil, err
	}
	if err := sameClasses(wholeTrain.Classes(), wholeVal.Classes()); err != nil {
		return nil, nil, d.errorf("%w", err)
	}
	if train, err = d.narrow(ctx, kind, options, "train", wholeTrain); err != nil {
		return nil, nil, err
	}
	if val, err = d.narrow(ctx, kind, options, "val", wholeVal); err != nil {
		return nil, nil, err
	}
	return train, val, nil
}

// check finds the kind and completes the options.
func (d Description) check() (kind DatasetKind, options Options, err error) {
	if kind, err = datasetKind(d.Kind); err != nil {
		return kind, nil, d.errorf("%w", err)
	}
	if options, err = complete("kind "+kind.Name, kind.allOptions(), d.Options); err != nil {
		return kind, nil, d.errorf("%w", err)
	}
	switch {
	case kind.NeedsPath && d.Path == "":
		return kind, nil, d.errorf("kind %s needs the folder of its files; name it with path or --data %s=PATH", kind.Name, d.Name)
	case !kind.NeedsPath && d.Path != "":
		return kind, nil, d.errorf("kind %s is generated and has no path; remove %s", kind.Name, d.Path)
	}
	for split := range d.Limit {
		if err := checkSplit(split); err != nil {
			return kind, nil, d.errorf("limit: %w", err)
		}
	}
	return kind, options, nil
}

func checkSplit(split string) error {
	if split != "train" && split != "val" {
		return fmt.Errorf("there is no split %q; known are train and val", split)
	}
	return nil
}

// errorf is an error about the dataset.
func (d Description) errorf(format string, args ...any) error {
	return fmt.Errorf("dataset %s: %w", d.Name, fmt.Errorf(format, args...))
}

// progress adapts Progress to what a function that does one thing calls.
func (d Description) progress(doing string) func(done, total int) {
	if d.Progress == nil {
		return nil
	}
	return func(done, total int) { d.Progress(doing, done, total) }
}

// open gives a whole split.
func (d Description) open(kind DatasetKind, options Options, split string) (Dataset, error) {
	if err := checkSplit(split); err != nil {
		return nil, d.errorf("%w", err)
	}
	ds, err := kind.open(place{path: d.Path, folder: FolderOptions{
		Name: d.Name, FingerprintCache: d.FingerprintCache, Progress: d.progress("fingerprint"),
	}}, options, split)
	if err != nil {
		return nil, d.errorf("%s: %w", split, err)
	}
	return ds, nil
}

// narrow selects classes, limits, and leaves out images that cannot be decoded.
func (d Description) narrow(ctx context.Context, kind DatasetKind, options Options, split string, whole Dataset) (*Opened, error) {
	opened := &Opened{}
	if kind.loader != nil {
		opened.Loader = kind.loader(options)
	}
	ds, err := SelectClasses(whole, option[string](options, classesOption.Name))
	if err != nil {
		return nil, d.errorf("%s: %w", split, err)
	}
	if n := d.Limit[split]; n != 0 {
		if ds, err = Limit(ds, n, 0); err != nil {
			return nil, d.errorf("%s: %w", split, err)
		}
	}
	if options[onBadImageOption.Name] == skipBadImage { // absent in kinds without files
		if opened.Bad, err = Verify(ctx, ds, d.progress("verify")); err != nil {
			return nil, d.errorf("%s: %w", split, err)
		}
		if ds, err = WithoutBad(ds, opened.Bad); err != nil {
			return nil, d.errorf("%s: %w", split, err)
		}
	}
	opened.Dataset = ds
	return opened, nil
}

// sameClasses explains how the classes of the splits differ, if they do.
func sameClasses(train, val []string) error {
	if slices.Equal(train, val) {
		return nil
	}
	only := func(a, b []string) string {
		missing := slices.DeleteFunc(slices.Clone(a), func(class string) bool { return slices.Contains(b, class) })
		if len(missing) == 0 {
			return "none"
		}
		return someOf(missing)
	}
	return fmt.Errorf("the splits have different classes, so that labels would not mean the same: train has %d and val %d; "+
		"only in train: %s; only in val: %s", len(train), len(val), only(train, val), only(val, train))
}
