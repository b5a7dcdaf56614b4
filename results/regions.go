package results

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg/draw"
)

// Regions are the decision regions of several recognizers in one plane of
// images.
type Regions struct {
	Title string
	// U and V are the coordinates of the grid's columns and rows, evenly spaced
	// and rising; at least two each.
	U, V []float64
	// XLabel and YLabel name the axes with their unit; empty is u and v in RMS
	// grey levels.
	XLabel, YLabel string
	// Maps has one map per recognizer, all on the same grid.
	Maps []RegionMap
	// Classes names the labels 0, 1 ...; labels beyond it go by their number.
	Classes []string
	// Truth is the true label of the image at (0,0).
	Truth int32
	// Named is how many classes, from 1 to 7, have a colour and a place in the
	// legend: the true one and the largest over all maps. The rest are "other".
	// 0 is 7.
	Named int
}

// RegionMap is how one recognizer labels the points of a plane.
type RegionMap struct {
	Recognizer string
	// Labels are row by row: that of (U[c],V[r]) is Labels[r*len(U)+c].
	Labels []int32
}

// regionColours are those of classes, the true one's first: the palette and its
// yellow, lightened so that outlines stand out.
var regionColours = func() (light []color.NRGBA) {
	for _, colour := range append(slices.Clone(palette), yellow) {
		light = append(light, blend(colour, white, 0.25))
	}
	return light
}()

// DecisionRegions draws, after Liu et al. (2017), one panel per recognizer with
// the region of each class in the class's colour, the true class's outlined,
// and one panel with every recognizer's outline of the true class's region. A
// cross marks the image at (0,0), where that is in the plane's part shown.
// Outlines are drawn midway between grid points of different labels.
func DecisionRegions(regions Regions) (*Figure, error) {
	figure, err := regions.figure()
	if err != nil {
		return nil, fmt.Errorf("figure %q: %w", regions.Title, err)
	}
	return figure, nil
}

