package stages

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/experiments"
)

// keysOf lists the keys of all planned stages of a kind.
func keysOf(p *Plan, kind string) (keys []string) {
	for _, s := range p.Graph.Stages {
		if s.Kind == kind {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

func TestSpeedSettingsArePartOfKeysOnlyWhereTheyAreNotTheDefault(t *testing.T) {
	env := environment(t)
	before := planned(t, env, map[string]string{"one": ""})
	same := planned(t, env, map[string]string{"one": "training: {precision: fp32, channels_last: false, cuda_graph: false}"})
	for _, kind := range []string{"recognizer", "processor", "quality", "recognition", "table"} {
		assert.Equal(t, keysOf(before, kind), keysOf(same, kind), kind)
	}
	for _, s := range before.Graph.Stages {
		for _, word := range []string{"Precision", "ChannelsLast", "CUDAGraph"} {
			assert.NotContains(t, string(s.Settings), word, "caches from before these settings stay valid")
		}
	}
	for _, setting := range []string{"precision: tf32", "precision: bf16", "channels_last: true", "cuda_graph: true"} {
		other := planned(t, env, map[string]string{"one": "training: {" + setting + "}"})
		assert.Equal(t, keysOf(before, "recognizer"), keysOf(other, "recognizer"), setting)
		for _, key := range keysOf(other, "processor") {
			assert.False(t, slices.Contains(keysOf(before, "processor"), key), setting)
		}
	}
}

// The text is what keys were made of before there were speed settings.
func TestDefaultTrainingIsWrittenAsBeforeSpeedSettings(t *testing.T) {
	text, err := json.Marshal(experiments.Training{Optimizer: "adam", LearningRate: 0.001, Betas: []float64{0.9, 0.999}, Batch: 8, Steps: 3})
	require.NoError(t, err)
	assert.Equal(t, `{"Optimizer":"adam","LearningRate":0.001,"Betas":[0.9,0.999],"Momentum":0,"Nesterov":false,"WeightDecay":0,`+
		`"Batch":8,"Steps":3,"Epochs":0,"Schedule":null,"CheckpointEvery":0}`, string(text))
}
