package stages

import (
	"transfera/data"
	"transfera/experiments"
	"transfera/metrics"
	"transfera/models"
	"transfera/models/processing"
	"transfera/models/recognition"
	"transfera/runner/methods"
	"transfera/runner/training"
)

// Names are the words that specs may use: what the registries of the packages below hold.
func Names() experiments.Names {
	names := experiments.Names{
		Datasets: map[string]experiments.Kind{}, Degradations: map[string]experiments.Kind{},
		Recognizers: architectures(recognition.Architectures), Processors: architectures(processing.Architectures),
		Figures: map[string]experiments.Kind{}, Optimizers: training.Optimizers,
	}
	for _, kind := range data.DegradationKinds() {
		names.Degradations[kind.Name] = experiments.Kind{Doc: kind.Doc, Options: dataOptions(kind.Options)}
	}
	for _, kind := range data.DatasetKinds() {
		names.Datasets[kind.Name] = experiments.Kind{Doc: kind.Doc, Options: dataOptions(kind.Options), NeedsPath: kind.NeedsPath}
	}
	for name, kind := range Figures {
		names.Figures[name] = experiments.Kind{Doc: kind.Doc}
	}
	for _, m := range methods.Methods {
		names.Methods = append(names.Methods, experiments.Method{
			Name: m.Name, Doc: m.Doc, Trains: m.Loss != nil, NeedsRecognizer: m.NeedsRecognizer,
			NeedsTransformer: m.NeedsTransformer, DefaultLambda: m.DefaultLambda,
		})
	}
	for _, m := range metrics.All {
		if m.Objects {
			continue // specs name classifiers only, and no stage runs a detector
		}
		names.Metrics = append(names.Metrics, experiments.Metric{Name: m.Name, Doc: m.Doc, NeedsEvaluator: m.NeedsEvaluator})
	}
	return names
}

func needsEvaluator(metric string) bool {
	for _, m := range metrics.All {
		if m.Name == metric {
			return m.NeedsEvaluator
		}
	}
	return false
}

func architectures(list []models.Architecture) map[string]experiments.Kind {
	kinds := map[string]experiments.Kind{}
	for _, a := range list {
		kind := experiments.Kind{Doc: a.Doc, Options: map[string]experiments.Option{}, Scales: a.Scales}
		for _, o := range a.Options {
			low, high := o.Min, o.Max
			kind.Options[o.Name] = experiments.Option{Default: o.Default, Doc: o.Doc, Min: &low, Max: &high}
		}
		kinds[a.Name] = kind
	}
	return kinds
}

func dataOptions(list []data.Option) map[string]experiments.Option {
	options := map[string]experiments.Option{}
	for _, o := range list {
		option := experiments.Option{Default: o.Default, Doc: o.Doc, Choices: o.Choices}
		switch o.Default.(type) {
		case int, float64:
			low, high := o.Min, o.Max
			option.Min, option.Max = &low, &high
		}
		options[o.Name] = option
	}
	return options
}
