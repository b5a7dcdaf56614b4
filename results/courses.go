package results

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// Courses are how terms of losses developed in training.
type Courses struct {
	Title string
	// Series has one series per run and term, in any order; panels and runs
	// come in the order of their first series.
	Series []CourseSeries
	// Window is how many neighbouring values are averaged: an odd number, no
	// more than any series has; 1 draws the values themselves and 0 takes about
	// a fiftieth of the longest series.
	Window int
	// Logarithmic puts values on a logarithmic axis, which has no place for
	// values of 0 or less: those are left out, and counted below the panels.
	Logarithmic bool
}

// CourseSeries is one term of one run: a column of course.csv.
type CourseSeries struct {
	Run, Term string
	// Steps rise; the values are those of these steps, NaN where the run had no
	// such term.
	Steps  []int
	Values []float64
}

// TrainingCurves draws one panel per term with one line per run. A line is the
// arithmetic mean of the values in a window centred on each step, so that it
// does not lag; it starts and ends half a window from the ends, where the window
// is full. Where values are missing (NaN) the line is interrupted and means are
// of those there are. Faintly behind each line are all of its values; where
// there are more than print can tell apart, as their range.
func TrainingCurves(courses Courses) (*Figure, error) {
	figure, err := courses.figure()
	if err != nil {
		return nil, fmt.Errorf("figure %q: %w", courses.Title, err)
	}
	return figure, nil
}

func (c Courses) figure() (*Figure, error) {
	var terms, runs []string
	longest, shortest := 0, math.MaxInt
	for i, s := range c.Series {
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("run %s, term %s: %w", s.Run, s.Term, err)
		}
		if slices.ContainsFunc(c.Series[:i], func(o CourseSeries) bool { return o.Run == s.Run && o.Term == s.Term }) {
			return nil, fmt.Errorf("run %s has two series of term %s", s.Run, s.Term)
		}
		terms, runs = appendUnique(terms, s.Term), appendUnique(runs, s.Run)
		longest, shortest = max(longest, len(s.Values)), min(shortest, len(s.Values))
	}
	if len(terms) == 0 {
		return nil, fmt.Errorf("no course of training to draw")
	}
	if c.Window == 0 {
		c.Window = min(longest/100, max(0, shortest-1)/2)*2 + 1
	}
	if c.Window > max(1, shortest) {
		return nil, fmt.Errorf("window of %d values is wider than a series of %d", c.Window, shortest)
	}
	if c.Window < 1 || c.Window%2 == 0 {
		return nil, fmt.Errorf("window of %d values has no middle; choose an odd number from 1 on", c.Window)
	}
	figure := &Figure{title: c.Title, legend: newLegend()}
	for i, run := range runs {
		addEntry(&figure.legend, run, stroke{lookOf(i)})
	}
	var list []func(first, last bool) *plot.Plot
	for _, term := range terms {
		lines, ok := c.lines(term, runs)
		if !ok {
			return nil, fmt.Errorf("term %s has no value to draw", term)
		}
		list = append(list, func(_, last bool) *plot.Plot { return c.panel(term, lines, last) })
	}
	figure.panels = inRows(list, across(len(list)))
	figure.dataHeight = func(width vg.Length) vg.Length { return max(1.2*vg.Inch, min(2.6*vg.Inch, 0.65*width)) }
	figure.notes = c.notes()
	return figure, nil
}

func (s CourseSeries) check() error {
	if len(s.Steps) != len(s.Values) {
		return fmt.Errorf("%d steps with %d values", len(s.Steps), len(s.Values))
	}
	for i, v := range s.Values {
		if i > 0 && s.Steps[i] <= s.Steps[i-1] {
			return fmt.Errorf("step %d follows step %d; steps must rise", s.Steps[i], s.Steps[i-1])
		}
		if math.IsInf(v, 0) {
			return fmt.Errorf("the value of step %d is infinite", s.Steps[i])
		}
	}
	return nil
}

func (c Courses) notes() []string {
	text := "Lines are the values themselves."
	if c.Window > 1 {
		text = fmt.Sprintf("Lines: mean of %d values centred on each step; faint: all values.", c.Window)
	}
	if c.Logarithmic {
		left := 0
		for _, s := range c.Series {
			for _, v := range s.Values {
				if v <= 0 {
					left++
				}
			}
		}
		if left > 0 {
			text += fmt.Sprintf(" %d %s of 0 or less, which the axis cannot show, left out.", left, plural("value", left))
		}
	}
	return []string{text}
}

// course is what is drawn of one run.
type course struct {
	look   look
	steps  []int
	values []float64 // as measured
	smooth []float64
}

// lines are the courses of a term, in the runs' order; ok is false where none
// has a value.
func (c Courses) lines(term string, runs []string) (lines []course, ok bool) {
	for i, run := range runs {
		for _, s := range c.Series {
			if s.Term != term || s.Run != run {
				continue
			}
			values := slices.Clone(s.Values)
			for k, v := range values {
				if c.Logarithmic && v <= 0 {
					values[k] = math.NaN()
				}
				ok = ok || !math.IsNaN(values[k])
			}
			lines = append(lines, course{lookOf(i), s.Steps, values, centredMeans(values, c.Window)})
		}
	}
	return lines, ok
}

// centredMeans are the means of the values in the window around each place, NaN
// where the place itself has no value or the window reaches beyond the ends.
func centredMeans(values []float64, window int) []float64 {
	sums, counts := make([]float64, len(values)+1), make([]int, len(values)+1)
	for i, v := range values {
		sums[i+1], counts[i+1] = sums[i], counts[i]
		if !math.IsNaN(v) {
			sums[i+1], counts[i+1] = sums[i]+v, counts[i]+1
		}
	}
	means := make([]float64, len(values))
	for i, v := range values {
		from, to := i-window/2, i+window/2+1
		switch {
		case window == 1:
			means[i] = v
		case from < 0 || to > len(values) || math.IsNaN(v):
			means[i] = math.NaN()
		default:
			means[i] = (sums[to] - sums[from]) / float64(counts[to]-counts[from])
		}
	}
	return means
}
