package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"transfera/results"
)

// BoundaryFindings are what the comparisons of boundaries of one experiment say, one sentence each: per direction, for how many
// pairs the claim holds that two boundaries are closer to each other than to the images; and per measure of similarity,
// whether similar recognizers gain more.
func BoundaryFindings(rows []results.Boundary) []string {
	return append(closeness(rows), explanation(rows)...)
}

// closeness counts the pairs of each direction and task by where the interval of InterDist - MinDist lies.
func closeness(rows []results.Boundary) []string {
	type question struct{ along, task string }
	pairs := map[question][]results.Boundary{}
	var order []question
	for _, r := range rows {
		if r.Analysis != results.AnalysisDistance || r.Measure != "inter_less_min" {
			continue
		}
		q := question{r.Along, r.Task}
		if pairs[q] == nil {
			order = append(order, q)
		}
		pairs[q] = append(pairs[q], r)
	}
	var sentences []string
	for _, q := range order {
		var holds, open, reverse, unmeasured int
		for _, r := range pairs[q] {
			switch {
			case math.IsNaN(r.CILow):
				unmeasured++
			case r.CIHigh < 0:
				holds++
			case r.CILow > 0:
				reverse++
			default:
				open++
			}
		}
		where := q.along + " directions"
		if q.task != results.TaskClean {
			where += ", " + q.task
		}
		total := counted(len(pairs[q]), "pair", "pairs")
		sentence := fmt.Sprintf("%s: the boundaries are closer to each other than to the images for %d of %s", upperFirst(where), holds, total)
		var rest []string
		for _, other := range []struct {
			n    int
			what string
		}{{open, "undecided"}, {reverse, "farther from each other than from the images"}, {unmeasured, "not measured"}} {
			if other.n > 0 {
				rest = append(rest, fmt.Sprintf("%d %s", other.n, other.what))
			}
		}
		if rest != nil {
			sentence += "; " + strings.Join(rest, ", ")
		}
		sentences = append(sentences, sentence+".")
	}
	return sentences
}

// explanation says of each similarity over all tasks what its rank correlation with the transferred gain is.
func explanation(rows []results.Boundary) []string {
	var sentences []string
	for _, r := range rows {
		if r.Analysis != results.AnalysisExplanation || r.Measure != "spearman" || r.Task != "" {
			continue
		}
		sentence := fmt.Sprintf("Transferred gain and %s: ", r.Along)
		interval := bounds(r.CILow, r.CIHigh, r.Measure)
		switch {
		case math.IsNaN(r.Value) || interval == "":
			sentence += fmt.Sprintf("%s say nothing about their relation", counted(r.N, "pair", "pairs"))
		case r.CILow > 0:
			sentence += fmt.Sprintf("similar recognizers gain more, rank correlation %s %s over %d pairs", number(r.Value, r.Measure), interval, r.N)
		case r.CIHigh < 0:
			sentence += fmt.Sprintf("similar recognizers gain less, rank correlation %s %s over %d pairs", number(r.Value, r.Measure), interval, r.N)
		default:
			sentence += fmt.Sprintf("no relation shows, rank correlation %s %s over %d pairs", number(r.Value, r.Measure), interval, r.N)
		}
		sentences = append(sentences, sentence+".")
	}
	if sentences != nil {
		sentences = append(sentences, "Pairs that share a source or an evaluator are not independent, so these intervals are too narrow.")
	}
	return sentences
}

// boundariesOf are the rows of an experiment.
func boundariesOf(rows []results.Boundary, experiment string) []results.Boundary {
	return slices.DeleteFunc(slices.Clone(rows), func(r results.Boundary) bool { return r.Experiment != experiment })
}
