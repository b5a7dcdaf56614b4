package experiments

import (
	"fmt"
	"maps"
	"slices"
)

// Names are the words that a spec may use, given by the caller: this package
// knows none of the networks, degradations or metrics itself.
type Names struct {
	// Datasets, Degradations, Recognizers and Processors are what the keys kind
	// and arch choose from.
	Datasets, Degradations, Recognizers, Processors map[string]Kind
	// Figures are what a figure's kind chooses from; their Options are unused.
	Figures map[string]Kind
	// Optimizers are what a training chooses from.
	Optimizers map[string]Optimizer
	// Methods and Metrics in the order in which help lists them.
	Methods []Method
	Metrics []Metric
	// Stages are the kinds of stages that a cluster computes.
	Stages []string
}

// Kind is one dataset kind, degradation or architecture.
type Kind struct {
	// Doc is one sentence for editors and help.
	Doc string
	// Options that a spec may set.
	Options map[string]Option
	// Objects says that a dataset's images come with objects in boxes, and that a recognizer finds these; without it they
	// have, and it names, one class per image.
	Objects bool
	// NeedsPath says that a dataset's files lie somewhere (--data or path).
	NeedsPath bool
	// Keys are those of a figure, besides kind, title and where, that mean something to it.
	Keys []string
	// Scales lists the factors by which a processor can enlarge; nil is any. What
	// a task asks for is its degradation's integer option "scale", 1 without one.
	Scales []int
}

// Option is one setting of a Kind. Its type is that of Default: int, float64, bool
// or string.
type Option struct {
	// Default is the value of an absent option.
	Default any
	// Doc is one sentence for editors and help.
	Doc string
	// Min and Max bound a number, inclusively; nil is no bound.
	Min, Max *float64
	// Choices lists the only valid values, of Default's type; nil is any.
	Choices []any
}

// Optimizer is one optimizer and those of the keys betas, momentum and nesterov
// that mean something to it.
type Optimizer struct {
	Doc      string
	Settings []string
}

// Method is one way to train P.
type Method struct {
	Name, Doc string
	// Trains says that there is a P; false for no processing.
	Trains bool
	// NeedsRecognizer says that the loss contains a source and has a lambda.
	NeedsRecognizer bool
	// NeedsClassifier says that the source must be one that names a class per image.
	NeedsClassifier bool
	// NeedsTransformer says that a T stands between P and R.
	NeedsTransformer bool
	// DefaultLambda is the paper's.
	DefaultLambda float64
}

// Metric is one measured number.
type Metric struct {
	Name, Doc string
	// NeedsEvaluator says that it is a recognizer's verdict, not a property of the
	// image alone.
	NeedsEvaluator bool
	// Objects says that this recognizer is one that finds objects.
	Objects bool
}

// Values are the options of a dataset, degradation or network by name, complete
// and of the types declared in [Names]: int, float64, bool or string. Asking for
// one that the Kind does not declare is a bug of the caller and panics.
type Values map[string]any

// Int returns the integer option called name.
func (v Values) Int(name string) int { return value[int](v, name) }

// Float returns the number called name.
func (v Values) Float(name string) float64 { return value[float64](v, name) }

// Bool returns the flag called name.
func (v Values) Bool(name string) bool { return value[bool](v, name) }

// Text returns the string option called name.
func (v Values) Text(name string) string { return value[string](v, name) }

func value[T any](v Values, name string) T {
	x, ok := v[name].(T)
	if !ok {
		panic(fmt.Sprintf("experiments: option %q is %T, not %T; the options are %v", name, v[name], x, slices.Sorted(maps.Keys(v))))
	}
	return x
}

// method returns the method called name.
func (n *Names) method(name string) (Method, bool) {
	i := slices.IndexFunc(n.Methods, func(m Method) bool { return m.Name == name })
	if i < 0 {
		return Method{}, false
	}
	return n.Methods[i], true
}

// metric returns the metric called name.
func (n *Names) metric(name string) (Metric, bool) {
	i := slices.IndexFunc(n.Metrics, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return Metric{}, false
	}
	return n.Metrics[i], true
}

// The axes of tables and figures: the columns of cells.csv that tell cells apart.
var axes = []string{"task", "method", "lambda", "source", "evaluator", "seed", "metric", "dataset"}

// fixed lists the words of a class that does not depend on the document. The
// second result is false for classes that do: dataset, recognizer, ...
func (n *Names) fixed(class string) ([]string, bool) {
	switch class {
	case "dataset-kind":
		return slices.Sorted(maps.Keys(n.Datasets)), true
	case "degradation-kind":
		return slices.Sorted(maps.Keys(n.Degradations)), true
	case "recognizer-arch":
		return slices.Sorted(maps.Keys(n.Recognizers)), true
	case "processor-arch":
		return slices.Sorted(maps.Keys(n.Processors)), true
	case "figure-kind":
		return slices.Sorted(maps.Keys(n.Figures)), true
	case "optimizer":
		return slices.Sorted(maps.Keys(n.Optimizers)), true
	case "method", "lambda-method":
		var words []string
		for _, m := range n.Methods {
			if class == "method" || m.NeedsRecognizer {
				words = append(words, m.Name)
			}
		}
		return words, true
	case "metric":
		var words []string
		for _, m := range n.Metrics {
			words = append(words, m.Name)
		}
		return words, true
	case "service-kind":
		return []string{"http"}, true
	case "http-method":
		return []string{"POST", "PUT"}, true
	case "image-format":
		return []string{"png", "jpeg"}, true
	case "body-kind":
		return []string{"image", "form", "json"}, true
	case "axis":
		return axes, true
	case "stage":
		return append(slices.Clone(n.Stages), DefaultResources), true
	case "precision":
		return precisions, true
	}
	return nil, false
}

// kinds returns the kinds that a class of words names.
func (n *Names) kinds(class string) map[string]Kind {
	switch class {
	case "dataset-kind":
		return n.Datasets
	case "degradation-kind":
		return n.Degradations
	case "recognizer-arch":
		return n.Recognizers
	case "processor-arch":
		return n.Processors
	}
	panic("experiments: no kinds of class " + class)
}
