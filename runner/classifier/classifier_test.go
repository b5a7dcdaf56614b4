package classifier_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
	"transfera/models/recognition"
	"transfera/models/recognizers"
	"transfera/models/weights"
	"transfera/runner/classifier"
)

// ours is the metadata of a recognizer that was trained here.
func ours() map[string]string {
	return map[string]string{
		"kind": "recognizer", "arch": "shapes-resnet", "options": `{"width":4}`, "classes": "2",
		"normalize": `{"Mean":[0.4,0.5,0.6],"Std":[0.1,0.2,0.3]}`, "labels": `["cat","dog"]`, "stage": "abc",
	}
}

func with(name, value string) map[string]string {
	m := ours()
	m[name] = value
	return m
}

func TestFilesSayWhatSettingsLeaveOpen(t *testing.T) {
	ofFile := classifier.Settings{Arch: "shapes-resnet", Options: map[string]string{"width": "4", "blocks": "1"}, Mean: []float64{0.4, 0.5, 0.6}, Std: []float64{0.1, 0.2, 0.3}}
	older := ours()
	delete(older, "labels")
	cases := map[string]struct {
		given    classifier.Settings
		metadata map[string]string
		want     classifier.Settings
		labels   []string
		err      string
	}{
		"all":                      {metadata: ours(), want: ofFile, labels: []string{"cat", "dog"}},
		"older file":               {metadata: older, want: ofFile},
		"the same again":           {given: ofFile, metadata: ours(), want: ofFile, labels: []string{"cat", "dog"}},
		"option at its default":    {given: classifier.Settings{Options: map[string]string{"blocks": "1"}}, metadata: ours(), want: ofFile, labels: []string{"cat", "dog"}},
		"another architecture":     {given: classifier.Settings{Arch: "shapes-vgg"}, metadata: ours(), err: "--arch shapes-vgg: w.safetensors holds a shapes-resnet; leave --arch out"},
		"another mean":             {given: classifier.Settings{Mean: []float64{0.4, 0.5, 0.7}}, metadata: ours(), err: "--mean [0.4 0.5 0.7]: w.safetensors was trained with [0.4 0.5 0.6]; leave --mean out"},
		"another std":              {given: classifier.Settings{Std: []float64{1, 1, 1}}, metadata: ours(), err: "--std [1 1 1]: "},
		"another option":           {given: classifier.Settings{Options: map[string]string{"width": "8"}}, metadata: ours(), err: "--option width=8: w.safetensors was trained with width=4; leave --option out"},
		"option not at default":    {given: classifier.Settings{Options: map[string]string{"blocks": "2"}}, metadata: ours(), err: "--option blocks=2: w.safetensors was trained with blocks=1"},
		"unknown option":           {given: classifier.Settings{Options: map[string]string{"x": "2"}}, metadata: ours(), err: "--option x: shapes-resnet has only"},
		"broken options":           {metadata: with("options", "{"), err: "w.safetensors: metadata options is damaged: "},
		"broken labels":            {metadata: with("labels", "cat"), err: "w.safetensors: metadata labels is damaged: "},
		"unknown option in file":   {metadata: with("options", `{"x":1}`), err: "w.safetensors: metadata options: x: shapes-resnet has only"},
		"transformer":              {metadata: with("kind", "transformer"), err: "w.safetensors holds a transformer, which makes images"},
		"file of others":           {given: classifier.Settings{Arch: "resnet18"}, metadata: map[string]string{"arch": "resnet50", "epoch": "90"}, want: classifier.Settings{Arch: "resnet18", Mean: classifier.ImageNetMean, Std: classifier.ImageNetStd}},
		"file of others, no flags": {metadata: map[string]string{"arch": "resnet50"}, err: "w.safetensors does not say which network it is; name the architecture with --arch"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, labels, err := c.given.Completed(&weights.File{Path: "w.safetensors", Metadata: c.metadata})
			if c.err != "" {
				assert.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
			assert.Equal(t, c.labels, labels)
		})
	}
}

func TestEveryArchitectureTellsItsClassesByItsWeights(t *testing.T) {
	for _, architecture := range recognition.Architectures {
		plan := classifier.Plan{Device: aten.CPU, Architecture: architecture}
		var tensors weights.Dict
		for _, want := range architecture.Unset(7, models.Options{}).Wants() {
			tensors = append(tensors, weights.Tensor{Name: want.Name, Shape: want.Shape})
		}
		assert.Equal(t, 7, plan.Classes(&weights.File{Tensors: tensors}), architecture.Name)
		for i := range tensors {
			tensors[i].Name = "module." + tensors[i].Name
		}
		assert.Equal(t, 7, plan.Classes(&weights.File{Tensors: tensors}), architecture.Name)
		assert.Equal(t, architecture.Input.Classes, plan.Classes(&weights.File{}), architecture.Name)
	}
}

func TestLoadedRecognizerNormalizesPictures(t *testing.T) {
	architecture, err := recognizers.Named("shapes-resnet")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "w.safetensors")
	network := architecture.New(1, 3, models.Options{"width": 4})
	require.NoError(t, weights.SaveSafetensors(path, network.Dict(), nil))
	file, err := weights.Load(path)
	require.NoError(t, err)
	plan, err := classifier.Settings{Arch: "shapes-resnet", Device: "cpu", Options: map[string]string{"width": "4"},
		Mean: []float64{0.5, 0.5, 0.5}, Std: []float64{0.25, 0.25, 0.25}}.Plan()
	require.NoError(t, err)
	recognizer, err := plan.Load(file, 3)
	require.NoError(t, err)
	aten.NoGrad(func() {
		got := recognizer.Forward(aten.Full(nil, 0.75, 1, 3, 32, 32)).Floats()
		want := network.Forward(aten.Full(nil, 1, 1, 3, 32, 32)).Floats()
		assert.InDeltaSlice(t, want, got, 1e-5)
	})
	_, err = plan.Load(file, 4)
	assert.ErrorContains(t, err, "tensor fc.weight is 3x16; expected 4x16")
}
