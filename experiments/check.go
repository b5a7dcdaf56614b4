package experiments

import (
	"fmt"
	"slices"
	"strings"
)

// checker looks for what no single key shows. It asks the tree, not the decoded
// values, whether something is there, so that one mistake is reported once.
type checker struct {
	*decoder
	e *Experiment
}

func (c *checker) check() {
	c.e.Lambda = c.lambdas(c.e.Lambda)
	for task, settings := range c.e.PerTask {
		if settings.Lambda != nil {
			settings.Lambda = c.lambdas(settings.Lambda)
		}
		c.training(settings.Training, "per_task", task, "training")
		c.e.PerTask[task] = settings
	}
	c.training(c.e.Training, "training")
	for _, name := range sortedKeys(c.e.Recognizers) {
		c.recognizer(name)
	}
	for _, name := range sortedKeys(c.e.Datasets) {
		d := c.e.Datasets[name]
		if kind, ok := c.names.Datasets[d.Kind]; ok && !kind.NeedsPath && d.Path != "" {
			c.fails(fmt.Sprintf("a dataset of kind %s has no path", d.Kind), "its images are generated", "datasets", name, "path")
		}
		if name == ofEvaluator {
			c.fails("a dataset cannot be called evaluator", "evaluation: {dataset: evaluator} means each evaluator's own", "datasets", name)
		}
		if c.e.Datasets[d.PartOf].PartOf != "" {
			c.fails(fmt.Sprintf("dataset %s is a part itself", d.PartOf), fmt.Sprintf("name the whole: part_of: %s", c.e.Datasets[d.PartOf].PartOf), "datasets", name, "part_of")
		}
	}
	if c.incomplete {
		return
	}
	c.methods()
	c.scales()
	c.evaluators()
	c.datasets()
	c.objects()
	c.cluster()
	for i := range c.e.Tables {
		c.table(i)
	}
	for i := range c.e.Figures {
		c.figure(i)
	}
}

// fails reports an error at path.
func (c *checker) fails(summary, detail string, path ...any) {
	d := c.e.At(summary, path...)
	d.Detail = detail
	c.report(d)
}

// warns reports a warning at path.
func (c *checker) warns(summary, detail string, path ...any) {
	d := c.e.At(summary, path...)
	d.Severity, d.Detail = Warning, detail
	c.report(d)
}

// has reports whether something stands at path.
func (c *checker) has(path ...string) bool {
	n := c.root
	for _, key := range path {
		n = n.get(key)
	}
	return n != nil
}

