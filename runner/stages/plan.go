package stages

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"transfera/experiments"
	"transfera/metrics"
	"transfera/results"
	"transfera/runner/dag"
	"transfera/runner/methods"
)

// Plan is the stages that a suite comes to.
type Plan struct {
	Graph *dag.Graph
	// Tables are the table stages, one per experiment in the suite's order.
	Tables []*dag.Stage
	// Studies are the stages that leave what people compare.
	Studies []Study
	// Sources are the splits of datasets that the plan reads, and Warnings what is missing from them.
	Sources  []results.DataSource
	Warnings []string
	// Recognizers are the suite's recognizers.
	Recognizers []PlannedRecognizer
}

// PlannedRecognizer is one R of a plan with the stages that say what it is worth.
type PlannedRecognizer struct {
	Name string
	Spec experiments.Recognizer
	// Stage leaves its weights; nil for a service.
	Stage *dag.Stage
	// Clean judges the undegraded images of Dataset.
	Clean   *dag.Stage
	Dataset string
}

// Study is the stage of an experiment's study.
type Study struct {
	Experiment string
	Stage      *dag.Stage
}

// planner makes a plan; its maps share what experiments have in common.
type planner struct {
	ctx      context.Context
	env      *Environment
	plan     *Plan
	sources  *sources
	pictures map[string]*pictures
}

// New plans a suite. Opening the datasets and reading the recognizers' files may take time, hence the context. What is
// wrong with them is an error.
func New(ctx context.Context, suite *experiments.Suite, env *Environment) (*Plan, error) {
	p := &planner{
		ctx: ctx, env: env, plan: &Plan{Graph: &dag.Graph{}}, sources: newSources(ctx, env), pictures: map[string]*pictures{},
	}
	for _, e := range suite.Experiments {
		if err := p.experiment(e); err != nil {
			return nil, fmt.Errorf("%s: %w", e.File, err)
		}
	}
	p.plan.Sources, p.plan.Warnings = p.sources.used, p.sources.warnings
	return p.plan, nil
}

// experiment adds one experiment's stages.
func (p *planner) experiment(e *experiments.Experiment) error {
	x := &experiment{
		planner: p, Experiment: e, judged: map[string]*split{}, recognizers: map[string]*recognizer{}, services: map[string]*service{},
		table: &table{env: p.env, experiment: e, courses: map[int][]*processor{}, galleries: map[int]*gallery{}},
	}
	for _, name := range slices.Concat(e.Sources, e.AllEvaluators()) {
		if err := x.recognizer(name); err != nil {
			return err
		}
	}
	for _, dataset := range e.JudgedDatasets() {
		val, err := x.sources.val(dataset, e.Datasets[dataset])
		if err != nil {
			return err
		}
		if x.judged[dataset], err = val.limited(p.ctx, e.Evaluation.Limit); err != nil {
			return err
		}
	}
	x.clean()
	for _, task := range e.Tasks {
		if err := x.task(task); err != nil {
			return err
		}
	}
	if e.Boundary != nil {
		x.boundaries()
	}
	if e.Study != nil {
		if err := x.study(); err != nil {
			return err
		}
	}
	x.table.classes = x.judged[e.JudgedDatasets()[0]].Classes()
	for i, figure := range e.Figures {
		if prepare := Figures[figure.Kind].prepare; prepare != nil {
			if err := prepare(x, i); err != nil {
				return err
			}
		}
	}
	p.plan.Tables = append(p.plan.Tables, p.plan.Graph.Add(x.table.stage()))
	return nil
}

// experiment is one experiment in the making.
type experiment struct {
	*planner
	*experiments.Experiment
	judged      map[string]*split // validation splits, by dataset
	recognizers map[string]*recognizer
	services    map[string]*service
	trained     []trainedProcessor
	table       *table
}

func (x *experiment) recognizer(name string) error {
	if x.recognizers[name] != nil || x.services[name] != nil {
		return nil
	}
	spec := x.Recognizers[name]
	if spec.Service != nil {
		return x.service(name, spec)
	}
	open := x.sources.val
	if spec.Train != nil {
		open = x.sources.train
	}
	images, err := open(spec.Dataset, x.Datasets[spec.Dataset])
	if err != nil {
		return err
	}
	var backbone *recognizer
	if classifier := x.BackboneOf(name); classifier != "" {
		if err := x.recognizer(classifier); err != nil {
			return err
		}
		backbone = x.recognizers[classifier]
	}
	r, err := newRecognizer(x.env, name, spec, images, images.Classes(), backbone)
	if err != nil {
		return fmt.Errorf("recognizer %s: %w", name, err)
	}
	r.Stage = x.plan.Graph.Add(r.Stage)
	x.recognizers[name] = r
	return nil
}

func (x *experiment) service(name string, spec experiments.Recognizer) error {
	images, err := x.sources.val(spec.Dataset, x.Datasets[spec.Dataset])
	if err != nil {
		return err
	}
	s, err := newService(x.env, name, spec, images.Classes())
	if err != nil {
		return fmt.Errorf("recognizer %s: %w", name, err)
	}
	if missing := s.described().MissingEnvironment(); len(missing) > 0 {
		x.sources.warnings = append(x.sources.warnings, fmt.Sprintf("recognizer %s: calls need %s, which the environment has not", name, strings.Join(missing, ", ")))
	}
	x.services[name] = s
	return nil
}

