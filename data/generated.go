package data

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync/atomic"

	"transfera/data/imaging"
)

// look is what tells one built-in dataset from another.
type look struct {
	name    string
	version int // part of the fingerprint; it goes up whenever a pixel of any image changes
	classes []string
	// draw makes image i, whose class is i modulo the number of classes, from the options alone.
	draw func(o GeneratedOptions, i int) *imaging.Image
}

// Bounds of GeneratedOptions.Size.
const minGeneratedSize, maxGeneratedSize = 16, 1024

// GeneratedOptions configures NewShapes, NewSketches and NewShapesDetection; the zero value is the training split of the default dataset.
type GeneratedOptions struct {
	Seed  uint64
	Split string // "train" (also if empty) or "val"; different splits never share a random stream
	Count int    // number of images; 0 means 4000 of train and 1000 of val
	Size  int    // height and width in pixels, at least 16; 0 means 32 (at least 64 and 96 with objects to detect)
}

// Generated is a built-in dataset: NewShapes and NewSketches make it. Image i has class i mod 10 and depends on (Seed,
// Split, i, Size) alone. Images are drawn when first asked for and kept in memory, 3*Size*Size bytes each.
type Generated struct {
	look    look
	options GeneratedOptions
	images  []atomic.Pointer[imaging.Image]
}

// newGenerated completes and checks the options; it draws nothing.
func newGenerated(look look, options GeneratedOptions) (*Generated, error) {
	options, err := options.complete(look.name, 32, minGeneratedSize)
	if err != nil {
		return nil, err
	}
	return &Generated{look: look, options: options, images: make([]atomic.Pointer[imaging.Image], options.Count)}, nil
}

// complete fills in the defaults, which size is part of, and checks the options of the dataset called name.
func (o GeneratedOptions) complete(name string, size, minSize int) (GeneratedOptions, error) {
	if o.Split == "" {
		o.Split = "train"
	}
	defaultCount, known := map[string]int{"train": 4000, "val": 1000}[o.Split]
	if !known {
		return o, fmt.Errorf("%s has no split %q; known are train and val", name, o.Split)
	}
	if o.Count == 0 {
		o.Count = defaultCount
	}
	if o.Count < 1 {
		return o, fmt.Errorf("%s cannot have %d images; at least 1 is needed", name, o.Count)
	}
	if o.Size == 0 {
		o.Size = size
	}
	if o.Size < minSize || o.Size > maxGeneratedSize {
		return o, fmt.Errorf("%s cannot be drawn %d pixels wide; the size must lie in %d..%d", name, o.Size, minSize, maxGeneratedSize)
	}
	return o, nil
}

// Len is the number of images.
func (g *Generated) Len() int { return len(g.images) }

// Classes are, for example, "circle-horizontal", "circle-vertical", "square-horizontal" and so on.
func (g *Generated) Classes() []string { return g.look.classes }

// Label is i modulo the number of classes.
func (g *Generated) Label(i int) int { return i % len(g.look.classes) }

// Name is, for example, "val/star-vertical/00019".
func (g *Generated) Name(i int) string {
	return fmt.Sprintf("%s/%s/%05d", g.options.Split, g.look.classes[g.Label(i)], i)
}

// Image draws image i, or returns it if it was drawn before. It never fails.
func (g *Generated) Image(i int) (*imaging.Image, error) {
	if image := g.images[i].Load(); image != nil {
		return image, nil
	}
	// Two goroutines may draw the same image at once; the results are equal, so either may be kept.
	image := g.look.draw(g.options, i)
	g.images[i].Store(image)
	return image, nil
}

// Fingerprint depends on the options and on the version of the drawing code; no image is drawn for it.
func (g *Generated) Fingerprint(context.Context) (string, error) {
	o := g.options
	description := fmt.Sprintf("%s %d seed %d split %s count %d size %d",
		g.look.name, g.look.version, o.Seed, o.Split, o.Count, o.Size)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(description))), nil
}
