package stages

import (
	"transfera/results"
	"transfera/runner/dag"
)

// methodRA is the method whose outputs are compared with those of plain.
const methodRA = "ra"

// comparison is one stage of boundaries with its place in the experiment.
type comparison struct {
	stage *dag.Stage
	// row is what is known of the stage's rows of boundaries.csv: analysis, task, and for distances the direction and, where
	// it is one source's, the source.
	row results.Boundary
}

// boundaries adds the comparisons of the recognizers' boundaries.
func (x *experiment) boundaries() {
	b := &boundaries{env: x.env, spec: *x.Boundary, images: x.judged[x.Dataset]}
	x.table.compared = x.Compared()
	for _, name := range x.table.compared {
		b.compared = append(b.compared, x.recognizers[name])
	}
	add := func(stage *dag.Stage, analysis, task, along, source string) {
		row := results.Boundary{Experiment: x.Name, Analysis: analysis, Task: task, Dataset: x.Dataset, Along: along, Source: source}
		x.table.comparisons = append(x.table.comparisons, comparison{x.plan.Graph.Add(stage), row})
	}
	for _, direction := range []string{legitimateDirection, randomDirection} {
		add(b.distances(direction, 0), results.AnalysisDistance, results.TaskClean, direction, "")
	}
	for i, source := range x.Sources { // which come first among those compared
		add(b.distances(adversarialDirection, i), results.AnalysisDistance, results.TaskClean, adversarialDirection, source)
		for _, task := range x.Tasks {
			if plain, ra := x.plainAndRA(task, source); plain != nil && ra != nil {
				add(b.processed(plain, ra), results.AnalysisDistance, task, processingDirection, source)
			}
		}
	}
	add(b.agreement(), results.AnalysisAgreement, results.TaskClean, "", "")
	add(b.regions(), results.AnalysisRegion, results.TaskClean, "", "")
}

// plainAndRA are the processors of the first seed and lambda; nil where the experiment has none.
func (x *experiment) plainAndRA(task, source string) (plain, ra *processor) {
	for _, p := range x.trained {
		c := p.cell
		switch {
		case c.Task != task || c.Seed != x.Seeds[0]:
		case c.Method == results.MethodPlain:
			plain = p.processor
		case c.Method == methodRA && c.Source == source && c.Lambda == results.FormatLambda(x.LambdasFor(task, methodRA)[0]):
			ra = p.processor
		}
	}
	return plain, ra
}
