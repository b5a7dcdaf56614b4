package study

import (
	"fmt"
	"math"

	"transfera/results"
)

// Table shows the analysis: three rows per group, one for each answer.
func (a *Analysis) Table() *results.Table {
	t := &results.Table{
		Title: "User study: " + a.title(), Axes: []string{"question", "task", "answer"}, Tested: len(a.Groups),
		Columns: []results.Column{{Metric: "share"}, {Metric: "low"}, {Metric: "high"}, {Metric: "votes"}, {Metric: "p"}, {Metric: "p_holm"}, {Metric: "alpha"}},
	}
	t.Notes = append(t.Notes, fmt.Sprintf("%s against %s; source %s, lambda %s; labels are those of %s", a.Other, a.Base, a.Source, a.Lambda, a.Evaluator), a.Completion())
	for _, metric := range []string{"share", "alpha"} {
		t.Notes = append(t.Notes, metric+": "+results.LookupMetric(metric).Convention)
	}
	for _, g := range a.Groups {
		t.Rows = append(t.Rows, g.row(a.Other, g.Other, true), g.row("no difference", g.None, false), g.row(a.Base, g.Base, false))
	}
	t.Footnotes = a.footnotes()
	return t
}

func (a *Analysis) title() string {
	if a.Title == "" {
		return a.Experiment
	}
	return a.Title
}

// row is one answer of a group; the group's own numbers stand in its first row.
func (g Group) row(answer string, s Share, first bool) results.Row {
	votes := float64(s.Votes)
	row := results.Row{Labels: []string{g.Question, g.Task, answer}, Entries: []results.Entry{
		entry("share", s.Value), entry("low", s.Low), entry("high", s.High), entry("votes", &votes), {}, {}, {},
	}}
	if !first {
		return row
	}
	row.Entries[6] = entry("alpha", g.Alpha)
	if g.Votes > 0 {
		row.Entries[4], row.Entries[5] = entry("p", &g.P), entry("p_holm", &g.PHolm)
		row.Entries[5].Tested, row.Entries[5].PHolm, row.Entries[5].Significant = true, g.PHolm, g.Significant()
	}
	return row
}

func entry(metric string, value *float64) results.Entry {
	if value == nil {
		return results.Entry{}
	}
	return results.Entry{Present: true, Metric: metric, Mean: *value, Half: math.NaN()}
}

func (a *Analysis) footnotes() []string {
	lines := []string{
		"low, high: exact 95 % interval (Clopper-Pearson)",
		fmt.Sprintf("p: exact two-sided sign test of %s against %s, no difference left out; p_holm: corrected over the %d groups; *: below 0.05", a.Other, a.Base, len(a.Groups)),
		"intervals and tests take votes as independent; those of one participant or on one image are not, so read them as a lower bound of the doubt",
	}
	for _, g := range a.Groups {
		if g.Alpha == nil {
			continue
		}
		line := fmt.Sprintf("%s: alpha %.3f", g.describe(), *g.Alpha)
		if g.AlphaLow != nil && g.AlphaHigh != nil {
			line += fmt.Sprintf(" [%.3f, %.3f]", *g.AlphaLow, *g.AlphaHigh)
		}
		line += fmt.Sprintf(" (bootstrap over %d comparisons with two votes or more)", g.Repeated)
		if g.Fleiss != nil {
			line += fmt.Sprintf(", Fleiss' kappa %.3f", *g.Fleiss)
		}
		lines = append(lines, line)
	}
	for _, l := range a.LeftOut {
		lines = append(lines, fmt.Sprintf("%d %s gave no comparison of %s: %s", l.N, plural(l.N, "item", "items"), l.Question, l.Why))
	}
	for _, w := range a.Warnings() {
		lines = append(lines, "Warning: "+w)
	}
	return lines
}