// clean judges the images before any degradation, by everything that judges degraded ones.
func (x *experiment) clean() {
	for _, name := range x.AllEvaluators() {
		dataset := x.JudgedBy(name)
		images := x.shared(newPictures(x.env, "clean "+dataset, x.judged[dataset], nil, nil, x.Evaluation.Batch))
		stage := x.judge(images, results.Cell{Task: results.TaskClean, Method: results.MethodNone, Dataset: dataset}, name)
		known := slices.ContainsFunc(x.plan.Recognizers, func(r PlannedRecognizer) bool { return r.Clean == stage })
		if !known {
			planned := PlannedRecognizer{Name: name, Spec: x.Recognizers[name], Clean: stage, Dataset: dataset}
			if r := x.recognizers[name]; r != nil {
				planned.Stage = r.Stage
			}
			x.plan.Recognizers = append(x.plan.Recognizers, planned)
		}
	}
}

// task adds the processors of one task and their evaluations.
func (x *experiment) task(task string) error {
	for _, name := range x.Methods {
		method, _ := methods.Find(name) // the spec was checked
		if method.Loss == nil {
			x.evaluate(task+" unprocessed", nil, results.Cell{Task: task, Method: name}, x.AllEvaluators(), x.Seeds)
			continue
		}
		sources, lambdas := []string{""}, []float64{0}
		if method.NeedsRecognizer {
			sources, lambdas = x.Sources, x.LambdasFor(task, name)
		}
		for _, lambda := range lambdas {
			for _, source := range sources {
				for _, seed := range x.Seeds {
					if err := x.processor(task, method, lambda, source, seed); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func (x *experiment) processor(task string, method methods.Method, lambda float64, source string, seed int64) error {
	train, err := x.sources.train(x.Dataset, x.Datasets[x.Dataset])
	if err != nil {
		return err
	}
	settings := processorSettings{
		Method: method.Name, Lambda: lambda, Degradation: x.Degradations[task], Processor: x.Processors[x.ProcessorFor(task)],
		Training: *x.TrainingFor(task), Seed: seed,
	}
	if method.NeedsTransformer {
		transformer := x.Processors[x.TransformerFor(task)]
		settings.Transformer = &transformer
	}
	if r := x.recognizers[source]; r != nil && method.NeedsTruth && !slices.Equal(r.classes, train.Classes()) {
		return fmt.Errorf("source %s tells other classes apart than those of dataset %s, on which P is trained: method %s needs to know what the images show", source, x.Dataset, method.Name)
	}
	p, err := newProcessor(x.env, task, settings, train, x.recognizers[source])
	if err != nil {
		return err
	}
	p.Stage = x.plan.Graph.Add(p.Stage)
	evaluators := x.AllEvaluators()
	if method.NeedsRecognizer {
		evaluators = x.EvaluatorsOf(source)
	}
	cell := results.Cell{Seed: seed, Task: task, Method: method.Name, Lambda: results.FormatLambda(lambda), Source: source}
	x.trained = append(x.trained, trainedProcessor{p, cell})
	x.evaluate(p.Name, p, cell, evaluators, []int64{seed})
	return nil
}

// shared returns the pictures that an earlier experiment has made of the same description, so that their stages meet in one
// group.
func (x *experiment) shared(p *pictures) *pictures {
	group := p.definition("", "", "").Group
	if known, ok := x.planner.pictures[group]; ok {
		return known
	}
	x.planner.pictures[group] = p
	return p
}

// evaluate adds the evaluations that the experiment's metrics need of what p, nil for no processing, makes of every dataset
// that is judged. Pictures that no seed had a part in count for all.
func (x *experiment) evaluate(name string, p *processor, cell results.Cell, evaluators []string, seeds []int64) {
	degradation := x.Degradations[cell.Task]
	for _, dataset := range x.JudgedDatasets() {
		title := name
		if dataset != x.Dataset {
			title += " on " + dataset
		}
		pictures := x.shared(newPictures(x.env, title, x.judged[dataset], &degradation, p, x.Evaluation.Batch))
		cell.Dataset = dataset
		for _, seed := range seeds {
			cell.Seed = seed
			if x.measures(ofQuality) {
				x.add(x.plan.Graph.Add(pictures.quality()), cell)
			}
			for _, evaluator := range evaluators {
				if x.JudgedBy(evaluator) == dataset && x.measures(x.judges(evaluator)) {
					x.judge(pictures, cell, evaluator)
				}
			}
		}
	}
}

// judge adds one recognizer's evaluation.
func (x *experiment) judge(p *pictures, cell results.Cell, name string) *dag.Stage {
	cell.Evaluator = name
	var stage *dag.Stage
	if s := x.services[name]; s != nil {
		stage = x.plan.Graph.Add(p.asked(s))
	} else {
		stage = x.plan.Graph.Add(p.recognition(x.recognizers[name]))
	}
	x.add(stage, cell)
	return stage
}

func (x *experiment) add(stage *dag.Stage, cell results.Cell) {
	cell.Experiment = x.Name
	x.table.evaluations = append(x.table.evaluations, evaluation{stage, cell})
}

// measures tells whether the experiment has a metric of a kind.
func (x *experiment) measures(kind func(metrics.Metric) bool) bool {
	return slices.ContainsFunc(x.Metrics, func(name string) bool { return kind(metricNamed(name)) })
}

func ofQuality(m metrics.Metric) bool { return !m.NeedsEvaluator }

// judges tells which metrics an evaluator is for.
func (x *experiment) judges(evaluator string) func(metrics.Metric) bool {
	r := x.recognizers[evaluator]
	detects := r != nil && r.architecture.Detects
	return func(m metrics.Metric) bool { return m.NeedsEvaluator && m.Objects == detects }
}
