package results

import (
	"fmt"
	"image"
	"math"

	"gonum.org/v1/plot/vg"
)

// Pictures are images side by side, with what evaluators see in them.
type Pictures struct {
	Title string
	// Columns head the columns, such as input, the methods and target.
	Columns []string
	// Evaluators name the recognizers whose predictions stand under each picture.
	Evaluators []string
	Rows       []PictureRow
}

// PictureRow is one image in all its versions.
type PictureRow struct {
	// Label stands beside the row, such as the true class.
	Label string
	// Zoom is the part that is shown enlarged under each picture; its zero value
	// shows none.
	Zoom Zoom
	// Pictures has one picture per column.
	Pictures []Picture
}

// Zoom is a part of a picture, in shares of its width and height from the upper
// left corner on, so that it is the same part in pictures of all sizes. Edges
// are rounded to whole pixels.
type Zoom struct{ Left, Top, Right, Bottom float64 }

// Picture is one image and what is said of it.
type Picture struct {
	// Image is what is shown; nil leaves the place empty.
	Image image.Image
	// Note stands under it, such as "27.31 dB"; it may be empty.
	Note string
	// Predictions has one per evaluator, or none at all, as for a picture that
	// nobody judges.
	Predictions []Prediction
}

// Prediction is what one evaluator sees in a picture.
type Prediction struct {
	// Class is the name of the class; empty is no prediction.
	Class string
	// Confidence is the class's probability, in [0,1]; NaN is unknown.
	Confidence float64
	// Right is whether the class is the true one.
	Right bool
}

// PictureGrid draws pictures: one row per image, one column per version of it.
// Pixels of small pictures are enlarged as squares, never smoothed. Under each
// picture stand its note, its zoomed part and, line by line, the evaluators'
// predictions: a check mark or a cross for right or wrong, the class, of
// synonyms behind commas the first where all are too wide, shortened to the
// width there is, and its confidence in percent.
func PictureGrid(pictures Pictures) (*Figure, error) {
	figure, err := pictures.figure()
	if err != nil {
		return nil, fmt.Errorf("figure %q: %w", pictures.Title, err)
	}
	return figure, nil
}

func (p Pictures) figure() (*Figure, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	g := newPictureLayout(p)
	if g.width < narrowestPicture {
		return nil, fmt.Errorf("%d columns leave %.0f points of width for a picture, %v are needed; split the figure",
			len(p.Columns), float64(g.width), float64(narrowestPicture))
	}
	figure := &Figure{title: p.Title, legend: newLegend(), sheet: &sheet{height: g.height(), draw: g.draw}}
	if len(p.Evaluators) > 0 {
		figure.notes = []string{"Check mark: the true class. Cross: another one. Percentages: confidence."}
	}
	return figure, nil
}

func (p Pictures) check() error {
	if len(p.Columns) == 0 || len(p.Rows) == 0 {
		return fmt.Errorf("no picture to draw: %d columns and %d rows", len(p.Columns), len(p.Rows))
	}
	for _, row := range p.Rows {
		if len(row.Pictures) != len(p.Columns) {
			return fmt.Errorf("row %s: %d pictures for %d columns", row.Label, len(row.Pictures), len(p.Columns))
		}
		if z := row.Zoom; z != (Zoom{}) && !(0 <= z.Left && z.Left < z.Right && z.Right <= 1 && 0 <= z.Top && z.Top < z.Bottom && z.Bottom <= 1) {
			return fmt.Errorf("row %s: zoom %+v is no part of a picture, in shares from 0 to 1", row.Label, z)
		}
		for k, picture := range row.Pictures {
			if err := picture.check(len(p.Evaluators)); err != nil {
				return fmt.Errorf("row %s, column %s: %w", row.Label, p.Columns[k], err)
			}
		}
	}
	return nil
}

func (p Picture) check(evaluators int) error {
	if p.Image != nil && p.Image.Bounds().Empty() {
		return fmt.Errorf("the picture has no pixels")
	}
	if len(p.Predictions) != 0 && len(p.Predictions) != evaluators {
		return fmt.Errorf("%d predictions of %d evaluators", len(p.Predictions), evaluators)
	}
	for _, prediction := range p.Predictions {
		if c := prediction.Confidence; c < 0 || c > 1 {
			return fmt.Errorf("confidence %v of class %s is not in [0,1]", c, prediction.Class)
		}
	}
	return nil
}

// pixels are the zoom's in a picture: at least one.
func (z Zoom) pixels(picture image.Rectangle) image.Rectangle {
	edge := func(share float64, size, from int) int { return from + int(math.Round(share*float64(size))) }
	r := image.Rect(
		edge(z.Left, picture.Dx(), picture.Min.X), edge(z.Top, picture.Dy(), picture.Min.Y),
		edge(z.Right, picture.Dx(), picture.Min.X), edge(z.Bottom, picture.Dy(), picture.Min.Y))
	if r.Dx() == 0 {
		r.Min.X = min(r.Min.X, picture.Max.X-1)
		r.Max.X = r.Min.X + 1
	}
	if r.Dy() == 0 {
		r.Min.Y = min(r.Min.Y, picture.Max.Y-1)
		r.Max.Y = r.Min.Y + 1
	}
	return r
}

// cut copies a part of a picture.
func cut(picture image.Image, part image.Rectangle) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, part.Dx(), part.Dy()))
	for y := range part.Dy() {
		for x := range part.Dx() {
			out.Set(x, y, picture.At(part.Min.X+x, part.Min.Y+y))
		}
	}
	return out
}

// shape is the height over the width.
func shape(r image.Rectangle) vg.Length { return vg.Length(r.Dy()) / vg.Length(r.Dx()) }
