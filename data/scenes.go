package data

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"transfera/data/imaging"
)

const (
	scenesName    = "shapes-detection"
	scenesVersion = 1 // part of the fingerprint; it goes up whenever a pixel or a box of any image changes
)

// Scenes is the built-in detection dataset, which NewShapesDetection makes. Image i depends on (Seed, Split, i, Size)
// alone. Images are drawn when first asked for and kept in memory, 3*Size*Size bytes each.
type Scenes struct {
	options GeneratedOptions
	figures []func() []figure
	images  []func() *imaging.Image
}

// NewShapesDetection describes the built-in detection dataset without drawing any image: one to three of the striped
// shapes of NewShapes, a quarter to three fifths of the image's side large, anywhere on the same kind of background. They
// lie inside the image and may hide a little of each other. A box is tight around the pixels that show its shape.
func NewShapesDetection(options GeneratedOptions) (*Scenes, error) {
	options, err := options.complete(scenesName, sceneSize, minSceneSize)
	if err != nil {
		return nil, err
	}
	s := &Scenes{options: options}
	for i := range options.Count {
		s.figures = append(s.figures, sync.OnceValue(func() []figure { return placeFigures(options, i) }))
		s.images = append(s.images, sync.OnceValue(func() *imaging.Image { return drawScene(options, i, s.figures[i]()) }))
	}
	return s, nil
}

// Len is the number of images.
func (s *Scenes) Len() int { return s.options.Count }

// Classes are those of NewShapes.
func (s *Scenes) Classes() []string { return figureClasses }

// Label is the class of the largest object of image i.
func (s *Scenes) Label(i int) int { return largestClass(s.Objects(i)) }

// Objects are the shapes of image i, the hindmost first. None is difficult or truncated.
func (s *Scenes) Objects(i int) []Object {
	var objects []Object
	for _, figure := range s.figures[i]() {
		objects = append(objects, figure.object)
	}
	return objects
}

// Name is, for example, "val/00019".
func (s *Scenes) Name(i int) string { return fmt.Sprintf("%s/%05d", s.options.Split, i) }

// Image draws image i, or returns it if it was drawn before. It never fails.
func (s *Scenes) Image(i int) (*imaging.Image, error) { return s.images[i](), nil }

// Fingerprint depends on the options and on the version of the drawing code; no image is drawn for it.
func (s *Scenes) Fingerprint(context.Context) (string, error) {
	o := s.options
	description := fmt.Sprintf("%s %d seed %d split %s count %d size %d", scenesName, scenesVersion, o.Seed, o.Split, o.Count, o.Size)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(description))), nil
}