// lambdas fills in the defaults of the methods that the experiment uses.
func (c *checker) lambdas(given map[string][]float64) map[string][]float64 {
	all := map[string][]float64{}
	for _, name := range c.e.Methods {
		if m, ok := c.names.method(name); ok && m.NeedsRecognizer {
			all[name] = []float64{m.DefaultLambda}
		}
	}
	for name, values := range given {
		all[name] = values
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// training checks the recipe t, at path, and completes it.
func (c *checker) training(t *Training, path ...any) {
	if t == nil || c.root.at(path...).sort != mapping {
		return
	}
	at := func(key string) []any { return append(slices.Clone(path), key) }
	switch {
	case t.Steps > 0 && t.Epochs > 0:
		c.fails("both steps and epochs are given", "give one of them; null removes an inherited one", at("epochs")...)
	case !c.incomplete && !c.positive(at("steps")...) && !c.positive(at("epochs")...):
		c.fails("neither steps nor epochs are given", "say how long to train: steps, or epochs", path...)
	}
	c.settings(t, at)
	if t.Precision == "fp32" {
		t.Precision = "" // the default, which keys of stages do not name
	}
	length, unit := t.Steps, "steps"
	switch {
	case t.Steps > 0 && t.Epochs > 0:
		length = 0 // not known
	case t.Epochs > 0:
		length, unit = t.Epochs, "epochs"
	}
	for i, m := range t.Schedule {
		place := append(at("schedule"), i, "after")
		if i > 0 && m.After <= t.Schedule[i-1].After {
			c.fails(fmt.Sprintf("a milestone after %d %s follows one after %d", m.After, unit, t.Schedule[i-1].After), "list milestones in ascending order", place...)
		} else if length > 0 && m.After >= length {
			c.warns(fmt.Sprintf("a milestone after %d %s is never reached", m.After, unit), fmt.Sprintf("the training ends after %d %s", length, unit), place...)
		}
	}
}

// positive reports whether a number other than 0, or something that was meant as one,
// stands at path.
func (c *checker) positive(path ...any) bool {
	n := c.root.at(path[:len(path)-1]...).get(path[len(path)-1].(string))
	x, ok := n.number()
	return n != nil && (!ok || x != 0)
}

// settings checks that the recipe has only its own optimizer's settings.
func (c *checker) settings(t *Training, at func(string) []any) {
	optimizer, ok := c.names.Optimizers[t.Optimizer]
	if !ok {
		return
	}
	for _, s := range []struct {
		key   string
		given bool
	}{{"betas", t.Betas != nil}, {"momentum", t.Momentum != 0}, {"nesterov", t.Nesterov}} {
		if s.given && !slices.Contains(optimizer.Settings, s.key) {
			c.fails(fmt.Sprintf("%s is no setting of %s", s.key, t.Optimizer), fmt.Sprintf("its settings are: %s; null removes an inherited one", list(optimizer.Settings)), at(s.key)...)
		}
	}
	if t.Betas == nil && slices.Contains(optimizer.Settings, "betas") {
		t.Betas = []float64{0.9, 0.999}
	}
	if t.Nesterov && t.Momentum == 0 {
		c.fails("nesterov needs momentum", "give momentum too, such as 0.9", at("nesterov")...)
	}
}

func (c *checker) recognizer(name string) {
	r := c.e.Recognizers[name]
	if r.Service != nil {
		c.service(name)
		return
	}
	if r.Weights == "" && r.Backbone == "" && r.SHA256 != "" {
		c.fails(fmt.Sprintf("recognizer %s has a sha256 but neither weights nor backbone", name), "it is that of a file; null removes an inherited one", "recognizers", name, "sha256")
	}
	if name == ofSource {
		c.fails("a recognizer cannot be called source", "evaluators: source means each source itself", "recognizers", name)
	}
	if r.Train != nil {
		c.training(&r.Train.Training, "recognizers", name, "train")
	}
	if kind, known := c.names.Recognizers[r.Arch]; r.Backbone != "" {
		switch {
		case known && !kind.Objects:
			c.fails(fmt.Sprintf("recognizer %s (%s) names one class per image and has no backbone", name, r.Arch), "only detectors start from one; leave it out", "recognizers", name, "backbone")
		case c.e.BackboneOf(name) != "" && c.names.Recognizers[c.e.Recognizers[r.Backbone].Arch].Objects:
			c.fails(fmt.Sprintf("the backbone of %s is %s, which finds objects itself", name, r.Backbone), "a backbone is a classifier", "recognizers", name, "backbone")
		case r.Weights != "":
			c.fails(fmt.Sprintf("recognizer %s has both weights and backbone", name), "a backbone is what a training starts from; null removes an inherited one", "recognizers", name, "backbone")
		}
	}
	weights, train := c.has("recognizers", name, "weights"), c.has("recognizers", name, "train")
	switch {
	case weights && train:
		c.fails(fmt.Sprintf("recognizer %s has both weights and train", name), "load it or train it; null removes an inherited one", "recognizers", name, "weights")
	case !weights && !train && !c.incomplete:
		c.fails(fmt.Sprintf("recognizer %s has neither weights nor train", name), "name a file of weights, say how to train it, or which service to ask", "recognizers", name)
	}
}

// methods checks that what the methods need is there.
func (c *checker) methods() {
	for i, name := range c.e.Methods {
		m, ok := c.names.method(name)
		if !ok {
			continue
		}
		if m.Trains && !c.has("training") {
			c.fails(fmt.Sprintf("method %s needs training", name), "say how P is trained: training: {learning_rate: 1e-4, batch: 20, epochs: 6}", "methods", i)
		}
		if m.NeedsRecognizer && len(c.e.Sources) == 0 && !c.has("sources") {
			c.fails(fmt.Sprintf("method %s needs sources", name), "name the recognizers that its loss contains", "methods", i)
		}
		for _, task := range c.e.Tasks {
			if m.Trains && c.e.ProcessorFor(task) == "" && !c.has("processor") {
				c.fails(fmt.Sprintf("method %s needs a processor", name), "name one of processors", "methods", i)
			}
			if m.NeedsTransformer && c.e.TransformerFor(task) == "" && !c.has("transformer") {
				c.fails(fmt.Sprintf("method %s needs a transformer", name), "name one of processors", "methods", i)
			}
		}
	}
	if c.has("sources") && c.root.get("sources").sort == sequence && len(c.e.Sources) == 0 && c.needsSource() {
		c.fails("sources is empty", "name the recognizers that the loss contains", "sources")
	}
}

func (c *checker) needsSource() bool {
	return slices.ContainsFunc(c.e.Methods, func(name string) bool {
		m, _ := c.names.method(name)
		return m.NeedsRecognizer
	})
}

// scales checks that each task's processor can enlarge as much as the task asks for,
// and that T, which maps an image to one of its size, need not.
func (c *checker) scales() {
	for i, task := range c.e.Tasks {
		scale := 1
		if s, ok := c.e.Degradations[task].Options["scale"].(int); ok {
			scale = s
		}
		for _, use := range []struct {
			name  string
			scale int
		}{{c.e.ProcessorFor(task), scale}, {c.e.TransformerFor(task), 1}} {
			arch := c.e.Processors[use.name].Arch
			scales := c.names.Processors[arch].Scales
			if scales != nil && !slices.Contains(scales, use.scale) {
				c.fails(fmt.Sprintf("%s (%s) does not enlarge by %d, as task %s needs", use.name, arch, use.scale, task),
					fmt.Sprintf("it enlarges by %s; name another one, for this task under per_task", strings.Trim(fmt.Sprint(scales), "[]")), "tasks", i)
			}
		}
	}
}

func (c *checker) evaluators() {
	if len(c.e.Evaluators) > 1 && slices.Contains(c.e.Evaluators, ofSource) {
		c.fails("evaluators is source, or a list of recognizers", "source means that each source judges its own processors only", "evaluators", slices.Index(c.e.Evaluators, ofSource))
	}
	for i, name := range c.e.Metrics {
		m, ok := c.names.metric(name)
		switch {
		case !ok || !m.NeedsEvaluator:
		case len(c.e.Evaluators) == 0 && (!c.has("evaluators") || c.root.get("evaluators").sort == sequence):
			c.fails(fmt.Sprintf("metric %s needs evaluators", name), "name the recognizers that judge, or write evaluators: source", "metrics", i)
			return
		case c.e.ownEvaluator() && !c.has("sources"):
			c.fails("evaluators: source needs sources", "name the recognizers that judge their own processors", "evaluators")
			return
		}
	}
}

// datasets warns of recognizers that come from another dataset than the images that they see.
func (c *checker) datasets() {
	if c.e.CrossDataset {
		return
	}
	compare := func(role string, names []string, seen func(name string) string) {
		for i, name := range names {
			r, known := c.e.Recognizers[name]
			if _, defined := c.e.Datasets[seen(name)]; known && defined && r.Dataset != "" && r.Dataset != seen(name) {
				c.warns(fmt.Sprintf("recognizer %s is of dataset %s, not %s", name, r.Dataset, seen(name)), "write cross_dataset: true if that is meant", role, i)
			}
		}
	}
	compare("sources", c.e.Sources, func(string) string { return c.e.Dataset })
	compare("evaluators", c.e.Evaluators, c.e.JudgedBy)
}
