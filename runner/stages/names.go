package stages

import (
	"slices"

	"transfera/data"
	"transfera/experiments"
	"transfera/metrics"
	"transfera/models"
	"transfera/models/processing"
	"transfera/models/recognizers"
	"transfera/runner/methods"
	"transfera/runner/training"
)

// Names are the words that specs may use: what the registries of the packages below hold.
func Names() experiments.Names {
	names := experiments.Names{
		Datasets: map[string]experiments.Kind{}, Degradations: map[string]experiments.Kind{},
		Recognizers: architectures(recognizers.Architectures), Processors: architectures(processing.Architectures),
		Figures: map[string]experiments.Kind{}, Optimizers: training.Optimizers, Stages: jobKinds,
	}
	for _, kind := range data.DegradationKinds() {
		names.Degradations[kind.Name] = experiments.Kind{Doc: kind.Doc, Options: dataOptions(kind.Options)}
	}
	for _, kind := range data.DatasetKinds() {
		names.Datasets[kind.Name] = experiments.Kind{Doc: kind.Doc, Options: dataOptions(kind.Options), NeedsPath: kind.NeedsPath, Objects: kind.Objects}
	}
	for name, kind := range Figures {
		names.Figures[name] = experiments.Kind{Doc: kind.Doc, Keys: kind.Keys}
	}
	for _, m := range methods.Methods {
		names.Methods = append(names.Methods, experiments.Method{
			Name: m.Name, Doc: m.Doc, Trains: m.Loss != nil, NeedsRecognizer: m.NeedsRecognizer, NeedsClassifier: m.NeedsClassifier,
			NeedsTransformer: m.NeedsTransformer, DefaultLambda: m.DefaultLambda,
		})
	}
	for _, m := range metrics.All {
		names.Metrics = append(names.Metrics, experiments.Metric{
			Name: m.Name, Doc: m.Doc, NeedsEvaluator: m.NeedsEvaluator, Objects: m.Objects,
		})
	}
	return names
}

// metricNamed is the metric called name; specs name no others.
func metricNamed(name string) metrics.Metric {
	return metrics.All[slices.IndexFunc(metrics.All, func(m metrics.Metric) bool { return m.Name == name })]
}

func architectures(list []models.Architecture) map[string]experiments.Kind {
	kinds := map[string]experiments.Kind{}
	for _, a := range list {
		kind := experiments.Kind{Doc: a.Doc, Options: map[string]experiments.Option{}, Scales: a.Scales, Objects: a.Detects}
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
