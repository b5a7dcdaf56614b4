package checkpoint_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/models"
	"transfera/models/checkpoint"
	"transfera/models/processing"
	"transfera/models/recognizers"
	"transfera/models/weights"
)

func processorMetadata() map[string]string {
	return map[string]string{
		"kind": "processor", "arch": "srresnet", "options": `{"channels":4,"blocks":1,"end_kernel":3}`, "scale": "2",
		"degradation": `{"Kind":"sr","Options":{"scale":2}}`, "method": "ra", "lambda": "0.001", "seed": "3", "stage": "abc",
		"training": `{"Steps":5}`,
		"source":   `{"Name":"r","Arch":"shapes-resnet","Options":{"width":8},"Checksum":"00ff"}`,
		"dataset":  `{"Name":"shapes","Images":"f00d","Cut":"crop 32"}`, "code": "1234",
	}
}

func recognizerMetadata() map[string]string {
	return map[string]string{
		"kind": "recognizer", "arch": "shapes-resnet", "options": `{"width":4}`, "classes": "2", "stage": "abc",
		"normalize": `{"Mean":[0.5,0.5,0.5],"Std":[0.25,0.25,0.5]}`, "labels": `["cat","dog"]`,
	}
}

// stored writes the tensors of a small network with the metadata.
func stored(t *testing.T, metadata map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.safetensors")
	architecture, ok := processing.Find("srresnet")
	require.True(t, ok)
	network := architecture.New(1, 2, models.Options{"channels": 4, "blocks": 1, "end_kernel": 3})
	if metadata["kind"] == checkpoint.Recognizer {
		architecture, err := recognizers.Named("shapes-resnet")
		require.NoError(t, err)
		network = architecture.New(1, 2, models.Options{"width": 4})
	}
	require.NoError(t, weights.SaveSafetensors(path, network.Dict(), metadata))
	return path
}

func TestProcessorSaysWhatItIsAndWhereItIsFrom(t *testing.T) {
	c, err := checkpoint.Read(stored(t, processorMetadata()), checkpoint.Processor, checkpoint.Transformer)
	require.NoError(t, err)
	assert.Equal(t, "srresnet", c.Architecture.Name)
	assert.Equal(t, models.Options{"channels": 4, "blocks": 1, "end_kernel": 3}, c.Options)
	assert.Equal(t, 2, c.Scale)
	assert.Equal(t, "sr scale=2", c.Degradation.String())
	assert.Equal(t, map[string]any{"scale": 2}, c.Degradation.Options, "as data.NewDegradation takes it")
	assert.Equal(t, []any{"ra", 0.001, int64(3), "abc", "1234"}, []any{c.Method, c.Lambda, c.Seed, c.Stage, c.Code})
	assert.Equal(t, &checkpoint.Source{Name: "r", Arch: "shapes-resnet", Options: map[string]any{"width": 8}, Checksum: "00ff"}, c.Source)
	assert.Equal(t, &checkpoint.Dataset{Name: "shapes", Images: "f00d", Cut: "crop 32"}, c.Dataset)
	network, err := c.Network()
	require.NoError(t, err)
	assert.Equal(t, c.File.Tensors.Checksum(), network.Dict().Checksum())
}

func TestFilesFromBeforeProvenanceAreRead(t *testing.T) {
	m := processorMetadata()
	for _, added := range []string{"source", "dataset", "code"} {
		delete(m, added)
	}
	c, err := checkpoint.Read(stored(t, m), checkpoint.Processor)
	require.NoError(t, err)
	assert.Nil(t, c.Source)
	assert.Nil(t, c.Dataset)
}