func (r Regions) figure() (*Figure, error) {
	if r.Named == 0 {
		r.Named = len(regionColours)
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	named, others := r.classes()
	figure := &Figure{title: r.Title, legend: newLegend()}
	for i, class := range named {
		name := r.name(class)
		if class == r.Truth {
			name += " (true)"
		}
		addEntry(&figure.legend, name, swatch{regionColours[i]})
	}
	if others > 0 {
		addEntry(&figure.legend, fmt.Sprintf("other (%d %s)", others, classesWord(others)), swatch{otherColour})
	}
	for i, m := range r.Maps {
		addEntry(&figure.legend, m.Recognizer, stroke{regionLook(i)})
	}
	if r.showsOrigin() {
		addEntry(&figure.legend, "the image", mark{imageMark})
	}
	figure.panels = r.panels(named)
	figure.dataHeight = squeezed(r.spanV() / r.spanU())
	figure.notes = []string{"Outlines are of the true class's region."}
	return figure, nil
}

func classesWord(n int) string {
	if n == 1 {
		return "class"
	}
	return "classes"
}

// check tells what is wrong with the maps.
func (r Regions) check() error {
	if len(r.Maps) == 0 {
		return fmt.Errorf("no recognizer's map to draw")
	}
	if r.Named < 1 || r.Named > len(regionColours) {
		return fmt.Errorf("%d classes to name; there are colours for 1 to %d", r.Named, len(regionColours))
	}
	if r.Truth < 0 {
		return fmt.Errorf("true label %d is negative", r.Truth)
	}
	for i, axis := range [][]float64{r.U, r.V} {
		if !evenlyRising(axis) {
			return fmt.Errorf("the grid's %c is no evenly spaced rising list of two or more numbers", 'u'+i)
		}
	}
	for _, m := range r.Maps {
		if len(m.Labels) != len(r.U)*len(r.V) {
			return fmt.Errorf("%s: %d labels for a grid of %d columns and %d rows", m.Recognizer, len(m.Labels), len(r.U), len(r.V))
		}
		for _, class := range m.Labels {
			if class < 0 {
				return fmt.Errorf("%s: label %d is negative", m.Recognizer, class)
			}
		}
	}
	return nil
}

func evenlyRising(axis []float64) bool {
	if len(axis) < 2 {
		return false
	}
	step := (axis[len(axis)-1] - axis[0]) / float64(len(axis)-1)
	for i, v := range axis {
		if !(step > 0) || math.IsInf(step, 0) || !(math.Abs(v-axis[0]-float64(i)*step) < 1e-3*step) {
			return false
		}
	}
	return true
}

// classes are those that get a colour, the true one first and then by area,
// and how many others there are.
func (r Regions) classes() (named []int32, others int) {
	areas := map[int32]int{r.Truth: 0}
	for _, m := range r.Maps {
		for _, class := range m.Labels {
			areas[class]++
		}
	}
	for class := range areas {
		named = append(named, class)
	}
	slices.SortFunc(named, func(a, b int32) int {
		if (a == r.Truth) != (b == r.Truth) {
			if a == r.Truth {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(areas[b], areas[a]), cmp.Compare(a, b))
	})
	n := min(r.Named, len(named))
	return named[:n], len(named) - n
}

func (r Regions) name(class int32) string {
	if class >= 0 && int(class) < len(r.Classes) && r.Classes[class] != "" {
		return r.Classes[class]
	}
	return fmt.Sprintf("class %d", class)
}

// spanU and spanV are the widths that the grid's points stand for.
func (r Regions) spanU() float64 { return (r.U[1] - r.U[0]) * float64(len(r.U)) }
func (r Regions) spanV() float64 { return (r.V[1] - r.V[0]) * float64(len(r.V)) }

func (r Regions) showsOrigin() bool {
	return r.U[0] <= 0 && 0 <= r.U[len(r.U)-1] && r.V[0] <= 0 && 0 <= r.V[len(r.V)-1]
}

// panels are the recognizers' and that of all outlines.
func (r Regions) panels(named []int32) [][]*plot.Plot {
	var list []func(first, last bool) *plot.Plot
	for _, m := range r.Maps {
		list = append(list, func(first, last bool) *plot.Plot {
			return r.panel(m.Recognizer, first, last, &areas{r, m, named}, &boundary{r, m, regionOutline})
		})
	}
	list = append(list, func(first, last bool) *plot.Plot {
		var lines []plot.Plotter
		for i, m := range r.Maps {
			lines = append(lines, &boundary{r, m, regionLook(i).line})
		}
		return r.panel("all outlines", first, last, lines...)
	})
	return inRows(list, across(len(list)))
}

func (r Regions) panel(title string, first, last bool, layers ...plot.Plotter) *plot.Plot {
	p := newPanel("", "", "")
	titleOverData(p, title)
	if p.X.Label.Text = cmp.Or(r.XLabel, "u [RMS grey levels]"); !last {
		p.X.Label.Text = ""
	}
	if p.Y.Label.Text = cmp.Or(r.YLabel, "v [RMS grey levels]"); !first {
		p.Y.Label.Text = ""
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = fewTicks(true), fewTicks(first)
	p.X.Padding, p.Y.Padding = 0, 0
	p.X.Min, p.X.Max = r.U[0]-r.spanU()/float64(2*len(r.U)), r.U[len(r.U)-1]+r.spanU()/float64(2*len(r.U))
	p.Y.Min, p.Y.Max = r.V[0]-r.spanV()/float64(2*len(r.V)), r.V[len(r.V)-1]+r.spanV()/float64(2*len(r.V))
	p.Add(layers...)
	if r.showsOrigin() {
		p.Add(&origin{imageMark})
	}
	p.Add(frame{})
	return p
}

// regionLook tells outlines apart by colour and dash, without glyphs.
func regionLook(i int) look {
	l := lookOf(i)
	l.glyph = draw.GlyphStyle{}
	return l
}
