package stages

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/experiments"
	"transfera/models/nn"
	"transfera/models/weights"
	"transfera/runner/dag"
	"transfera/runner/methods"
	"transfera/runner/store"
)

const base = `
datasets:
  shapes: {kind: shapes, options: {size: 16, train: 20, val: 10}}
degradations:
  dn: {kind: dn, options: {sigma: 0.25}}
  jpeg: {kind: jpeg, options: {quality: 10}}
recognizers:
  a: &r
    arch: shapes-resnet
    options: {width: 4}
    dataset: shapes
    normalize: {mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}
    train: {optimizer: sgd, learning_rate: 0.05, batch: 10, epochs: 1}
  b: {<<: *r, arch: shapes-vgg}
processors:
  p: {arch: srresnet, options: {channels: 4, blocks: 1, end_kernel: 3}}
  q: {arch: srresnet, options: {channels: 8, blocks: 1, end_kernel: 3}}
dataset: shapes
processor: p
training: {learning_rate: 1e-3, batch: 10, steps: 2}
tasks: [dn]
methods: [none, plain, ra]
sources: [a]
evaluators: [a, b]
metrics: [psnr, top1]
`

func environment(t *testing.T) *Environment {
	t.Helper()
	s, err := store.Open(t.TempDir())
	require.NoError(t, err)
	return &Environment{Store: s, Device: aten.CPU, Threads: 1, LoaderWorkers: 1}
}

// suite writes experiments over base and loads them.
func suite(t *testing.T, specs map[string]string) *experiments.Suite {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "base.yaml"), []byte(base), 0o666))
	for name, text := range specs {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name+".yaml"), []byte("extends: base.yaml\n"+text), 0o666))
	}
	loaded, diagnostics := experiments.LoadSuite(folder, Names(), experiments.Options{})
	require.NoError(t, diagnostics.Err())
	return loaded
}

func planned(t *testing.T, env *Environment, specs map[string]string) *Plan {
	t.Helper()
	plan, err := New(t.Context(), suite(t, specs), env)
	require.NoError(t, err)
	return plan
}

// stageNames lists what is planned of some kinds.
func stageNames(p *Plan, kinds ...string) []string {
	var found []string
	for _, s := range p.Graph.Stages {
		if slices.Contains(kinds, s.Kind) {
			found = append(found, s.String())
		}
	}
	return found
}

func TestExperimentsShareWhatTheyHaveInCommon(t *testing.T) {
	env := environment(t)
	one := planned(t, env, map[string]string{"one": ""})
	assert.Len(t, one.Graph.Stages, 2+2+3+2*4+1) // R, clean, unprocessed, P with its evaluations, table
	again := planned(t, env, map[string]string{"one": "", "two": "title: the same, but for its title"})
	assert.Len(t, again.Graph.Stages, len(one.Graph.Stages)+1, "only a table")
	swept := planned(t, env, map[string]string{"one": "", "sweep": "lambda: {ra: [1e-3, 1e-2]}"})
	assert.Equal(t, []string{"processor dn plain, seed 0", "processor dn ra 0.001 by a, seed 0", "processor dn ra 0.01 by a, seed 0"},
		stageNames(swept, "processor"))
	assert.Len(t, swept.Recognizers, 2)
}

func TestPlainIsTrainedOnceForAllSources(t *testing.T) {
	plan := planned(t, environment(t), map[string]string{"one": "sources: [a, b]\nseeds: [0, 1]"})
	assert.Equal(t, []string{
		"processor dn plain, seed 0", "processor dn plain, seed 1", "processor dn ra 0.001 by a, seed 0", "processor dn ra 0.001 by a, seed 1",
		"processor dn ra 0.001 by b, seed 0", "processor dn ra 0.001 by b, seed 1",
	}, stageNames(plan, "processor"))
}

func TestSourceAsEvaluatorJudgesItsOwnProcessorsOnly(t *testing.T) {
	plan := planned(t, environment(t), map[string]string{"one": "sources: [a, b]\nevaluators: source"})
	judged := slices.DeleteFunc(stageNames(plan, "recognition"), func(s string) bool { return !strings.Contains(s, "ra 0.001") })
	assert.Equal(t, []string{
		"recognition dn ra 0.001 by a, seed 0 judged by a", "recognition dn ra 0.001 by b, seed 0 judged by b",
	}, judged)
}

func TestMetricsWithoutEvaluatorNeedNoRecognition(t *testing.T) {
	plan := planned(t, environment(t), map[string]string{"one": "metrics: [psnr]\nmethods: [none, plain]\nsources: null\nevaluators: null"})
	assert.Equal(t, []string{"quality dn unprocessed", "processor dn plain, seed 0", "quality dn plain, seed 0", "table one"},
		stageNames(plan, "recognizer", "recognition", "quality", "processor", "table"))
}

func TestEvaluationBatchBelongsToItsExperiment(t *testing.T) {
	env := environment(t)
	alone := planned(t, env, map[string]string{"two": "evaluation: {batch: 7}"})
	both := planned(t, env, map[string]string{"one": "", "two": "evaluation: {batch: 7}"})
	assert.Equal(t, alone.Tables[0].Key, both.Tables[1].Key)
}

