package data

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync/atomic"

	"transfera/data/imaging"
)

// shapesVersion is part of the fingerprint; it goes up whenever a pixel of any shapes image changes.
const shapesVersion = 1

// Outlines of the shapes, in class order; each comes with horizontal and with vertical stripes.
var outlineNames = []string{"circle", "square", "triangle", "cross", "star"}

var shapesClasses = func() []string {
	var classes []string
	for _, outline := range outlineNames {
		classes = append(classes, outline+"-horizontal", outline+"-vertical")
	}
	return classes
}()

// ShapesOptions configures NewShapes; the zero value is the training split of the default dataset.
type ShapesOptions struct {
	Seed  uint64
	Split string // "train" (also if empty) or "val"; different splits never share a random stream
	Count int    // number of images; 0 means 4000 of train and 1000 of val
	Size  int    // height and width in pixels, at least 16; 0 means 32
}

// Shapes is the built-in dataset: striped shapes on a smooth background. Its 10 classes are 5 outlines x 2 directions of
// stripes, so half of what must be recognized is a texture near the resolution limit, which super-resolution, denoising
// and JPEG-deblocking have to bring back. Image i has class i mod 10 and depends on (Seed, Split, i, Size) alone. Images
// are drawn when first asked for and kept in memory, 3*Size*Size bytes each.
type Shapes struct {
	options ShapesOptions
	images  []atomic.Pointer[imaging.Image]
}

// NewShapes describes a shapes dataset without drawing any image.
func NewShapes(options ShapesOptions) (*Shapes, error) {
	if options.Split == "" {
		options.Split = "train"
	}
	defaultCount, known := map[string]int{"train": 4000, "val": 1000}[options.Split]
	if !known {
		return nil, fmt.Errorf("shapes has no split %q; known are train and val", options.Split)
	}
	if options.Count == 0 {
		options.Count = defaultCount
	}
	if options.Count < 1 {
		return nil, fmt.Errorf("shapes cannot have %d images; at least 1 is needed", options.Count)
	}
	if options.Size == 0 {
		options.Size = 32
	}
	if options.Size < 16 || options.Size > 1024 {
		return nil, fmt.Errorf("shapes cannot be drawn %d pixels wide; the size must lie in 16..1024", options.Size)
	}
	return &Shapes{options: options, images: make([]atomic.Pointer[imaging.Image], options.Count)}, nil
}

// Len is the number of images.
func (s *Shapes) Len() int { return len(s.images) }

// Classes are "circle-horizontal", "circle-vertical", "square-horizontal" and so on.
func (s *Shapes) Classes() []string { return shapesClasses }

// Label is i mod 10.
func (s *Shapes) Label(i int) int { return i % len(shapesClasses) }

// Name is, for example, "val/star-vertical/00019".
func (s *Shapes) Name(i int) string {
	return fmt.Sprintf("%s/%s/%05d", s.options.Split, shapesClasses[s.Label(i)], i)
}

// Image draws image i, or returns it if it was drawn before. It never fails.
func (s *Shapes) Image(i int) (*imaging.Image, error) {
	if image := s.images[i].Load(); image != nil {
		return image, nil
	}
	// Two goroutines may draw the same image at once; the results are equal, so either may be kept.
	image := drawShape(s.options, i)
	s.images[i].Store(image)
	return image, nil
}

// Fingerprint depends on the options and on the version of the drawing code; no image is drawn for it.
func (s *Shapes) Fingerprint(context.Context) (string, error) {
	o := s.options
	description := fmt.Sprintf("shapes %d seed %d split %s count %d size %d", shapesVersion, o.Seed, o.Split, o.Count, o.Size)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(description))), nil
}
