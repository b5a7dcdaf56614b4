package results

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Space between panels, besides what their axes take.
const (
	panelGap = vg.Length(12)
	rowGap   = vg.Length(10)
)

// placement is where panels are: data areas of one size in even columns, with
// room for the widest axes of each column and the highest of each row. It does
// what plot.Align does for rows whose axes differ more in height than the rows
// are high.
type placement struct {
	panels        [][]*plot.Plot
	width, height vg.Length // of each data area
	margins       [][]margins
	columns, rows []margins // the largest, column by column and row by row
}

// margins are how far a panel reaches beyond its data.
type margins struct{ left, right, bottom, top vg.Length }

// newPlacement fits panels into a width; dataHeight gives the data areas' height from
// their width.
func newPlacement(panels [][]*plot.Plot, width vg.Length, dataHeight func(vg.Length) vg.Length) *placement {
	pl := &placement{panels: panels, margins: make([][]margins, len(panels))}
	for i, row := range panels {
		pl.margins[i] = make([]margins, len(row))
	}
	pl.width, pl.height = width/vg.Length(len(panels[0])), figureWidth
	// Labels that reach beyond the data do so by an amount that depends a little
	// on its size, so measure again at the size found.
	for range 3 {
		pl.measure()
		free := width - panelGap*vg.Length(len(panels[0])-1)
		for _, m := range pl.columns {
			free -= m.left + m.right
		}
		pl.width = max(1, free/vg.Length(len(panels[0])))
		pl.height = dataHeight(pl.width)
	}
	return pl
}

// measure finds the margins at the present size of data areas.
func (pl *placement) measure() {
	pl.columns, pl.rows = make([]margins, len(pl.panels[0])), make([]margins, len(pl.panels))
	for i, row := range pl.panels {
		for k, p := range row {
			if p == nil {
				continue
			}
			m := pl.margins[i][k]
			whole := vg.Rectangle{Max: vg.Point{X: m.left + pl.width + m.right, Y: m.bottom + pl.height + m.top}}
			data := p.DataCanvas(draw.Canvas{Rectangle: whole})
			m = margins{data.Min.X, whole.Max.X - data.Max.X, data.Min.Y, whole.Max.Y - data.Max.Y}
			pl.margins[i][k] = m
			c, r := &pl.columns[k], &pl.rows[i]
			c.left, c.right = max(c.left, m.left), max(c.right, m.right)
			r.bottom, r.top = max(r.bottom, m.bottom), max(r.top, m.top)
		}
	}
}

// total is the height of all rows.
func (pl *placement) total() vg.Length {
	height := rowGap * vg.Length(len(pl.rows)-1)
	for _, m := range pl.rows {
		height += m.bottom + pl.height + m.top
	}
	return height
}

// draw draws the panels from the top left of c on.
func (pl *placement) draw(c draw.Canvas) {
	y := c.Max.Y
	for i, row := range pl.panels {
		y -= pl.rows[i].top + pl.height
		x := c.Min.X
		for k, p := range row {
			x += pl.columns[k].left
			if m := pl.margins[i][k]; p != nil {
				p.Draw(draw.Canvas{Canvas: c.Canvas, Rectangle: vg.Rectangle{
					Min: vg.Point{X: x - m.left, Y: y - m.bottom},
					Max: vg.Point{X: x + pl.width + m.right, Y: y + pl.height + m.top},
				}})
			}
			x += pl.width + pl.columns[k].right + panelGap
		}
		y -= pl.rows[i].bottom + rowGap
	}
}

// inRows makes panels, across of them in a row; each is told whether it is the
// first of its row and the last of its column, which carry the axes' names.
func inRows(list []func(first, last bool) *plot.Plot, across int) [][]*plot.Plot {
	var rows [][]*plot.Plot
	for start := 0; start < len(list); start += across {
		row := make([]*plot.Plot, across)
		for i, make := range list[start:min(start+across, len(list))] {
			row[i] = make(i == 0, start+i+across >= len(list))
		}
		rows = append(rows, row)
	}
	return rows
}

// squeezed gives data areas their height over width, lower where a single one
// would get taller than a page bears.
func squeezed(aspect float64) func(width vg.Length) vg.Length {
	return func(width vg.Length) vg.Length { return min(width*vg.Length(aspect), 4*vg.Inch) }
}

// across is how many of n panels stand in a row, at most three, so that the
// last row is as full as it can be.
func across(n int) int {
	if n == 4 {
		return 2
	}
	return min(n, 3)
}
