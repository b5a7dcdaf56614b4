package results

import (
	"fmt"
	"slices"
	"strings"

	"transfera/metrics/statistics"
)

// notes are the lines under the title: each metric's convention, and what all
// entries share.
func (b *builder) notes() []string {
	var lines []string
	for _, name := range b.spec.Metrics {
		shown := false
		b.each(func(g *group, _ *Entry) { shown = shown || g.first().Metric == name })
		if convention := LookupMetric(name).Convention; shown && convention != "" {
			lines = append(lines, name+": "+convention)
		}
	}
	if shared := b.shared(); len(shared) > 0 {
		lines = append(lines, strings.Join(shared, "; "))
	}
	return lines
}

// shared lists what the axes do not show, from the data set to the number of
// images.
func (b *builder) shared() []string {
	var parts []string
	for _, axis := range []string{"dataset", "task", "method", "source", "evaluator"} {
		if values := b.values(axis); !b.isAxis(axis) && len(values) > 0 {
			parts = append(parts, plural(axis, len(values))+" "+strings.Join(values, ", "))
		}
	}
	if lambdas := b.lambdas(); !b.isAxis("lambda") && len(lambdas) > 0 {
		parts = append(parts, "lambda of "+strings.Join(lambdas, ", "))
	}
	if seeds := b.values("seed"); !b.isAxis("seed") && len(seeds) > 0 {
		parts = append(parts, plural("seed", len(seeds))+" "+strings.Join(seeds, ", "))
	}
	return append(parts, b.images()...)
}

func (b *builder) isAxis(axis string) bool {
	return b.spec.columnAxis() == axis || slices.Contains(b.spec.Rows, axis)
}

// values are the distinct values of an axis among all cells shown, sorted. The
// seeds of method none are not counted: it trains nothing.
func (b *builder) values(axis string) []string {
	var values []string
	b.each(func(g *group, _ *Entry) {
		for _, c := range g.cells {
			if axis == "seed" && c.Method == MethodNone {
				continue
			}
			values = appendNew(values, c.axis(axis))
		}
	})
	slices.SortFunc(values, func(x, y string) int { return compareOn(axis, b.spec.order(axis), x, y) })
	return values
}

// lambdas lists the lambda of each method that has one, with the task where a
// method's lambda depends on it.
func (b *builder) lambdas() []string {
	var lines []string
	for _, method := range b.values("method") {
		var tasks, lambdas, pairs []string
		b.each(func(g *group, _ *Entry) {
			if c := g.first(); c.Method == method && method != MethodPlain && c.Lambda != "" {
				tasks = appendNew(tasks, c.Task)
				lambdas = appendNew(lambdas, c.Lambda)
				pairs = appendNew(pairs, c.Lambda+" ("+c.Task+")")
			}
		})
		switch {
		case len(lambdas) == 1:
			lines = append(lines, method+" "+lambdas[0])
		case len(lambdas) > 1:
			lines = append(lines, method+" "+strings.Join(pairs, " "))
		}
	}
	return lines
}

// images says how many images the numbers rest on.
func (b *builder) images() []string {
	fewest, most := 0, 0
	b.each(func(g *group, _ *Entry) {
		for _, c := range g.cells {
			if fewest == 0 || c.N < fewest {
				fewest = c.N
			}
			most = max(most, c.N)
		}
	})
	switch {
	case most == 0:
		return nil
	case fewest == most:
		return []string{fmt.Sprintf("%d images", most)}
	}
	return []string{fmt.Sprintf("%d to %d images", fewest, most)}
}

func plural(noun string, n int) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

// footnotes explain the marks, name sources, and end with the warnings.
func (b *builder) footnotes(cells []Cell, given []string) []string {
	var lines []string
	if interval := b.intervalNote(); interval != "" {
		lines = append(lines, interval)
	}
	if b.tested > 0 {
		lines = append(lines, fmt.Sprintf("*: gain over plain significant at 5 %% (%s; Holm-corrected over the %d %s of this table)",
			strings.Join(b.tests, ", "), b.tested, plural("gain", b.tested)))
	}
	if slices.ContainsFunc(b.table.Rows, func(r Row) bool {
		return slices.ContainsFunc(r.Entries, func(e Entry) bool { return !e.Present })
	}) {
		lines = append(lines, missing+": no number")
	}
	lines = append(lines, b.cleanNotes(cells)...)
	for _, reference := range b.references {
		lines = append(lines, "published: "+reference)
	}
	lines = append(lines, given...)
	for _, w := range append(b.seedWarnings(), b.warnings...) {
		lines = append(lines, "Warning: "+w)
	}
	return lines
}

// intervalNote says what the numbers behind the plus-minus signs cover.
func (b *builder) intervalNote() string {
	var kinds []string
	for _, kind := range []coverage{coversBoth, coversSeeds, coversImages} {
		found := false
		b.each(func(g *group, _ *Entry) { found = found || g.coverage == kind })
		if found {
			kinds = append(kinds, kind.String())
		}
	}
	if len(kinds) == 0 {
		return ""
	}
	return fmt.Sprintf("±: half of the %g %% confidence interval over %s", 100*statistics.Level,
		strings.Join(kinds, ", or over "))
}

// seedWarnings tell where fewer than three seeds leave the seeds uncovered.
func (b *builder) seedWarnings() []string {
	fewest := 0
	b.each(func(g *group, _ *Entry) {
		if n := len(g.cells); g.first().Method != MethodNone && n < 3 && (fewest == 0 || n < fewest) {
			fewest = n
		}
	})
	if fewest == 0 || b.isAxis("seed") {
		return nil
	}
	return []string{fmt.Sprintf("%d %s: no interval over seeds, ± is over images only", fewest, plural("seed", fewest))}
}

// cleanNotes give each recognizer's number on the images before degradation,
// for every metric shown.
func (b *builder) cleanNotes(cells []Cell) []string {
	var lines []string
	datasets := b.values("dataset")
	for _, metric := range b.spec.Metrics {
		var parts []string
		for _, dataset := range datasets {
			for _, evaluator := range b.values("evaluator") {
				mean, ok := b.clean(cells, metric, dataset, evaluator)
				if !ok {
					continue
				}
				text := evaluator + " " + mean
				if len(datasets) > 1 {
					text += " (" + dataset + ")"
				}
				parts = append(parts, text)
			}
		}
		if len(parts) > 0 {
			lines = append(lines, fmt.Sprintf("on clean images, %s: %s", LookupMetric(metric).Label(), strings.Join(parts, ", ")))
		}
	}
	return lines
}

// clean is one recognizer's number on clean images, if any, as printed. It
// does not depend on the experiment.
func (b *builder) clean(cells []Cell, metric, dataset, evaluator string) (string, bool) {
	var found []Cell
	for _, c := range cells {
		if c.Task == TaskClean && c.Metric == metric && c.Dataset == dataset && c.Evaluator == evaluator {
			c.Experiment = ""
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		return "", false
	}
	g, err := newGroup(found)
	if err != nil {
		return "", false
	}
	e := g.entry()
	return e.MeanText(), e.Present
}
