package experiments

import (
	"fmt"
	"slices"
)

// Study says which pictures, with what an evaluator says of them, a run leaves for people to compare: the outputs of plain and
// of ra, of the first source, lambda and seed, for every task.
type Study struct {
	// Images per task, evenly over the classes.
	Images int `yaml:"images" doc:"Validation images per task, evenly over the classes." check:">=1" default:"30"`
	// Evaluator whose labels are compared.
	Evaluator string `yaml:"evaluator" doc:"Evaluator whose labels for the pictures are compared." check:"required,of=recognizer"`
	// Labels of the evaluator that are shown, best first.
	Labels int `yaml:"labels" doc:"Labels that are shown of each picture, best first." check:">=1" default:"5"`
}

// study checks that there is something to compare, and somebody who names it.
func (c *checker) study() {
	s := c.e.Study
	if s == nil {
		return
	}
	for _, method := range []string{"plain", "ra"} {
		if !slices.Contains(c.e.Methods, method) {
			c.fails(fmt.Sprintf("a study compares plain and ra, and method %s is not there", method), "add it to methods", "study")
		}
	}
	switch finds, known := c.finds(s.Evaluator); {
	case !known:
	case finds:
		c.fails(fmt.Sprintf("evaluator %s finds objects, and has no list of labels for a picture", s.Evaluator), "name a classifier", "study", "evaluator")
	case !slices.Contains(c.e.AllEvaluators(), s.Evaluator):
		c.fails(fmt.Sprintf("recognizer %s is no evaluator of this experiment", s.Evaluator), "its evaluators are: "+list(c.e.AllEvaluators()), "study", "evaluator")
	case c.e.JudgedBy(s.Evaluator) != c.e.Dataset:
		c.fails(fmt.Sprintf("evaluator %s judges images of %s, not of %s", s.Evaluator, c.e.JudgedBy(s.Evaluator), c.e.Dataset), "name one of the same dataset", "study", "evaluator")
	}
}
