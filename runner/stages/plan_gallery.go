package stages

import (
	"fmt"

	"transfera/results"
	"transfera/runner/dag"
)

// trainedProcessor is a P of the experiment with what is known of its cells before they are judged.
type trainedProcessor struct {
	*processor
	cell results.Cell
}

// pictureGallery adds the stage that makes the pictures of figure i: of the first task, source, lambda and seed unless where
// names others.
func pictureGallery(x *experiment, i int) error {
	f := x.Figures[i]
	task, source := figureWhere(f, "task", x.Tasks), figureWhere(f, "source", x.Sources)
	plain, ra := x.plainAndRA(task, source)
	if plain == nil || ra == nil {
		return fmt.Errorf("figure %d shows images that %s loses and %s wins, which needs both methods and a source", i+1, results.MethodPlain, methodRA)
	}
	g := &gallery{env: x.env, images: x.judged[x.Dataset], count: f.Images}
	if g.count == 0 {
		g.count = defaultPictures
	}
	for _, name := range x.EvaluatorsOf(source) {
		r := x.recognizers[name]
		if r == nil || r.architecture.Detects || x.JudgedBy(name) != x.Dataset {
			continue
		}
		before, after := x.recognitionOf(plain, name), x.recognitionOf(ra, name)
		if before == nil || after == nil {
			continue
		}
		g.judges, g.plain, g.ra = append(g.judges, r), append(g.plain, before), append(g.ra, after)
	}
	if g.judges == nil {
		return fmt.Errorf("figure %d needs classifiers as evaluators of dataset %s, and a metric of theirs", i+1, x.Dataset)
	}
	for _, p := range x.trained {
		c := p.cell
		first := c.Method == results.MethodPlain || c.Lambda == results.FormatLambda(x.LambdasFor(task, c.Method)[0])
		if c.Task == task && c.Seed == x.Seeds[0] && (c.Source == "" || c.Source == source) && first {
			g.processors = append(g.processors, p.processor)
		}
	}
	g.Stage = x.plan.Graph.Add(g.stage(fmt.Sprintf("%s by %s", task, source)))
	x.table.galleries[i] = g
	return nil
}

// defaultPictures is how many images a figure shows that does not say.
const defaultPictures = 4

// recognitionOf is the stage in which an evaluator judges a P on the experiment's own dataset; nil if there is none.
func (x *experiment) recognitionOf(p *processor, evaluator string) *dag.Stage {
	for _, t := range x.trained {
		if t.processor != p {
			continue
		}
		for _, e := range x.table.evaluations {
			c := t.cell
			c.Experiment, c.Dataset, c.Evaluator = e.cell.Experiment, x.Dataset, evaluator
			if e.cell == c {
				return e.stage
			}
		}
	}
	return nil
}
