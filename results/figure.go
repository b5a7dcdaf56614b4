package results

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"

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
// legend to their right and remarks below.
type Figure struct {
	title string
	// panels may hold nil where a row is shorter than the others, if there is a
	// dataHeight.
	panels [][]*plot.Plot
	legend plot.Legend
	// bar is the scale of the panels' colours, under the legend; nil without.
	bar *colourBar
	// notes are remarks under the panels, wrapped to the width.
	notes []string
	// dataHeight gives the height of each panel's data area from its width;
	// nil makes each row of panels panelHeight high.
	dataHeight func(width vg.Length) vg.Length
	// sheet is drawn in place of panels; nil for figures that have those.
	sheet *sheet
}

// sheet is what a figure shows that is no grid of plots.
type sheet struct {
	height vg.Length
	draw   func(c draw.Canvas)
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
	return []byte(correctSVG.Replace(out.String())), nil
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

// correctSVG mends what the canvas writes. Viewers without the Liberation
// fonts need to be told of fonts of the same widths, or they fall back to a
// serif. Pictures are PNG, whatever the canvas calls them, and their pixels
// must not be blurred when they are enlarged.
var correctSVG = strings.NewReplacer(
	"font-family:Liberation Sans;", "font-family:Liberation Sans,Arial,Helvetica,sans-serif;",
	"data:image/jpg;base64,", "data:image/png;base64,",
	"<image ", `<image preserveAspectRatio="none" style="image-rendering:pixelated" `,
)

// margin is the white around the figure, gap that between panels and legend.
const (
	margin = vg.Length(4)
	gap    = vg.Length(10)
)

func (f *Figure) size() (width, height vg.Length) {
	above, below := 2*titleSize+2*margin, f.notesHeight()
	switch {
	case f.sheet != nil:
		height = f.sheet.height + above + below
	case f.dataHeight != nil:
		height = f.placed().total() + above + below
	default:
		height = panelHeight*vg.Length(len(f.panels)) + 2*titleSize + below
	}
	_, side := f.sideSize()
	return figureWidth, max(height, side+above+below)
}

// placed are the panels of a figure that has a dataHeight.
func (f *Figure) placed() *placement {
	side, _ := f.sideSize()
	return newPlacement(f.panels, figureWidth-2*margin-side, f.dataHeight)
}

// sideSize is the size of what stands to the right of the panels, with the gap
// before it; zero if there is nothing.
func (f *Figure) sideSize() (width, height vg.Length) {
	if size := f.legend.Rectangle(draw.Canvas{}).Size(); size.X > 0 {
		width, height = size.X, size.Y+titleSize
	}
	if f.bar != nil {
		width, height = max(width, f.bar.width()), height+f.bar.height()
	}
	if width > 0 {
		width += gap
	}
	return width, height
}

func (f *Figure) draw(c draw.Canvas) {
	c.SetColor(white)
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, margin, -margin, margin, -margin)

	title := textStyle(titleSize)
	title.YAlign = draw.YTop
	c.FillText(title, vg.Point{X: c.Min.X, Y: c.Max.Y}, shorten(title, f.title, c.Size().X))
	c = draw.Crop(c, 0, 0, 0, -2*titleSize)
	c = draw.Crop(c, 0, 0, f.drawNotes(c), 0)
	c = draw.Crop(c, 0, -f.drawSide(c), 0, 0)
	switch {
	case f.sheet != nil:
		f.sheet.draw(c)
	case f.dataHeight != nil:
		f.placed().draw(c)
	default:
		f.drawAligned(c)
	}
}

// drawAligned divides the canvas evenly among the panels.
func (f *Figure) drawAligned(c draw.Canvas) {
	tiles := draw.Tiles{Rows: len(f.panels), Cols: len(f.panels[0]), PadX: panelGap, PadY: rowGap}
	for row, canvases := range plot.Align(f.panels, tiles, c) {
		for column, canvas := range canvases {
			f.panels[row][column].Draw(canvas)
		}
	}
}

// drawSide draws the legend and the bar, and returns the width they take.
func (f *Figure) drawSide(c draw.Canvas) vg.Length {
	width, _ := f.sideSize()
	side := draw.Crop(c, c.Size().X-width+gap, 0, 0, -titleSize)
	legend := f.legend
	legend.Top, legend.Left = true, true
	if size := legend.Rectangle(c).Size(); size.X > 0 {
		legend.Draw(side)
		side = draw.Crop(side, 0, 0, 0, -size.Y-titleSize)
	}
	if f.bar != nil {
		f.bar.draw(side)
	}
	return width
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
