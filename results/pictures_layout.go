package results

import (
	"fmt"
	"image"
	"math"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes of a grid of pictures.
const (
	narrowestPicture = vg.Length(48)
	widestPicture    = 1.6 * vg.Inch
	pictureGap       = vg.Length(7)
	lineHeight       = vg.Length(9.5)
	zoomGap          = vg.Length(3)
	markWidth        = vg.Length(9)
)

// zoomFrame marks what is enlarged.
var zoomFrame = draw.LineStyle{Color: palette[4], Width: vg.Points(1.1)}

// pictureLayout is where the parts of a grid of pictures are.
type pictureLayout struct {
	Pictures
	left, width vg.Length // of the names at the left, and of a picture
	rows        []pictureRowLayout
}

// pictureRowLayout is the heights of a row's parts.
type pictureRowLayout struct {
	label         []string
	picture, zoom vg.Length
	notes         vg.Length
	total         vg.Length
}

func newPictureLayout(p Pictures) *pictureLayout {
	g := &pictureLayout{Pictures: p}
	names, labels := textStyle(noteSize), textStyle(tickSize)
	for _, evaluator := range p.Evaluators {
		g.left = max(g.left, min(vg.Inch, names.Width(evaluator)))
	}
	for _, row := range p.Rows {
		g.left = max(g.left, min(0.8*vg.Inch, labels.Width(row.Label)))
	}
	if g.left > 0 {
		g.left += pictureGap
	}
	columns := vg.Length(len(p.Columns))
	g.width = min(widestPicture, (figureWidth-2*margin-g.left-pictureGap*(columns-1))/columns)
	for _, row := range p.Rows {
		g.rows = append(g.rows, g.row(row))
	}
	return g
}

func (g *pictureLayout) row(row PictureRow) pictureRowLayout {
	r := pictureRowLayout{label: wrap(textStyle(tickSize), row.Label, g.left-pictureGap)}
	lines := 0
	for _, p := range row.Pictures {
		if p.Image != nil {
			r.picture = max(r.picture, g.fit(shape(p.Image.Bounds())).Y)
			if row.Zoom != (Zoom{}) {
				r.zoom = max(r.zoom, g.fit(shape(row.Zoom.pixels(p.Image.Bounds()))).Y)
			}
		}
		if p.Note != "" {
			r.notes = lineHeight
		}
		lines = max(lines, len(p.Predictions))
	}
	r.total = r.picture + r.notes + vg.Length(lines)*lineHeight + 3
	if r.zoom > 0 {
		r.total += zoomGap + r.zoom
	}
	r.total = max(r.total, vg.Length(len(r.label))*1.25*tickSize)
	return r
}

// fit is the size of a picture of a shape, not much higher than it is wide.
func (g *pictureLayout) fit(shape vg.Length) vg.Point {
	width := min(g.width, 1.5*g.width/shape)
	return vg.Point{X: width, Y: width * shape}
}

const headHeight = vg.Length(14)

func (g *pictureLayout) height() vg.Length {
	height := headHeight + pictureGap*vg.Length(len(g.rows)-1)
	for _, r := range g.rows {
		height += r.total
	}
	return height
}

// left edge of a column.
func (g *pictureLayout) x(c draw.Canvas, column int) vg.Length {
	return c.Min.X + g.left + vg.Length(column)*(g.width+pictureGap)
}

func (g *pictureLayout) draw(c draw.Canvas) {
	head := textStyle(labelSize)
	head.XAlign = draw.XCenter
	for k, column := range g.Columns {
		at := vg.Point{X: g.x(c, k) + g.width/2, Y: c.Max.Y - labelSize}
		c.FillText(head, at, shorten(head, column, g.width+pictureGap-3))
	}
	top := c.Max.Y - headHeight
	for i, row := range g.Pictures.Rows {
		r := g.rows[i]
		style := textStyle(tickSize)
		style.YAlign = draw.YTop
		for n, line := range r.label {
			c.FillText(style, vg.Point{X: c.Min.X, Y: top - vg.Length(n)*1.25*tickSize}, line)
		}
		judged := false
		for k, p := range row.Pictures {
			g.drawPicture(c, vg.Point{X: g.x(c, k), Y: top}, r, row.Zoom, p)
			judged = judged || len(p.Predictions) > 0
		}
		if judged {
			g.drawNames(c, top, r)
		}
		top -= r.total + pictureGap
	}
}

// line is the base of the n-th line of predictions under a row that starts at
// top.
func (r pictureRowLayout) line(top vg.Length, n int) vg.Length {
	y := top - r.picture - r.notes - vg.Length(n+1)*lineHeight
	if r.zoom > 0 {
		y -= zoomGap + r.zoom
	}
	return y
}

// drawNames writes the evaluators' names beside their lines.
func (g *pictureLayout) drawNames(c draw.Canvas, top vg.Length, r pictureRowLayout) {
	style := textStyle(noteSize)
	for n, evaluator := range g.Evaluators {
		c.FillText(style, vg.Point{X: c.Min.X, Y: r.line(top, n)}, shorten(style, label(evaluator), g.left-pictureGap))
	}
}

// drawPicture draws a picture and all that stands under it; at is the upper left
// corner.
func (g *pictureLayout) drawPicture(c draw.Canvas, at vg.Point, r pictureRowLayout, zoom Zoom, p Picture) {
	style := textStyle(noteSize)
	if p.Image != nil {
		area := g.area(at, p.Image.Bounds())
		drawImage(c, area, p.Image)
		if zoom != (Zoom{}) {
			part := zoom.pixels(p.Image.Bounds())
			outlineHalo(c, within(area, p.Image.Bounds(), part))
			enlarged := g.area(vg.Point{X: at.X, Y: at.Y - r.picture - zoomGap}, part)
			drawImage(c, enlarged, cut(p.Image, part))
			outline(c, enlarged, zoomFrame)
		}
	}
	if p.Note != "" {
		style.XAlign = draw.XCenter
		c.FillText(style, vg.Point{X: at.X + g.width/2, Y: r.line(at.Y, -1)}, shorten(style, p.Note, g.width))
	}
	for n, prediction := range p.Predictions {
		if prediction.Class != "" {
			g.drawPrediction(c, vg.Point{X: at.X, Y: r.line(at.Y, n)}, prediction)
		}
	}
}

// area is where a picture goes, centred in its column below a corner.
func (g *pictureLayout) area(corner vg.Point, picture image.Rectangle) vg.Rectangle {
	size := g.fit(shape(picture))
	low := vg.Point{X: corner.X + (g.width-size.X)/2, Y: corner.Y - size.Y}
	return vg.Rectangle{Min: low, Max: low.Add(size)}
}

// within is where a part of a picture is drawn.
func within(area vg.Rectangle, picture, part image.Rectangle) vg.Rectangle {
	x := func(pixel int) vg.Length {
		return area.Min.X + area.Size().X*vg.Length(pixel-picture.Min.X)/vg.Length(picture.Dx())
	}
	y := func(pixel int) vg.Length {
		return area.Max.Y - area.Size().Y*vg.Length(pixel-picture.Min.Y)/vg.Length(picture.Dy())
	}
	return vg.Rectangle{Min: vg.Point{X: x(part.Min.X), Y: y(part.Max.Y)}, Max: vg.Point{X: x(part.Max.X), Y: y(part.Min.Y)}}
}

// outlineHalo frames a part so that the frame is seen on any picture.
func outlineHalo(c draw.Canvas, area vg.Rectangle) {
	outline(c, area, draw.LineStyle{Color: white, Width: zoomFrame.Width + 1})
	outline(c, area, zoomFrame)
}

// drawPrediction writes one line: the mark, the class and the confidence.
func (g *pictureLayout) drawPrediction(c draw.Canvas, at vg.Point, p Prediction) {
	style := textStyle(noteSize)
	drawMark(c, at, p.Right)
	confidence := ""
	if !math.IsNaN(p.Confidence) {
		confidence = fmt.Sprintf("%.0f %%", 100*p.Confidence)
	}
	room := g.width - markWidth
	if confidence != "" {
		room -= style.Width(confidence) + 4
	}
	class := p.Class
	if first, _, several := strings.Cut(class, ","); several && style.Width(class) > room {
		class = first // the first of synonyms
	}
	c.FillText(style, vg.Point{X: at.X + markWidth, Y: at.Y}, shorten(style, class, room))
	style.XAlign = draw.XRight
	c.FillText(style, vg.Point{X: at.X + g.width, Y: at.Y}, confidence)
}

// drawMark draws a check mark or a cross from the base of a line on.
func drawMark(c draw.Canvas, at vg.Point, right bool) {
	point := func(x, y vg.Length) vg.Point { return vg.Point{X: at.X + x, Y: at.Y + y} }
	if right {
		c.StrokeLines(draw.LineStyle{Color: palette[2], Width: 1.3}, []vg.Point{point(0.7, 2.6), point(2.7, 0.5), point(6.2, 5.3)})
		return
	}
	style := draw.LineStyle{Color: palette[1], Width: 1.3}
	c.StrokeLines(style, []vg.Point{point(1.2, 0.4), point(5.6, 4.8)})
	c.StrokeLines(style, []vg.Point{point(1.2, 4.8), point(5.6, 0.4)})
}
