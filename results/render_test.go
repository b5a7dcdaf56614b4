package results_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
)

var update = flag.Bool("update", false, "rewrite the rendered tables under testdata/results")

const fixtures = "../testdata/results/"

func fixture(t *testing.T) ([]results.Cell, []results.Gain) {
	t.Helper()
	cells, err := results.ReadCells(fixtures + "cells.csv")
	require.NoError(t, err)
	gains, err := results.ReadGains(fixtures + "gains.csv")
	require.NoError(t, err)
	return cells, gains
}

func published(t *testing.T) results.Published {
	t.Helper()
	numbers, err := results.LoadPublished()
	require.NoError(t, err)
	return numbers
}

// specs are the layouts that the renderers are checked on.
var specs = map[string]results.TableSpec{
	"architectures": {
		Title: "Accuracy when evaluator and source differ", Rows: []string{"task", "method"}, Columns: "evaluator",
		Metrics: []string{"top1"}, Where: map[string][]string{"source": {"resnet18"}},
		Tasks: map[string]string{"sr": "scale=4", "dn": "sigma=0.25"},
	},
	"quality": {
		Title: "Image quality beside accuracy", Rows: []string{"task", "method", "lambda"},
		Metrics: []string{"psnr", "psnr_batch", "ssim", "top1"}, Where: map[string][]string{"evaluator": {"resnet18"}},
		Published: "none", Tasks: map[string]string{"sr": "scale=4"},
	},
	"names": {
		Title: `100 % of {x_1} & y^2 | *z* \ ~ <b> #1`, Rows: []string{"method"}, Columns: "evaluator",
		Metrics: []string{"top1"}, Where: map[string][]string{"task": {"sr"}, "evaluator": {"vgg16_bn"}},
	},
}

func build(t *testing.T, name string) *results.Table {
	t.Helper()
	cells, gains := fixture(t)
	table, err := results.Build(specs[name], cells, gains, published(t), []string{"recognizers: torchvision, V1 weights"})
	require.NoError(t, err)
	return table
}

func TestWriteTablesEqualsTheGoldens(t *testing.T) {
	for name := range specs {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if *update {
				folder = fixtures
			}
			require.NoError(t, results.WriteTables(folder, name, build(t, name)))
			for _, extension := range results.TableExtensions {
				want, err := os.ReadFile(fixtures + name + extension)
				require.NoError(t, err)
				got, err := os.ReadFile(filepath.Join(folder, name+extension))
				require.NoError(t, err)
				assert.Equal(t, string(want), string(got), extension)
			}
		})
	}
}

// Every data line of a Markdown table must have as many unescaped bars.
func TestMarkdownKeepsItsColumns(t *testing.T) {
	text, err := build(t, "names").Markdown()
	require.NoError(t, err)
	rows := 0
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		rows++
		assert.Equal(t, 3, strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"), line)
	}
	assert.Equal(t, 2+4, rows)
}

func TestWriteTablesWritesNothingWhereItCannot(t *testing.T) {
	folder := t.TempDir()
	blocked := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(blocked, nil, 0o666))
	assert.ErrorContains(t, results.WriteTables(blocked, "a", build(t, "names")), "a.txt")
}
