package stages

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/data"
	"transfera/models"
	"transfera/models/nn"
	"transfera/models/recognition"
	"transfera/models/weights"
	"transfera/runner/methods"
)

// Whatever trains is given a learning rate beyond all reason, so that it breaks by itself, and a checkpoint after every step.
func TestEveryKindOfTrainingThatBreaksSaysWhereAndLeavesNoResult(t *testing.T) {
	const wild = "learning_rate: 1e30, checkpoint_every: 1"
	byClassifier := func(method, more string) string {
		return fmt.Sprintf("methods: [%s]\nlambda: {%s: 1}\nevaluators: [a]\ntraining: {steps: 6, %s}\n%s", method, method, wild, more)
	}
	transformer := "transformer: t\nprocessors: {t: {arch: resnet-generator, options: {channels: 4, blocks: 1}}}\n"
	byDetector := detectorBase + "dataset: objects\nsources: [finder]\nevaluators: [finder]\nmetrics: [psnr, map07]\n"
	cases := map[string]struct{ kind, text string }{
		"a recognizer": {"recognizer", "recognizers: {a: {train: {epochs: 5, " + wild + "}}}\nmethods: [ra]\nevaluators: [a]\n"},
		"a detector": {"recognizer", strings.Replace(byDetector, "learning_rate: 1e-3", wild, 1) +
			"methods: [ra]\ntraining: {batch: 2, steps: 2}\n"},
		"plain":            {"processor", "methods: [plain]\nsources: null\nevaluators: null\nmetrics: [psnr]\ntraining: {steps: 6, " + wild + "}\n"},
		"ra":               {"processor", byClassifier("ra", "")},
		"ra-unsupervised":  {"processor", byClassifier("ra-unsupervised", "")},
		"perceptual":       {"processor", byClassifier("perceptual", "")},
		"ra-transformer":   {"processor", byClassifier("ra-transformer", transformer)},
		"ra by a detector": {"processor", byDetector + "methods: [ra]\ntraining: {batch: 2, steps: 6, " + wild + "}\n"},
		"plain by sgd":     {"processor", "methods: [plain]\nsources: null\nevaluators: null\nmetrics: [psnr]\ntraining: {steps: 6, optimizer: sgd, " + wild + "}\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			env := environment(t)
			for _, s := range planned(t, env, map[string]string{"one": c.text}).Graph.Stages {
				if s.Kind != c.kind {
					if s.Kind == "recognizer" {
						computed(t, env, s)
					}
					continue
				}
				err := s.Compute(t.Context(), job(env, s))
				require.Error(t, err)
				assert.Regexp(t, `^(the loss is (NaN|[+-]Inf)|(recognizer|processor|transformer|optimizer)\.\S+ is no longer finite) in step \d \(epoch \d; `+
					`(images |\d images, of which these alone make it so: )train/\S+.*\): lower learning_rate or lambda.*; `, err.Error())
				t.Log(err)
				work := filepath.Join(env.Store.Root(), "work", s.Key)
				assert.NoFileExists(t, filepath.Join(work, s.Files[0]))
				if kept := filepath.Join(work, checkpointFile); assert.FileExists(t, kept) {
					file, err := weights.Load(kept)
					require.NoError(t, err)
					state := slices.DeleteFunc(file.Tensors, func(t weights.Tensor) bool {
						return strings.HasPrefix(t.Name, "course.") // NaN where a step has no such term
					})
					assert.NoError(t, state.CheckFinite())
				}
				return
			}
			t.Fatal("nothing was trained")
		})
	}
}

// broken writes weights of a classifier with one value that is none.
func broken(t *testing.T, arch, tensor string, options models.Options) string {
	t.Helper()
	architecture, ok := recognition.Find(arch)
	require.True(t, ok)
	dict := architecture.New(0, 10, options).Dict()
	for i, stored := range dict {
		if stored.Name == tensor {
			values, err := stored.Floats()
			require.NoError(t, err)
			values[len(values)-1] = float32(math.NaN())
			dict[i] = weights.FromFloats(tensor, stored.Shape, values)
			path := filepath.Join(t.TempDir(), arch+".safetensors")
			require.NoError(t, weights.SaveSafetensors(path, dict, nil))
			return path
		}
	}
	t.Fatalf("%s has no %s", arch, tensor)
	return ""
}

func TestWeightsThatAreNoNumbersAreRefusedBeforeAnythingIsComputed(t *testing.T) {
	statistic := broken(t, "shapes-resnet", "bn1.running_var", models.Options{"width": 4})
	cases := map[string]struct{ text, want string }{
		"of a recognizer": {
			"recognizers: {a: {arch: shapes-resnet, weights: " + statistic + ", train: null}}\n",
			"shapes-resnet.safetensors: tensor bn1.running_var holds NaN or infinities, 1 of 4 values",
		},
		"of a backbone": {
			detectorBase + "    backbone: " + statistic + "\ndataset: objects\nsources: [finder]\nevaluators: [finder]\nmetrics: [map07]\n",
			"shapes-resnet.safetensors: tensor backbone.bn1.running_var holds NaN or infinities, 1 of 4 values",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			env := environment(t)
			_, err := New(t.Context(), suite(t, map[string]string{"one": c.text}), env)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// untouched is a measurer that must not be asked.
type untouched struct{ Measurer }

func (untouched) Add(*data.Batch, aten.Tensor, aten.Tensor, aten.Tensor) error { panic("measured") }

func TestPicturesThatAreNoNumbersAreNotMeasured(t *testing.T) {
	pass := nn.Func(func(x aten.Tensor) aten.Tensor { return x })
	to := func(value float64) nn.Func {
		return func(x aten.Tensor) aten.Tensor { return aten.AddScalar(x, value) }
	}
	cases := map[string]methods.Networks{
		"P to NaN":      {P: to(math.NaN())},
		"P to infinity": {P: to(math.Inf(-1))},
		"T to NaN":      {P: pass, T: to(math.NaN())},
	}
	for name, n := range cases {
		t.Run(name, func(t *testing.T) {
			panel := &Panel{Networks: n, Measurers: []Measurer{untouched{}}}
			assert.ErrorContains(t, panel.Measure(paddedBatch()),
				"the processor's picture of image 0 in the batch has values that are not finite; did its training diverge?")
		})
	}
	third := aten.FromFloats(nil, []float32{0, 1, 2, float32(math.NaN())}, 4, 1)
	assert.ErrorContains(t, finite(aten.Full(nil, 0, 4, 1), third), "of image 3 in")
}
