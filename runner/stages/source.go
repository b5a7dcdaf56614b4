package stages

import (
	"context"
	"fmt"

	"transfera/data"
	"transfera/experiments"
)

// split is one half of a dataset, opened: its images, and how they are brought to one size.
type split struct {
	data.Dataset
	fingerprint  string
	resize, crop int
	flip         bool
}

// shape is the part of a stage's settings that says which images it uses and how they are cut.
type shape struct {
	Images  string `json:"images"` // the fingerprint
	Resize  int    `json:"resize,omitempty"`
	Crop    int    `json:"crop,omitempty"`
	Flip    bool   `json:"flip,omitempty"`
	Shift   int    `json:"shift,omitempty"`
	Classes int    `json:"classes"`
}

func (s *split) shape() shape {
	return shape{Images: s.fingerprint, Resize: s.resize, Crop: s.crop, Classes: len(s.Classes())}
}

// loader prepares batches of the split.
func (s *split) loader(env *Environment, degradation data.Degradation, o data.LoaderOptions) (*data.Loader, error) {
	o.Workers, o.Resize, o.Crop = env.LoaderWorkers, s.resize, s.crop
	return data.NewLoader(s.Dataset, degradation, o)
}

// limitSeed decides which images a limit keeps, in every experiment the same.
const limitSeed = 0

// open opens one split ("train" or "val") of the dataset called name.
func open(ctx context.Context, name string, spec experiments.Dataset, which, hashes string) (*split, error) {
	s := &split{}
	o := spec.Options
	switch spec.Kind {
	case "shapes":
		shapes, err := data.NewShapes(data.ShapesOptions{
			Seed: uint64(o.Int("seed")), Split: which, Count: o.Int(which), Size: o.Int("size"),
		})
		if err != nil {
			return nil, fmt.Errorf("dataset %s: %w", name, err)
		}
		s.Dataset = shapes
	case "image-folder":
		folder, err := data.OpenImageFolder(spec.Path+"/"+o.Text(which), data.FolderOptions{Name: name, FingerprintCache: hashes})
		if err != nil {
			return nil, fmt.Errorf("dataset %s: %w", name, err)
		}
		s.Dataset, s.resize, s.crop, s.flip = folder, o.Int("resize"), o.Int("crop"), o.Bool("flip")
	default:
		return nil, fmt.Errorf("dataset %s: no kind %q", name, spec.Kind)
	}
	most := map[string]int{"train": spec.Limit.Train, "val": spec.Limit.Val}[which]
	return s.limited(ctx, name, most)
}

// limited keeps only so many images, evenly over the classes; 0 keeps all.
func (s *split) limited(ctx context.Context, name string, most int) (*split, error) {
	limited := *s
	if most > 0 && most < s.Len() {
		subset, err := data.Limit(s.Dataset, most, limitSeed)
		if err != nil {
			return nil, fmt.Errorf("dataset %s: %w", name, err)
		}
		limited.Dataset = subset
	}
	var err error
	if limited.fingerprint, err = limited.Fingerprint(ctx); err != nil {
		return nil, fmt.Errorf("dataset %s: %w", name, err)
	}
	return &limited, nil
}