func TestRecognizerSaysItsClasses(t *testing.T) {
	m := recognizerMetadata()
	c, err := checkpoint.Read(stored(t, m), checkpoint.Recognizer)
	require.NoError(t, err)
	assert.Equal(t, []string{"cat", "dog"}, c.Labels)
	assert.Equal(t, models.Normalization{Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.25, 0.25, 0.5}}, c.Normalization)
	network, err := c.Network()
	require.NoError(t, err)
	assert.Equal(t, c.File.Tensors.Checksum(), network.Dict().Checksum())
	delete(m, "labels")
	c, err = checkpoint.Read(stored(t, m), checkpoint.Recognizer)
	require.NoError(t, err)
	assert.Nil(t, c.Labels)
}

func TestUnusableCheckpointsSayWhy(t *testing.T) {
	for name, c := range map[string]struct {
		base        func() map[string]string
		key, value  string // changes the base; value "-" deletes
		kind, wrong string
	}{
		"no metadata":          {func() map[string]string { return nil }, "", "", "processor", "without transfera's metadata; a file is needed that transfera run trained, such as processor.safetensors"},
		"no kind":              {processorMetadata, "kind", "-", "processor", "metadata kind is missing"},
		"other kind":           {processorMetadata, "", "", "recognizer", "the checkpoint of a processor; that of a recognizer is needed"},
		"unknown architecture": {processorMetadata, "arch", "srgan", "processor", `unknown architecture "srgan"; known are srresnet`},
		"unknown recognizer":   {recognizerMetadata, "arch", "lenet", "recognizer", `unknown architecture "lenet"; known are`},
		"no scale":             {processorMetadata, "scale", "-", "processor", "metadata scale is missing"},
		"scale of no network":  {processorMetadata, "scale", "3", "processor", "metadata scale is 3, by which srresnet does not enlarge"},
		"no method":            {processorMetadata, "method", "-", "processor", "metadata method is missing"},
		"no number":            {processorMetadata, "scale", "two", "processor", "metadata scale is damaged"},
		"two numbers":          {processorMetadata, "scale", "2 2", "processor", "metadata scale is damaged: more than one value"},
		"unknown option":       {processorMetadata, "options", `{"depth":3}`, "processor", "metadata options: depth: srresnet has only"},
		"option out of range":  {processorMetadata, "options", `{"channels":0}`, "processor", "metadata options: channels=0"},
		"no degradation kind":  {processorMetadata, "degradation", `{}`, "processor", "metadata degradation is damaged"},
		"other labels":         {recognizerMetadata, "labels", `["cat"]`, "recognizer", "classes is 2 and labels has 1 names"},
		"std of zero":          {recognizerMetadata, "normalize", `{"Mean":[0,0,0],"Std":[0,1,1]}`, "recognizer", "metadata normalize is damaged"},
		"negative classes":     {recognizerMetadata, "classes", "-1", "recognizer", "metadata classes is -1"},
	} {
		t.Run(name, func(t *testing.T) {
			m := maps.Clone(c.base())
			if c.value == "-" {
				delete(m, c.key)
			} else if c.key != "" {
				m[c.key] = c.value
			}
			path := stored(t, m)
			_, err := checkpoint.Read(path, c.kind)
			require.ErrorContains(t, err, c.wrong)
			assert.ErrorContains(t, err, path+": ")
		})
	}
}

func TestTensorsOfAnotherNetworkAreRefused(t *testing.T) {
	m := processorMetadata()
	m["options"] = `{"channels":8}`
	c, err := checkpoint.Read(stored(t, m), checkpoint.Processor)
	require.NoError(t, err)
	_, err = c.Network()
	assert.ErrorContains(t, err, c.File.Path)
}

func TestFilesThatAreNoWeightsAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text.safetensors")
	require.NoError(t, os.WriteFile(path, []byte("hello"), 0o666))
	_, err := checkpoint.Read(path, checkpoint.Processor)
	assert.ErrorContains(t, err, path+": a text file; expected weights")
	_, err = checkpoint.Read(filepath.Join(t.TempDir(), "absent"), checkpoint.Processor)
	assert.ErrorIs(t, err, os.ErrNotExist)
}
