package experiments

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cloud adds a service to the base.
const cloud = `extends: BASE
recognizers:
  cloud: {dataset: shapes, service: {kind: http, url: "http://127.0.0.1:1/classify"}}
`

func TestServicesHaveDefaults(t *testing.T) {
	e := loaded(t, cloud+"evaluators: [resnet-s, cloud]", Options{Set: []string{"recognizers.cloud.service.image.quality=80"}})
	assert.Equal(t, &Service{
		Kind: "http", URL: "http://127.0.0.1:1/classify", Method: "POST", Image: ServiceImage{"png", 80},
		Body: ServiceBody{Kind: "image", Field: "image"}, Labels: "$.labels[*].name", Scores: "$.labels[*].score",
		Concurrent: 4, Timeout: 30, Retries: 5,
	}, e.Recognizers["cloud"].Service)
	assert.Nil(t, e.Recognizers["resnet-s"].Service)
}

func TestMistakesInServicesAreFound(t *testing.T) {
	cases := map[string]struct{ set, want string }{
		"source":      {"sources=[cloud]", "recognizer cloud is a service, whose gradient nobody knows"},
		"weights":     {"recognizers.cloud.weights=w.pth", "recognizer cloud is a service, and weights is of networks"},
		"arch":        {"recognizers.cloud.arch=shapes-vgg", "recognizer cloud is a service, and arch is of networks"},
		"kind":        {"recognizers.cloud.service.kind=grpc", `unknown service kind "grpc"`},
		"no url":      {"recognizers.cloud.service={kind: http}", `the key "recognizers.cloud.service.url" is missing`},
		"format":      {"recognizers.cloud.service.image.format=webp", `unknown image format "webp"`},
		"quality":     {"recognizers.cloud.service.image.quality=101", "recognizers.cloud.service.image.quality must be at most 100, not 101"},
		"template":    {"recognizers.cloud.service.body.kind=json", "a json body needs a template"},
		"objects":     {"recognizers.cloud.dataset=scenes", "recognizer cloud names one class per image, but the images of dataset scenes have objects in boxes"},
		"boundary":    {"boundary={}", "recognizer cloud is a service, whose decision boundary would take thousands of calls for each image"},
		"neither":     {"recognizers.cloud={dataset: shapes}", `the key "recognizers.cloud.arch" is missing`},
		"no seconds":  {"recognizers.cloud.service.timeout=0", "recognizers.cloud.service.timeout must be greater than 0, not 0"},
		"unknown key": {"recognizers.cloud.service.urls=x", `unknown key "urls"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, diags := Load(written(t, cloud+"datasets: {scenes: {kind: scenes}}\nevaluators: [resnet-s, cloud]\ncross_dataset: true"), testNames(), Options{Set: []string{c.set}})
			var summaries []string
			for _, d := range diags {
				summaries = append(summaries, d.Summary)
			}
			assert.Contains(t, summaries, c.want)
		})
	}
}

func TestTheTableOfClassesIsFoundBesideTheSpec(t *testing.T) {
	e := loaded(t, cloud+"evaluators: [cloud]\nmetrics: [top1]\nmethods: [none]", Options{Set: []string{"recognizers.cloud.service.classes=labels.csv"}})
	suite := &Suite{Experiments: []*Experiment{e}}
	diags := suite.Bind(nil, "")
	require.Len(t, diags, 1)
	assert.Equal(t, "the classes of cloud are nowhere", diags[0].Summary)
	dir := t.TempDir()
	path := writtenIn(t, dir, "labels.csv", "ring,circle\n")
	e = loaded(t, cloud+"evaluators: [cloud]\nmetrics: [top1]\nmethods: [none]", Options{Set: []string{"recognizers.cloud.service.classes=" + path}})
	suite = &Suite{Experiments: []*Experiment{e}}
	require.Empty(t, suite.Bind(nil, ""))
	assert.Equal(t, path, e.Recognizers["cloud"].Service.Classes)
}

func TestStudiesNeedTwoMethodsAndAJudge(t *testing.T) {
	cases := map[string]struct{ spec, want string }{
		"right":         {"study: {evaluator: resnet-s}", ""},
		"of a service":  {"study: {evaluator: cloud}\nevaluators: [cloud]", ""},
		"no judge":      {"study: {images: 3}", `the key "study.evaluator" is missing`},
		"not judging":   {"study: {evaluator: cloud}", "recognizer cloud is no evaluator of this experiment"},
		"without plain": {"study: {evaluator: resnet-s}\nmethods: [none, ra]", "a study compares plain and ra, and method plain is not there"},
		"no images":     {"study: {evaluator: resnet-s, images: 0}", "study.images must be at least 1, not 0"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, diags := Load(written(t, cloud+c.spec), testNames(), Options{})
			if c.want == "" {
				require.Empty(t, diags)
				return
			}
			require.Len(t, diags, 1, "%v", diags)
			assert.Equal(t, c.want, diags[0].Summary)
		})
	}
}