func TestTaskHasItsOwnProcessor(t *testing.T) {
	plan := planned(t, environment(t), map[string]string{"one": "tasks: [dn, jpeg]\nmethods: [plain]\nper_task: {jpeg: {processor: q, training: {steps: 3}}}"})
	var settings []string
	for _, s := range plan.Graph.Stages {
		if s.Kind == "processor" {
			settings = append(settings, string(s.Settings))
		}
	}
	require.Len(t, settings, 2)
	assert.Contains(t, settings[0], `"channels":4`)
	assert.Contains(t, settings[0], `"Steps":2`)
	assert.Contains(t, settings[1], `"channels":8`)
	assert.Contains(t, settings[1], `"Steps":3`)
}

func TestSettingsThatChangeNoResultAreNoPartOfTheKeys(t *testing.T) {
	keys := func(text string) []string {
		var keys []string
		for _, s := range planned(t, environment(t), map[string]string{"one": text}).Graph.Stages {
			keys = append(keys, s.Key)
		}
		return keys
	}
	assert.Equal(t, keys(""), keys("training: {checkpoint_every: 1}\nrecognizers: {a: {train: {checkpoint_every: 1}}}"))
	assert.Equal(t, keys(""), keys("cluster: {partition: gpu, resources: {processor: {gpus: 1}}}"))
	changed := keys("paper: Table 1")
	assert.Equal(t, keys("")[:len(changed)-1], changed[:len(changed)-1])
	assert.NotEqual(t, keys(""), changed, "it stands below the table")
}

func TestClustersKnowTheKindsOfAllStagesButTables(t *testing.T) {
	plan := planned(t, environment(t), map[string]string{"one": `
boundary: {images: 2, planes: 2, resolution: 2}
figures: [{kind: picture-grid, images: 1}]
study: {images: 1, evaluator: a}
`})
	var kinds []string
	for _, s := range plan.Graph.Stages {
		if kind := KindOf(s); !MadeHere(s) && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	assert.ElementsMatch(t, jobKinds, kinds)
	assert.True(t, MadeHere(plan.Tables[0]))
}

// The plan's estimate must not fail where one batch takes all images.
func TestFewImagesAreTimedToo(t *testing.T) {
	env := environment(t)
	plan := planned(t, env, map[string]string{"one": "evaluation: {batch: 100}"})
	for _, s := range plan.Graph.Stages {
		if s.Probe != nil {
			seconds, err := s.Probe(t.Context())
			require.NoError(t, err, s)
			assert.Positive(t, seconds, s)
		}
	}
}

// trainedSource computes the recognizer a and plans a processor of method ra by it.
func trainedSource(t *testing.T, env *Environment) *processor {
	t.Helper()
	e := suite(t, map[string]string{"one": ""}).Experiments[0]
	images, err := newSources(t.Context(), env).train("shapes", e.Datasets["shapes"])
	require.NoError(t, err)
	r, err := newRecognizer(env, "a", e.Recognizers["a"], images, images.Classes(), nil)
	require.NoError(t, err)
	computed(t, env, r.Stage)
	p, err := newProcessor(env, "dn", processorSettings{
		Method: "ra", Lambda: 1, Degradation: e.Degradations["dn"], Processor: e.Processors["p"], Training: *e.Training,
	}, images, r)
	require.NoError(t, err)
	return p
}

func job(env *Environment, s *dag.Stage) *dag.Job {
	return &dag.Job{Stages: []*dag.Stage{s}, Store: env.Store, Progress: func(float64, string) {}}
}

func computed(t *testing.T, env *Environment, s *dag.Stage) {
	t.Helper()
	require.NoError(t, s.Compute(t.Context(), job(env, s)))
	require.NoError(t, env.Store.Commit(&store.Record{Key: s.Key}, s.Files))
}

func TestTrainingAProcessorLeavesItsSourceAsItWas(t *testing.T) {
	env := environment(t)
	p := trainedSource(t, env)
	file := env.Store.File(p.source.Key, WeightsFile)
	before, err := weights.Load(file)
	require.NoError(t, err)
	var seen *nn.Network
	honest := p.method.Loss
	p.method.Loss = func(n methods.Networks, b methods.Batch) (aten.Tensor, aten.Tensor) {
		seen = n.R.(methods.Classifier).Sequential[1].(*nn.Network) // behind its normalization
		return honest(n, b)
	}
	computed(t, env, p.Stage)
	after, err := weights.Load(file)
	require.NoError(t, err)
	assert.Equal(t, before.Tensors.Checksum(), after.Tensors.Checksum())
	assert.Equal(t, before.Tensors.Checksum(), seen.Dict().Checksum(), "what the loss used")
}

func TestTrainingThatChangesItsSourceIsRefused(t *testing.T) {
	env := environment(t)
	p := trainedSource(t, env)
	honest := p.method.Loss
	p.method.Loss = func(n methods.Networks, b methods.Batch) (aten.Tensor, aten.Tensor) {
		r := n.R.(methods.Classifier).Sequential[1].(*nn.Network) // behind its normalization
		aten.NoGrad(func() { aten.AddInPlace(r.Parameters()[0], r.Parameters()[0]) })
		return honest(n, b)
	}
	err := p.Compute(t.Context(), job(env, p.Stage))
	assert.ErrorContains(t, err, "training changed the fixed recognizer a, which is a bug")
	assert.NoFileExists(t, filepath.Join(env.Store.Root(), "work", p.Key, processorFile))
}
