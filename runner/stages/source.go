package stages

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"transfera/data"
	"transfera/experiments"
	"transfera/results"
)

// split is one half of a dataset, opened: its images, and how they are brought to one size.
type split struct {
	data.Dataset
	name        string // of the dataset, for people
	prepare     data.LoaderDefaults
	fingerprint string
}

// shape is the part of a stage's settings that says which images it uses and how they are cut.
type shape struct {
	Images  string `json:"images"` // the fingerprint
	Resize  int    `json:"resize,omitempty"`
	Short   int    `json:"short_side,omitempty"`
	Long    int    `json:"long_side,omitempty"`
	Pad     int    `json:"multiple,omitempty"`
	Crop    int    `json:"crop,omitempty"`
	Flip    bool   `json:"flip,omitempty"`
	Shift   int    `json:"shift,omitempty"`
	Classes int    `json:"classes"`
}

// shape is that of evaluation; training adds its augmentation.
func (s *split) shape() shape {
	p := s.prepare
	return shape{
		Images: s.fingerprint, Resize: p.Resize, Short: p.ShortSide, Long: p.LongSide, Pad: p.Multiple, Crop: p.Crop,
		Classes: len(s.Classes()),
	}
}

// cut says in words how images are brought to one size.
func (s *split) cut() string {
	var words []string
	for _, step := range []struct {
		name   string
		pixels int
	}{{"resize", s.prepare.Resize}, {"short side", s.prepare.ShortSide}, {"long side", s.prepare.LongSide}, {"crop", s.prepare.Crop}} {
		if step.pixels > 0 {
			words = append(words, fmt.Sprintf("%s %d", step.name, step.pixels))
		}
	}
	return strings.Join(words, ", ")
}

// loader prepares batches of the split. Augmentation is what o says.
func (s *split) loader(env *Environment, degradation data.Degradation, o data.LoaderOptions) (*data.Loader, error) {
	augmented := o.Flip
	o = s.prepare.With(o)
	o.Workers, o.Flip = env.LoaderWorkers, augmented
	return data.NewLoader(s.Dataset, degradation, o)
}

// holds refuses batches that images of different sizes cannot make.
func (s *split) holds(batch int) error {
	if s.prepare.ShortSide > 0 && batch > 1 {
		return fmt.Errorf("the images have different sizes, which a batch of %d cannot hold; set it to 1", batch)
	}
	return nil
}

// limitSeed decides which images a limit keeps, in every experiment the same.
const limitSeed = 0

// limited keeps only so many images, evenly over the classes; 0 keeps all.
func (s *split) limited(ctx context.Context, most int) (*split, error) {
	if most == 0 || most >= s.Len() {
		return s, nil
	}
	subset, err := data.Limit(s.Dataset, most, limitSeed)
	if err != nil {
		return nil, err
	}
	fingerprint, err := subset.Fingerprint(ctx)
	return &split{Dataset: subset, name: s.name, prepare: s.prepare, fingerprint: fingerprint}, err
}

// sources opens datasets, each once for all experiments that describe it alike.
type sources struct {
	ctx     context.Context
	hashes  string // folder for what is remembered of files
	reading func(what string, done, total int)
	opened  map[string]*split
	// used lists what was opened, for the manifest; warnings what was left out of it.
	used     []results.DataSource
	warnings []string
}

func newSources(ctx context.Context, env *Environment) *sources {
	return &sources{ctx: ctx, hashes: filepath.Join(env.Store.Root(), "fingerprints"), reading: env.Reading, opened: map[string]*split{}}
}

// train opens the training split of the dataset called name, after comparing its classes with the other split's.
func (s *sources) train(name string, spec experiments.Dataset) (*split, error) {
	if known := s.opened[sourceKey("train", spec)]; known != nil {
		return known, nil
	}
	train, val, err := data.OpenBoth(s.ctx, s.description(name, spec))
	if err != nil {
		return nil, err
	}
	if _, err := s.enter("val", name, spec, val); err != nil {
		return nil, err
	}
	return s.enter("train", name, spec, train)
}

// val opens the validation split.
func (s *sources) val(name string, spec experiments.Dataset) (*split, error) {
	if known := s.opened[sourceKey("val", spec)]; known != nil {
		return known, nil
	}
	val, err := data.Open(s.ctx, s.description(name, spec), "val")
	if err != nil {
		return nil, err
	}
	return s.enter("val", name, spec, val)
}

func (s *sources) description(name string, spec experiments.Dataset) data.Description {
	d := data.Description{
		Kind: spec.Kind, Options: spec.Options, Name: name, Path: spec.Path,
		Limit: map[string]int{"train": spec.Limit.Train, "val": spec.Limit.Val}, FingerprintCache: s.hashes,
	}
	if s.reading != nil {
		d.Progress = func(doing string, done, total int) {
			s.reading(fmt.Sprintf("%s the files of dataset %s", doing, name), done, total)
		}
	}
	return d
}

func sourceKey(which string, spec experiments.Dataset) string {
	return fmt.Sprintf("%s %+v", which, spec)
}

// enter remembers an opened split, or returns the one that is known already.
func (s *sources) enter(which, name string, spec experiments.Dataset, opened *data.Opened) (*split, error) {
	key := sourceKey(which, spec)
	if known := s.opened[key]; known != nil {
		return known, nil
	}
	fingerprint, err := opened.Dataset.Fingerprint(s.ctx)
	if err != nil {
		return nil, fmt.Errorf("dataset %s: %w", name, err)
	}
	for _, bad := range opened.Bad {
		s.warnings = append(s.warnings, fmt.Sprintf("dataset %s, %s: left out %s: %s", name, which, bad.Name, bad.Reason))
	}
	s.opened[key] = &split{Dataset: opened.Dataset, name: name, prepare: opened.Loader, fingerprint: fingerprint}
	s.used = append(s.used, results.DataSource{Name: name, Split: which, N: opened.Dataset.Len(), Fingerprint: fingerprint})
	return s.opened[key], nil
}
