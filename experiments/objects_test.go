package experiments

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// objects adds a dataset of objects and two detectors to the base.
const objects = `extends: BASE
datasets: {objects: {kind: scenes}}
recognizers:
  finder: &finder
    arch: small-detector
    dataset: objects
    normalize: {mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}
    train: {learning_rate: 1e-3, batch: 1, steps: 10}
  other: *finder
`

func TestDetectorsAndClassifiersMeetTheirOwnDatasets(t *testing.T) {
	detection := objects + "dataset: objects\nsources: [finder]\n"
	cases := map[string]struct{ spec, set, want string }{
		"detection":            {detection + "evaluators: [finder, other]\nmetrics: [psnr, map07]", "", ""},
		"its own evaluators":   {detection + "evaluators: source\nmetrics: [map07]", "", ""},
		"classifiers judge":    {detection + "evaluators: [finder, resnet-s]\nevaluation: {dataset: evaluator}\ncross_dataset: true\nmetrics: [top1, map07]", "", ""},
		"detectors judge":      {objects + "evaluators: [resnet-s, finder]\nevaluation: {dataset: evaluator}\ncross_dataset: true\nmetrics: [top1, map07]", "", ""},
		"of another dataset":   {objects, "recognizers.other.dataset=shapes", "recognizer other finds objects, but the images of dataset shapes have one class each"},
		"classes of scenes":    {detection + "evaluators: source\nmetrics: [map07]", "recognizers.resnet-s.dataset=objects", "recognizer resnet-s names one class per image, but the images of dataset objects have objects in boxes"},
		"source on scenes":     {objects + "dataset: objects\ncross_dataset: true\nevaluators: [finder]\nmetrics: [map07]", "", "recognizer resnet-s names one class per image, but the images of dataset objects have objects in boxes"},
		"judge of scenes":      {detection + "evaluators: [resnet-s, finder]\ncross_dataset: true\nmetrics: [top1, map07]", "", "recognizer resnet-s names one class per image, but the images of dataset objects have objects in boxes"},
		"judge without metric": {objects + "evaluators: [resnet-s, finder]\nevaluation: {dataset: evaluator}\ncross_dataset: true", "", "no metric measures what evaluator finder says"},
		"metric without judge": {detection + "evaluators: [finder]\nmetrics: [map07, top1]", "", "metric top1 is of recognizers that name a class per image, and no evaluator does"},
		"map of classifiers":   {objects + "metrics: [top1, map07]", "", "metric map07 is of recognizers that find objects, and no evaluator does"},
		"no metric of judges":  {detection + "evaluators: [finder]\nmetrics: [psnr]", "", ""},
		"unsupervised":         {detection + "methods: [plain, ra-unsupervised]\nevaluators: [finder]\nmetrics: [map07]", "", "method ra-unsupervised looks at what a classifier makes of whole images, but source finder finds objects"},
		"backbone":             {objects, "recognizers.other.backbone=r.pth", ""},
		"classifier's":         {objects, "recognizers.resnet-s.backbone=r.pth", "recognizer resnet-s (shapes-resnet) names one class per image and has no backbone"},
		"another recognizer":   {detection + "evaluators: [finder]\nmetrics: [map07]", "recognizers.finder.backbone=resnet-s", ""},
		"of a detector":        {detection + "evaluators: [finder]\nmetrics: [map07]", "recognizers.finder.backbone=other", "the backbone of finder is other, which finds objects itself"},
		"both":                 {objects, "recognizers.other={arch: small-detector, dataset: objects, normalize: {mean: [0, 0, 0], std: [1, 1, 1]}, backbone: r.pth, weights: w.pth}", "recognizer other has both weights and backbone"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var set []string
			if c.set != "" {
				set = []string{c.set}
			}
			_, diags := Load(written(t, c.spec), testNames(), Options{Set: set})
			if c.want == "" {
				require.Empty(t, diags)
				return
			}
			require.Len(t, diags, 1, "%v", diags)
			assert.Equal(t, c.want, diags[0].Summary)
			assert.Equal(t, Error, diags[0].Severity)
		})
	}
}

func TestABackboneIsFoundLikeWeights(t *testing.T) {
	dir := t.TempDir()
	backbone := writtenIn(t, dir, "r.pth", "weights")
	load := func() *Suite {
		suite, diags := LoadSuite(written(t, objects+"dataset: objects\nsources: [finder]\nevaluators: source\nmetrics: [map07]"), testNames(),
			Options{Set: []string{"recognizers.finder.backbone=r.pth", "recognizers.finder.download=from the shelf"}})
		require.NoError(t, diags.Err())
		return suite
	}
	assert.Empty(t, suiteOf(t, objects+"dataset: objects\nsources: [other]\nevaluators: source\nmetrics: [map07]").Experiments[0].BackboneOf("other"))
	diags := load().Bind(nil, t.TempDir())
	require.Len(t, diags, 1)
	assert.Equal(t, "the backbone of finder is nowhere", diags[0].Summary)
	assert.Contains(t, diags[0].Detail, "from the shelf")
	suite := load()
	require.Empty(t, suite.Bind(nil, dir))
	assert.Equal(t, backbone, suite.Experiments[0].Recognizers["finder"].Backbone)
}

func TestBoundariesAreComparedOfClassifiersOfOneDataset(t *testing.T) {
	compare := "extends: BASE\nboundary: {images: 50}\n"
	detection := objects + "boundary: {images: 50}\ndataset: objects\nsources: [finder]\nevaluators: [finder, other]\nmetrics: [map07]\n"
	cases := map[string]struct{ spec, want string }{
		"two classifiers": {compare, ""},
		"one":             {compare + "evaluators: source", "the boundaries of two recognizers are needed to compare them"},
		"detectors":       {detection, "recognizer finder finds objects, and has no decision boundary in the space of images"},
		"other dataset":   {compare + "cross_dataset: true\nevaluation: {dataset: half}\ndatasets: {half: {part_of: shapes}}", "recognizer resnet-s judges images of half, not of shapes, on which boundaries would be compared"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e, diags := Load(written(t, c.spec), testNames(), Options{})
			if c.want == "" {
				require.Empty(t, diags)
				assert.Equal(t, []string{"resnet-s", "vgg-s"}, e.Compared())
				assert.Equal(t, 500, e.Boundary.Planes, "the default")
				return
			}
			require.NotEmpty(t, diags)
			assert.Equal(t, c.want, diags[0].Summary)
		})
	}
}
