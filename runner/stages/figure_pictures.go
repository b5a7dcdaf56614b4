package stages

import (
	"fmt"
	"image"
	"image/color"
	"slices"

	"transfera/models/weights"
	"transfera/results"
)

// pictureGrid draws what a gallery made. Where its rule finds no image, the grid says so.
func pictureGrid(t *table, i int, _ drawn) (*results.Figure, error) {
	g := t.galleries[i]
	all, pictures, err := readGallery(t.env.Store.File(g.Key, galleryFile))
	if err != nil {
		return nil, err
	}
	grid := results.Pictures{Title: t.title(t.experiment.Figures[i].Title), Columns: []string{"input"}}
	for _, p := range g.processors {
		grid.Columns = append(grid.Columns, p.method.Name)
	}
	grid.Columns = append(grid.Columns, "target")
	for _, r := range g.judges {
		grid.Evaluators = append(grid.Evaluators, r.name)
	}
	classes := g.images.Classes()
	for k, one := range all.Images {
		row := results.PictureRow{Label: classes[one.Label], Zoom: g.zoom(pictures, k)}
		for c, answers := range one.Answers {
			picture := results.Picture{Image: picture(pictures, k, c)}
			if c < len(one.Answers)-1 {
				picture.Note = fmt.Sprintf("%.1f dB", one.PSNR[c])
			}
			for _, a := range answers {
				picture.Predictions = append(picture.Predictions, results.Prediction{Class: classes[a.Class], Confidence: a.Confidence, Right: int64(a.Class) == one.Label})
			}
			row.Pictures = append(row.Pictures, picture)
		}
		grid.Rows = append(grid.Rows, row)
	}
	if grid.Rows == nil {
		grid.Rows = []results.PictureRow{{Label: "there is no such image", Pictures: make([]results.Picture, len(grid.Columns))}}
	}
	return results.PictureGrid(grid)
}

// picture is one of the pictures (images,columns,3,H,W).
func picture(pictures weights.Tensor, k, c int) image.Image {
	high, wide := int(pictures.Shape[3]), int(pictures.Shape[4])
	values, plane := pixels(pictures, k, c), high*wide
	m := image.NewRGBA(image.Rect(0, 0, wide, high))
	for i := range plane {
		m.Set(i%wide, i/wide, color.RGBA{values[i], values[plane+i], values[2*plane+i], 255})
	}
	return m
}

func pixels(pictures weights.Tensor, k, c int) []byte {
	size := 3 * int(pictures.Shape[3]*pictures.Shape[4])
	at := k*int(pictures.Shape[1]) + c
	return pictures.Data[at*size : (at+1)*size]
}

// A part of a picture is enlarged where sides have zoomable pixels or more: a quarter of each side, on a grid of eighths.
const zoomable, zoomGrid, zoomSteps = 96, 8, 2

// zoom is the part of image k in which the outputs of plain and ra differ most; none of small pictures.
func (g *gallery) zoom(pictures weights.Tensor, k int) results.Zoom {
	high, wide := int(pictures.Shape[3]), int(pictures.Shape[4])
	if min(high, wide) < zoomable {
		return results.Zoom{}
	}
	column := func(method string) []byte {
		return pixels(pictures, k, 1+slices.IndexFunc(g.processors, func(p *processor) bool { return p.method.Name == method }))
	}
	plain, ra := column(results.MethodPlain), column(methodRA)
	var blocks [zoomGrid][zoomGrid]int // squared differences
	for i := range plain {
		y, x := i/wide%high, i%wide
		d := int(plain[i]) - int(ra[i])
		blocks[y*zoomGrid/high][x*zoomGrid/wide] += d * d
	}
	best, zoom := -1, results.Zoom{}
	for y := range zoomGrid - zoomSteps + 1 {
		for x := range zoomGrid - zoomSteps + 1 {
			sum := 0
			for dy := range zoomSteps {
				for dx := range zoomSteps {
					sum += blocks[y+dy][x+dx]
				}
			}
			if sum > best {
				best = sum
				zoom = results.Zoom{
					Left: float64(x) / zoomGrid, Top: float64(y) / zoomGrid,
					Right: float64(x+zoomSteps) / zoomGrid, Bottom: float64(y+zoomSteps) / zoomGrid,
				}
			}
		}
	}
	return zoom
}
