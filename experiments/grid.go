package experiments

import "slices"

// EvaluatorsOf returns the recognizers that judge a processor trained against
// source: the source itself if the spec says "source", else all evaluators.
func (s *Spec) EvaluatorsOf(source string) []string {
	if s.ownEvaluator() {
		return []string{source}
	}
	return s.Evaluators
}

// ownEvaluator reports whether each source judges its own processors.
func (s *Spec) ownEvaluator() bool { return len(s.Evaluators) == 1 && s.Evaluators[0] == ofSource }

// AllEvaluators returns every recognizer that judges anything. Images of methods without
// a source (none, plain) are judged by all of them.
func (s *Spec) AllEvaluators() []string {
	if s.ownEvaluator() {
		return s.Sources
	}
	return s.Evaluators
}

// BackboneOf returns the recognizer that is a detector's backbone; "" for one that starts from a file or from initial values.
func (s *Spec) BackboneOf(recognizer string) string {
	name := s.Recognizers[recognizer].Backbone
	if _, ok := s.Recognizers[name]; ok {
		return name
	}
	return ""
}

// Compared returns the recognizers whose boundaries an experiment with Boundary compares: the sources, then the evaluators,
// each once.
func (s *Spec) Compared() []string {
	var names []string
	for _, name := range slices.Concat(s.Sources, s.AllEvaluators()) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// JudgedBy returns the dataset whose validation images the recognizer called evaluator judges.
func (s *Spec) JudgedBy(evaluator string) string {
	switch s.Evaluation.Dataset {
	case "":
		return s.Dataset
	case ofEvaluator:
		return s.Recognizers[evaluator].Dataset
	}
	return s.Evaluation.Dataset
}

// JudgedDatasets returns the datasets whose validation images are judged, each once, in the evaluators' order.
func (s *Spec) JudgedDatasets() []string {
	if s.Evaluation.Dataset != ofEvaluator {
		return []string{s.JudgedBy("")}
	}
	var datasets []string
	for _, name := range s.AllEvaluators() {
		if judged := s.JudgedBy(name); !slices.Contains(datasets, judged) {
			datasets = append(datasets, judged)
		}
	}
	return datasets
}

// TrainingFor returns the recipe for task; nil if the experiment trains nothing.
func (s *Spec) TrainingFor(task string) *Training {
	if t := s.PerTask[task].Training; t != nil {
		return t
	}
	return s.Training
}

// LambdasFor returns the lambdas of a method on task, one processor each; none for a
// method without a recognition loss.
func (s *Spec) LambdasFor(task, method string) []float64 {
	if l, ok := s.PerTask[task].Lambda[method]; ok {
		return l
	}
	return s.Lambda[method]
}

// ProcessorFor returns the name of P for task.
func (s *Spec) ProcessorFor(task string) string {
	if p := s.PerTask[task].Processor; p != "" {
		return p
	}
	return s.Processor
}

// TransformerFor returns the name of T for task.
func (s *Spec) TransformerFor(task string) string {
	if t := s.PerTask[task].Transformer; t != "" {
		return t
	}
	return s.Transformer
}
