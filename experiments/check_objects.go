package experiments

import (
	"fmt"
	"math"
	"slices"
)

// objects checks that what finds objects meets datasets with objects, and what names one class per image those with
// classes: recognizers with their own dataset, sources with P's, evaluators with the one that they judge.
func (c *checker) objects() {
	for _, name := range sortedKeys(c.e.Recognizers) {
		if r := c.e.Recognizers[name]; c.mismatched(name, r.Dataset) {
			c.fails(c.mismatch(name, r.Dataset), "name another dataset or another arch", "recognizers", name, "dataset")
		}
	}
	for i, name := range c.e.Sources {
		if c.mismatched(name, c.e.Dataset) {
			c.fails(c.mismatch(name, c.e.Dataset), "the source of a P learns from what P's dataset shows", "sources", i)
		}
	}
	if !c.e.ownEvaluator() {
		for i, name := range c.e.Evaluators {
			if judged := c.e.JudgedBy(name); c.mismatched(name, judged) {
				c.fails(c.mismatch(name, judged), "write evaluation: {dataset: evaluator} to let each evaluator judge its own dataset", "evaluators", i)
			}
		}
	}
	c.classifiersOnly()
	c.judging()
	c.boundary()
	c.study()
}

// boundary checks that boundaries are compared of at least two classifiers of the experiment's own dataset.
func (c *checker) boundary() {
	if c.e.Boundary == nil {
		return
	}
	if steps := c.e.Boundary.Maximum / 0.5; steps != math.Trunc(steps) {
		c.fails(fmt.Sprintf("maximum is %v, which is no multiple of 0.5", c.e.Boundary.Maximum), "boundaries are sought in steps of 0.5", "boundary", "maximum")
	}
	compared := c.e.Compared()
	if len(compared) < 2 {
		c.fails("the boundaries of two recognizers are needed to compare them", "name more sources or evaluators", "boundary")
	}
	for _, name := range compared {
		if c.e.Recognizers[name].Service != nil {
			c.fails(fmt.Sprintf("recognizer %s is a service, whose decision boundary would take thousands of calls for each image", name), "compare networks in an experiment of their own", "boundary")
		} else if finds, known := c.finds(name); known && finds {
			c.fails(fmt.Sprintf("recognizer %s finds objects, and has no decision boundary in the space of images", name), "compare classifiers in an experiment of their own", "boundary")
		} else if judged := c.e.JudgedBy(name); judged != c.e.Dataset {
			c.fails(fmt.Sprintf("recognizer %s judges images of %s, not of %s, on which boundaries would be compared", name, judged, c.e.Dataset), "compare recognizers of one dataset", "boundary")
		}
	}
}

// finds tells whether a recognizer finds objects; known is false for one that has another mistake.
func (c *checker) finds(recognizer string) (objects, known bool) {
	r, named := c.e.Recognizers[recognizer]
	if r.Service != nil {
		return false, named
	}
	kind, known := c.names.Recognizers[r.Arch]
	return kind.Objects, known
}

func (c *checker) mismatched(recognizer, dataset string) bool {
	finds, known := c.finds(recognizer)
	kind, also := c.names.Datasets[c.e.Datasets[dataset].Kind]
	return known && also && finds != kind.Objects
}

func (c *checker) mismatch(recognizer, dataset string) string {
	if finds, _ := c.finds(recognizer); finds {
		return fmt.Sprintf("recognizer %s finds objects, but the images of dataset %s have one class each", recognizer, dataset)
	}
	return fmt.Sprintf("recognizer %s names one class per image, but the images of dataset %s have objects in boxes", recognizer, dataset)
}

// classifiersOnly checks the sources of methods that need classifiers.
func (c *checker) classifiersOnly() {
	for i, name := range c.e.Methods {
		m, _ := c.names.method(name)
		for _, source := range c.e.Sources {
			if finds, _ := c.finds(source); m.NeedsClassifier && finds {
				c.fails(fmt.Sprintf("method %s looks at what a classifier makes of whole images, but source %s finds objects", name, source),
					"leave this method out, or give it an experiment with classifiers as sources", "methods", i)
			}
		}
	}
}

// judging checks that, where recognizers are measured, every evaluator has a metric, and that every metric that needs one has an evaluator.
func (c *checker) judging() {
	measured := func(finds bool) bool {
		return slices.ContainsFunc(c.e.Metrics, func(name string) bool {
			m, known := c.names.metric(name)
			return known && m.NeedsEvaluator && m.Objects == finds
		})
	}
	some := map[bool]bool{}
	for i, name := range c.e.AllEvaluators() {
		finds, known := c.finds(name)
		some[finds] = some[finds] || known
		if known && !measured(finds) && measured(!finds) && !c.e.ownEvaluator() {
			c.fails(fmt.Sprintf("no metric measures what evaluator %s says", name), "add one to metrics: "+list(c.judgedMetrics(finds)), "evaluators", i)
		}
	}
	for i, name := range c.e.Metrics {
		m, known := c.names.metric(name)
		if known && m.NeedsEvaluator && some[!m.Objects] && !some[m.Objects] {
			what := "name a class per image"
			if m.Objects {
				what = "find objects"
			}
			c.fails(fmt.Sprintf("metric %s is of recognizers that %s, and no evaluator does", name, what), "", "metrics", i)
		}
	}
}

// judgedMetrics lists the metrics of recognizers that find objects, or of those that do not.
func (c *checker) judgedMetrics(finds bool) []string {
	var names []string
	for _, m := range c.names.Metrics {
		if m.NeedsEvaluator && m.Objects == finds {
			names = append(names, m.Name)
		}
	}
	return names
}
