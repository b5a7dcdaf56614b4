package results

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// Distances are how far boundaries are from images and from each other.
type Distances struct {
	Title string
	// Sets has one set per direction and pair of recognizers, in the order of
	// the panels: directions across, pairs down.
	Sets []DistanceSet
	// Linear puts distances on a linear axis from 0 on instead of a logarithmic
	// one.
	Linear bool
}

// DistanceSet is the distances along one kind of direction for one pair.
type DistanceSet struct {
	// Direction is legitimate, adversarial, random or processing.
	Direction string
	// First and Second name the recognizers f1 and f2; directions are f1's.
	First, Second string
	// MinDist is, per image, the distance of f1's boundary, and InterDist
	// |distance of f1's boundary - distance of f2's|, both in L2 of [0,1] pixels
	// and 0 or more: of the images whose rays cross both boundaries, in the same
	// order.
	MinDist, InterDist []float64
	// CensoredFirst and CensoredSecond count the rays that do not cross f1's or
	// f2's boundary up to the maximum, CensoredBoth those of them that cross
	// neither; Skipped counts images without a direction.
	CensoredFirst, CensoredSecond, CensoredBoth, Skipped int
}

// DistanceDistributions draws, per direction and pair of recognizers, how
// MinDist(f1) and InterDist(f1,f2) are distributed (Tramer et al. 2017): for
// each distance the share of images below it, with a glyph at the median. Where
// the curve of InterDist is to the left, boundaries are closer to each other
// than to the images. Shares are of the images whose rays cross both boundaries,
// as in the tables of these distances; each panel states their number and that
// of the censored rays. Panels of one direction share the axis. On the
// logarithmic axis, which starts at the 1 % quantile of what is shown but no
// lower than a thousandth of its largest, curves start at the share of what is
// below.
func DistanceDistributions(distances Distances) (*Figure, error) {
	figure, err := distances.figure()
	if err != nil {
		return nil, fmt.Errorf("figure %q: %w", distances.Title, err)
	}
	return figure, nil
}

func (d Distances) figure() (*Figure, error) {
	var directions, pairs []string
	sets := map[[2]string]DistanceSet{}
	for _, set := range d.Sets {
		if err := set.check(); err != nil {
			return nil, fmt.Errorf("%s, %s: %w", set.Direction, set.pair(), err)
		}
		at := [2]string{set.Direction, set.pair()}
		if _, twice := sets[at]; twice {
			return nil, fmt.Errorf("%s, %s: there are two sets of it", set.Direction, set.pair())
		}
		sets[at] = set
		directions, pairs = appendUnique(directions, set.Direction), appendUnique(pairs, set.pair())
	}
	if len(sets) == 0 {
		return nil, fmt.Errorf("no distances to draw")
	}
	figure := &Figure{title: d.Title, legend: newLegend()}
	addEntry(&figure.legend, "MinDist(f1)", sample{lookOf(0)})
	addEntry(&figure.legend, "InterDist(f1,f2)", sample{lookOf(1)})
	for i, pair := range pairs {
		row := make([]*plot.Plot, len(directions))
		for k, direction := range directions {
			if set, ok := sets[[2]string{direction, pair}]; ok {
				row[k] = d.panel(set, d.span(direction), k == 0, i == len(pairs)-1)
			}
		}
		figure.panels = append(figure.panels, row)
	}
	figure.dataHeight = func(width vg.Length) vg.Length { return max(0.85*vg.Inch, min(1.6*vg.Inch, 0.75*width)) }
	figure.notes = []string{"Share of the n images whose rays cross both boundaries; glyphs at the medians. " +
		"Censored: rays that do not cross the boundary of f1 / of f2 up to the largest distance searched, in no curve."}
	return figure, nil
}

func (s DistanceSet) pair() string { return s.First + " / " + s.Second }

// check refuses what are no distances of pairs of boundaries.
func (s DistanceSet) check() error {
	if len(s.MinDist) != len(s.InterDist) {
		return fmt.Errorf("%d MinDist and %d InterDist; there must be one of each per image", len(s.MinDist), len(s.InterDist))
	}
	for _, v := range slices.Concat(s.MinDist, s.InterDist) {
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return fmt.Errorf("%v is no distance; leave censored and skipped rays out and count them", v)
		}
	}
	if s.CensoredFirst < 0 || s.CensoredSecond < 0 || s.CensoredBoth < 0 || s.Skipped < 0 ||
		s.CensoredBoth > min(s.CensoredFirst, s.CensoredSecond) {
		return fmt.Errorf("the numbers of censored (%d, %d, both %d) and skipped (%d) rays cannot be",
			s.CensoredFirst, s.CensoredSecond, s.CensoredBoth, s.Skipped)
	}
	return nil
}

// statement is what a panel says of its images, in two lines.
func (s DistanceSet) statement() []string {
	images, censored := fmt.Sprintf("n = %d", len(s.MinDist)), fmt.Sprintf("censored %d / %d", s.CensoredFirst, s.CensoredSecond)
	if s.Skipped > 0 {
		images += fmt.Sprintf(", skipped %d", s.Skipped)
	}
	if s.CensoredBoth > 0 {
		censored += fmt.Sprintf(" (both %d)", s.CensoredBoth)
	}
	return []string{images, censored}
}

// span is the range of a direction's axis, the same for all pairs; log10 unless
// the axis is linear.
func (d Distances) span(direction string) (span [2]float64) {
	var all []float64
	for _, set := range d.Sets {
		if set.Direction == direction {
			all = append(append(all, set.MinDist...), set.InterDist...)
		}
	}
	all = slices.DeleteFunc(all, func(v float64) bool { return v == 0 })
	if len(all) == 0 {
		return [2]float64{0, 1} // nothing, or nothing but zeros
	}
	slices.Sort(all)
	last := all[len(all)-1]
	if d.Linear {
		return [2]float64{0, 1.04 * last}
	}
	low := math.Log10(math.Max(all[len(all)/100], last/1000))
	high := math.Log10(last)
	return [2]float64{low - 0.04*(high-low) - 0.02, high + 0.04*(high-low) + 0.02}
}

func (d Distances) panel(set DistanceSet, span [2]float64, first, last bool) *plot.Plot {
	p := newPanel("", "", "")
	titleOverData(p, set.Direction, append([]string{set.pair()}, set.statement()...)...)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = span[0], span[1], 0, 1
	p.X.Padding, p.Y.Padding = 0, 0
	p.Y.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick {
		ticks := []plot.Tick{{Value: 0, Label: "0"}, {Value: 0.5, Label: "0.5"}, {Value: 1, Label: "1"}}
		if !first {
			ticks[0].Label, ticks[1].Label, ticks[2].Label = "", "", ""
		}
		return ticks
	})
	if first {
		p.Y.Label.Text = "share of images"
	}
	if last {
		p.X.Label.Text = "distance [L2]"
	}
	p.X.Tick.Marker = fewTicks(true)
	if !d.Linear {
		p.X.Tick.Marker = plot.TickerFunc(logTicks)
	}
	p.Add(&distribution{set.InterDist, lookOf(1), d.Linear}, &distribution{set.MinDist, lookOf(0), d.Linear})
	p.Add(frame{})
	return p
}
