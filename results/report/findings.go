package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"transfera/results"
)

// significance is the level that gains are judged at.
const significance = 0.05

// Findings are what the tests of one experiment's gains say, in sentences.
type Findings struct {
	// Summary is the most important sentence: the transferred gains' if there
	// are any.
	Summary string
	Groups  []Group
	// Caution says in short what too few seeds leave open, empty for three or more.
	Caution string
	// Notes say what the sentences mean and cannot mean.
	Notes []string
}

// Group is the gains of one metric that answer one question.
type Group struct {
	Title string
	Tally
	// Text counts the group's gains.
	Text string
	// Tasks are the findings of each task, over all methods.
	Tasks []Finding
	// Items are those of each task and method.
	Items []Finding
}

// Finding is the gains of one task, and of one method unless that is empty.
type Finding struct {
	Task, Method string
	Tally
	// Counts is the sentence that counts the gains, Text also gives their sizes.
	Counts, Text string
}

// Find states what gains, those of one experiment, say. A gain is significant
// if its p-value, Holm-corrected over the experiment (gains.csv), is below 5 %;
// one without a p-value was not tested, whatever its size.
func Find(gains []results.Gain) Findings {
	var findings Findings
	type key struct {
		question int
		metric   string
	}
	groups := map[key][]results.Gain{}
	var order []key
	for _, g := range gains {
		k := key{question(g), g.Metric}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], g)
	}
	slices.SortStableFunc(order, func(a, b key) int { return a.question - b.question })
	for _, k := range order {
		findings.Groups = append(findings.Groups, newGroup(questions[k.question], k.metric, groups[k]))
	}
	if len(findings.Groups) == 0 {
		findings.Summary = "No gain over plain was measured here, so nothing is tested."
		return findings
	}
	findings.Summary = findings.Groups[0].Text
	findings.Notes = notes(gains)
	findings.Caution = caution(gains)
	return findings
}

// The questions, in the order of their weight.
const (
	transferred = iota
	own
	quality
)

var questions = map[int]string{
	transferred: "%s, judged by recognizers that took no part in training",
	own:         "%s, judged by the source itself",
	quality:     "%s, the images themselves",
}

func question(g results.Gain) int {
	switch g.Evaluator {
	case "":
		return quality
	case g.Source:
		return own
	}
	return transferred
}

func newGroup(title, metric string, gains []results.Gain) Group {
	group := Group{Title: fmt.Sprintf(title, metric)}
	for _, g := range gains {
		group.add(g)
	}
	group.Text = upperFirst(group.words(metric+" gain over plain", metric+" gains over plain")) + "."
	group.Tasks = split(gains, func(g results.Gain) Finding { return Finding{Task: g.Task} })
	group.Items = split(gains, func(g results.Gain) Finding { return Finding{Task: g.Task, Method: g.Method} })
	return group
}

// split makes a finding of all gains with the same label, in the order of the gains.
func split(gains []results.Gain, label func(results.Gain) Finding) []Finding {
	members := map[Finding][]results.Gain{}
	var order []Finding
	for _, g := range gains {
		k := label(g)
		if members[k] == nil {
			order = append(order, k)
		}
		members[k] = append(members[k], g)
	}
	for i, k := range order {
		for _, g := range members[k] {
			order[i].add(g)
		}
		counts := upperFirst(order[i].words("gain", "gains"))
		order[i].Counts, order[i].Text = counts+".", counts+": "+sizes(members[k])+"."
	}
	return order
}

// sizes gives each gain with its interval, or the extremes of many.
func sizes(gains []results.Gain) string {
	sorted := slices.Clone(gains)
	slices.SortStableFunc(sorted, func(a, b results.Gain) int {
		switch {
		case a.Gain < b.Gain:
			return -1
		case a.Gain > b.Gain:
			return 1
		}
		return 0
	})
	label := distinction(gains)
	one := func(g results.Gain) string { return qualified(size(g), label(g)) }
	if len(gains) > 3 {
		return "from " + one(sorted[0]) + " to " + one(sorted[len(sorted)-1])
	}
	parts := make([]string, len(gains))
	for i, g := range gains {
		parts[i] = one(g)
	}
	return strings.Join(parts, ", ")
}

