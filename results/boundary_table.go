package results

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// BoundaryTable is a table of boundaries with the name that its files have behind the experiment's.
type BoundaryTable struct {
	Suffix string
	*Table
}

// boundaryLayout is one table: the rows of an analysis, one line per place and one column per measure.
type boundaryLayout struct {
	suffix, title string
	axes          []string
	place         func(Boundary) []string
	analyses      []string
	measures      []string
	footnotes     []string
	// counted says that columns count what the rows' warnings are about, which boundaries.csv keeps.
	counted bool
}

// boundaryLayouts are the tables of an experiment that compares boundaries.
var boundaryLayouts = []boundaryLayout{
	{
		suffix: "distances", title: "Distances of decision boundaries", axes: []string{"task", "direction", "source", "evaluator"},
		place:    func(b Boundary) []string { return []string{b.Task, b.Along, b.Source, b.Evaluator} },
		analyses: []string{AnalysisDistance},
		measures: []string{"min_dist", "median_min_dist", "inter_dist", "ratio", "inter_less_min", "n", "censored_source", "censored_evaluator", "skipped"},
		footnotes: []string{
			"*: the interval of inter_less_min lies below 0: the two boundaries are closer to each other than to the images",
			"rays that miss a boundary are left out of all distances, which makes these too small where many are censored",
		},
		counted: true,
	},
	{
		suffix: "regions", title: "Agreement of decision regions", axes: []string{"recognizer", "other"},
		place:    func(b Boundary) []string { return []string{b.Source, b.Evaluator} },
		analyses: []string{AnalysisAgreement, AnalysisRegion},
		measures: []string{"score", "kappa", "n", "iou"},
	},
	{
		suffix: "explanation", title: "Similarity of boundaries and transferred gain", axes: []string{"similarity", "task"},
		place:     func(b Boundary) []string { return []string{b.Along, cmp.Or(b.Task, "all")} },
		analyses:  []string{AnalysisExplanation},
		measures:  []string{"spearman", "p", "n"},
		footnotes: []string{"pairs that share a source or an evaluator are not independent: the intervals are too narrow"},
	},
}

// BoundaryTables lays out the rows of one experiment, in their order; an analysis without rows has no table.
func BoundaryTables(title string, rows []Boundary) []BoundaryTable {
	var tables []BoundaryTable
	for _, layout := range boundaryLayouts {
		if table := layout.build(title, rows); table != nil {
			table.Notes = append(table.Notes, sampleNotes(rows)...)
			tables = append(tables, BoundaryTable{layout.suffix, table})
		}
	}
	return tables
}

// sampleNotes say on which images everything was compared.
func sampleNotes(rows []Boundary) []string {
	var notes []string
	for _, b := range rows {
		if b.Analysis == AnalysisSample {
			notes = append(notes, fmt.Sprintf("on %d images of %s that all these recognizers classify correctly; %.0f of the %d looked at were dropped",
				b.N-int(b.Value), b.Dataset, b.Value, b.N))
		}
	}
	return notes
}

// BoundarySuffixes are those of all tables that BoundaryTables may return.
func BoundarySuffixes() []string {
	var suffixes []string
	for _, layout := range boundaryLayouts {
		suffixes = append(suffixes, layout.suffix)
	}
	return suffixes
}

func (l boundaryLayout) build(title string, rows []Boundary) *Table {
	t := &Table{Title: title + ": " + l.title, Axes: l.axes}
	var warnings []string
	warned := map[string]int{} // rows
	lines := map[string]int{}
	for _, b := range rows {
		if !slices.Contains(l.analyses, b.Analysis) {
			continue
		}
		place := l.place(b)
		key := strings.Join(place, "\x00")
		line, known := lines[key]
		if !known {
			line = len(t.Rows)
			lines[key] = line
			t.Rows = append(t.Rows, Row{Labels: place, Entries: make([]Entry, len(l.measures))})
		}
		entries := t.Rows[line].Entries
		if at := slices.Index(l.measures, b.Measure); at >= 0 {
			entries[at] = b.entry()
		}
		if at := slices.Index(l.measures, "n"); at >= 0 && b.Measure == l.measures[0] {
			entries[at] = Entry{Present: true, Metric: "n", Mean: float64(b.N), Half: math.NaN()}
		}
		if l.counted || known {
			continue
		}
		for _, w := range b.Warnings {
			if warned[w]++; warned[w] == 1 {
				warnings = append(warnings, w)
			}
		}
	}
	if t.Rows == nil {
		return nil
	}
	for _, measure := range l.measures {
		t.Columns = append(t.Columns, Column{Metric: measure})
		if convention := LookupMetric(measure).Convention; convention != "" {
			t.Notes = append(t.Notes, measure+": "+convention)
		}
	}
	t.Footnotes = append(t.Footnotes, "±: half of the 95 % confidence interval")
	t.Footnotes = append(t.Footnotes, l.footnotes...)
	for _, w := range warnings {
		t.Footnotes = append(t.Footnotes, fmt.Sprintf("Warning: %s (rows like that: %d)", w, warned[w]))
	}
	return t
}

// entry is the row's number; NaN is an empty place.
func (b Boundary) entry() Entry {
	e := Entry{
		Present: !math.IsNaN(b.Value), Metric: b.Measure, Mean: b.Value, Half: (b.CIHigh - b.CILow) / 2, Key: b.Key,
		Place: Place{Experiment: b.Experiment, Task: b.Task, Source: b.Source, Evaluator: b.Evaluator, Dataset: b.Dataset, Metric: b.Measure},
	}
	e.Significant = b.Measure == "inter_less_min" && b.CIHigh < 0
	return e
}
