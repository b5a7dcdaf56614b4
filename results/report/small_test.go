package report_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfera/results"
	"transfera/results/report"
)

const specText = `title: Transfer <script>alert(1)</script> & more
paper: Table 2
dataset: imagenet
degradations: {sr: {kind: sr, options: {scale: 4}}}
tasks: [sr]
methods: [none, plain, ra]
lambda: {ra: [0.001]}
sources: [resnet18]
evaluators: [resnet18, vgg16_bn]
seeds: [0]
`

// gain is one of the method ra at lambda 0.001 unless said otherwise.
func gain(task, method, source, evaluator, metric string, value, p float64, seeds int) results.Gain {
	g := results.Gain{
		Experiment: "transfer", Task: task, Method: method, Lambda: "0.001", Source: source, Evaluator: evaluator,
		Dataset: "imagenet", Metric: metric, Gain: value, CILow: value - 1, CIHigh: value + 1, P: p, PHolm: p,
		Test: "McNemar exact", NImages: 500, NSeeds: seeds,
	}
	if seeds == 1 {
		g.Warnings = []string{"1 seed: the interval is over images only"}
	}
	return g
}

// small writes an output folder of one experiment with published numbers beside it.
func small(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	cell := func(method, lambda, source, evaluator string, value float64, key string) results.Cell {
		return results.Cell{
			Experiment: "transfer", Task: "sr", Method: method, Lambda: lambda, Source: source, Evaluator: evaluator,
			Dataset: "imagenet", Metric: "top1", Value: value, CILow: value - 2, CIHigh: value + 2, N: 500, Key: key,
		}
	}
	cells := []results.Cell{
		cell("none", "", "", "resnet18", 40, "k0"), cell("none", "", "", "vgg16_bn", 39, "k1"),
		cell("plain", "0", "", "resnet18", 52, "k2"), cell("plain", "0", "", "vgg16_bn", 50, "k3"),
		cell("ra", "0.001", "resnet18", "resnet18", 61, "k4"), cell("ra", "0.001", "resnet18", "vgg16_bn", 58, "k5"),
	}
	gains := []results.Gain{
		gain("sr", "ra", "resnet18", "resnet18", "top1", 9, 0.0001, 1),
		gain("sr", "ra", "resnet18", "vgg16_bn", "top1", 8, 0.2, 1),
	}
	published, err := results.LoadPublished()
	require.NoError(t, err)
	table, err := results.Build(results.TableSpec{
		Title: "Transfer <script>alert(1)</script> & more", Rows: []string{"task", "method"}, Columns: "evaluator",
		Metrics: []string{"top1"}, Tasks: map[string]string{"sr": "scale=4"},
	}, cells, gains, published, nil)
	require.NoError(t, err)
	require.NoError(t, results.WriteCells(filepath.Join(folder, "cells.csv"), cells))
	require.NoError(t, results.WriteGains(filepath.Join(folder, "gains.csv"), gains))
	require.NoError(t, results.WriteTables(filepath.Join(folder, "tables"), "transfer", table))
	require.NoError(t, results.WriteManifest(filepath.Join(folder, "manifest.json"), results.Manifest{
		Suite: `a "suite" </script>`, Command: []string{"transfera", "run", "x"}, Code: results.Code{Revision: "abc"},
		Specs:   []results.SpecFile{results.NewSpecFile("specs/transfer.yaml", []byte(specText))},
		Started: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC),
		Recognizers: []results.Recognizer{{Name: "vgg16_bn", Architecture: "vgg16_bn", Weights: "vgg16_bn.pth",
			Checksum: "5e1ec7ab1e", Clean: map[string]float64{"top1": 73.4}}},
		Stages: []results.Stage{
			{Key: "p", Kind: "processor", Name: "sr ra 0.001", Seconds: 12.5, Weights: map[string]string{"processor.safetensors": "c0ffee"}},
			{Key: "k5", Kind: "recognition", Name: "sr ra judged by vgg16_bn", Seconds: 1.5, Inputs: []string{"p"}},
		},
		Warnings: []string{"3 pictures were left out"},
	}))
	return folder
}

// written makes the report of a folder.
func written(t *testing.T, folder string) string {
	t.Helper()
	path, err := report.Write(folder)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(folder, "report.html"), path)
	return read(t, path)
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func put(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
}

var absent = math.NaN()