// distinction names a gain by what differs among several.
func distinction(gains []results.Gain) func(results.Gain) string {
	lambdas := map[string]string{} // of each method, until another turns up
	for _, g := range gains {
		if first, ok := lambdas[g.Method]; ok && first != g.Lambda {
			lambdas[g.Method] = "several"
			continue
		}
		lambdas[g.Method] = g.Lambda
	}
	axes := []struct {
		prefix string
		value  func(results.Gain) string
	}{
		{"", func(g results.Gain) string { return g.Method }},
		{"lambda ", func(g results.Gain) string {
			if lambdas[g.Method] != "several" {
				return "" // the method says it
			}
			return g.Lambda
		}},
		{"source ", func(g results.Gain) string { return g.Source }},
		{"judged by ", func(g results.Gain) string { return g.Evaluator }},
		{"on ", func(g results.Gain) string { return g.Dataset }},
	}
	varied := make([]bool, len(axes))
	for k, axis := range axes {
		varied[k] = slices.ContainsFunc(gains, func(g results.Gain) bool { return axis.value(g) != axis.value(gains[0]) })
	}
	return func(g results.Gain) string {
		var parts []string
		for k, axis := range axes {
			if varied[k] && axis.value(g) != "" {
				parts = append(parts, axis.prefix+axis.value(g))
			}
		}
		return strings.Join(parts, ", ")
	}
}

// size is a gain with its interval and unit, as in "+1.2 points [0.3, 2.1]".
func size(g results.Gain) string {
	text := signed(g.Gain, g.Metric)
	switch unit := results.LookupMetric(g.Metric).Unit; unit {
	case "":
	case "%":
		text += " points"
	default:
		text += " " + unit
	}
	if interval := bounds(g.CILow, g.CIHigh, g.Metric); interval != "" {
		text += " " + interval
	}
	return text
}

// bounds is an interval as printed, empty where there is none.
func bounds(low, high float64, metric string) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return ""
	}
	return fmt.Sprintf("[%s, %s]", number(low, metric), number(high, metric))
}

func caution(gains []results.Gain) string {
	fewest := gains[0].NSeeds
	for _, g := range gains {
		fewest = min(fewest, g.NSeeds)
	}
	switch fewest {
	case 1:
		return "One seed: nothing is said about other training runs."
	case 2:
		return "Two seeds: little is said about other training runs."
	}
	return ""
}

// notes explain the words, and say what the number of seeds allows to say.
func notes(gains []results.Gain) []string {
	tested, fewest, most := 0, math.MaxInt, 0
	for _, g := range gains {
		if !math.IsNaN(g.PHolm) {
			tested++
		}
		fewest, most = min(fewest, g.NSeeds), max(most, g.NSeeds)
	}
	lines := []string{fmt.Sprintf("Significant means p < %g after Holm's correction over the %s of this experiment. "+
		"A table corrects over the gains that it shows, so its marks can differ. "+
		"Intervals are 95 %% and not corrected. What is not significantly different from zero may still be a gain or a loss: "+
		"the test does not tell.", significance, counted(tested, "tested gain", "tested gains"))}
	several := fmt.Sprintf("%d seeds: tests and intervals cover both other training runs and other images.", most)
	switch {
	case most == 1:
		return append(lines, "One seed: tests and intervals cover the choice of images only. They compare these trained networks; "+
			"how another training run would come out, they do not say.")
	case fewest == 1:
		return append(lines, "Some gains rest on one seed: their tests and intervals cover the choice of images only, not other training runs.")
	case fewest < most:
		several = fmt.Sprintf("%d to %d seeds: tests and intervals cover both other training runs and other images.", fewest, most)
	}
	if fewest == 2 {
		several += " Two training runs tell little about others, so only large gains can come out significant."
	}
	return append(lines, several)
}
