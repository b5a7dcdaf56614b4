package results

import (
	"bytes"
	"fmt"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"transfera/results/atomicfile"
)

// figureWidth is the width of a page's text in a two-column paper, so that
// fonts keep their size in print; panelHeight is that of one row of panels.
const (
	figureWidth = 6.75 * vg.Inch
	panelHeight = 2.25 * vg.Inch
	resolution  = 200 // dots per inch of the PNG
)

// Figure is a finished figure: a grid of panels under one title, with one
// legend to their right.
type Figure struct {
	title  string
	panels [][]*plot.Plot
	legend plot.Legend
}

// SVG renders the figure as vector graphics with text as text.
func (f *Figure) SVG() ([]byte, error) {
	width, height := f.size()
	canvas := vgsvg.New(width, height)
	f.draw(draw.New(canvas))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, err
	}
	// Viewers without the Liberation fonts need to be told of fonts of the
	// same widths, or they fall back to a serif.
	return bytes.ReplaceAll(out.Bytes(), []byte("font-family:Liberation Sans;"),
		[]byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;")), nil
}

// PNG renders the figure as pixels, at 200 per inch.
func (f *Figure) PNG() ([]byte, error) {
	width, height := f.size()
	canvas := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(resolution))}
	f.draw(draw.New(canvas))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (f *Figure) size() (width, height vg.Length) {
	return figureWidth, panelHeight*vg.Length(len(f.panels)) + 2*titleSize
}

func (f *Figure) draw(c draw.Canvas) {
	c.SetColor(white)
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, 4, -4, 4, -4)

	title := textStyle(titleSize)
	title.YAlign = draw.YTop
	c.FillText(title, vg.Point{X: c.Min.X, Y: c.Max.Y}, f.title)
	c = draw.Crop(c, 0, 0, 0, -2*titleSize)

	legend := f.legend
	legend.Top, legend.Left = true, true
	width := legend.Rectangle(c).Size().X
	legend.Draw(draw.Crop(c, c.Size().X-width, 0, 0, -titleSize))
	c = draw.Crop(c, 0, -width-10, 0, 0)

	tiles := draw.Tiles{Rows: len(f.panels), Cols: len(f.panels[0]), PadX: 12, PadY: 10}
	for row, canvases := range plot.Align(f.panels, tiles, c) {
		for column, canvas := range canvases {
			f.panels[row][column].Draw(canvas)
		}
	}
}

// WriteFigure writes a figure as <name>.svg and .png into a folder, each
// atomically.
func WriteFigure(folder, name string, figure *Figure) error {
	formats := []struct {
		extension string
		render    func() ([]byte, error)
	}{{".svg", figure.SVG}, {".png", figure.PNG}}
	for _, format := range formats {
		data, err := format.render()
		if err != nil {
			return fmt.Errorf("render figure %s%s: %w", name, format.extension, err)
		}
		if err := atomicfile.Write(filepath.Join(folder, name+format.extension), data); err != nil {
			return err
		}
	}
	return nil
}
