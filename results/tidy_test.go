package results_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cells.csv")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func TestCellsSurviveTheFileBitForBit(t *testing.T) {
	cells := []results.Cell{
		{Experiment: "a,\"b\"\nc", Seed: -3, Task: "sr", Method: "ra", Lambda: results.FormatLambda(1e-3), Source: "s", Evaluator: "e",
			Dataset: "d", Metric: "psnr", Value: 0.1 + 0.2, CILow: math.Nextafter(0.3, 0), CIHigh: 1e300, N: 1000, Key: "k"},
		{Experiment: "a", Task: "sr", Method: "none", Metric: "psnr", Value: math.Inf(1), CILow: math.NaN(), CIHigh: math.NaN()},
		{Experiment: "b", Task: "sr", Method: "none", Metric: "psnr", Value: math.NaN(), CILow: math.NaN(), CIHigh: math.NaN()},
	}
	path := filepath.Join(t.TempDir(), "out", "cells.csv")
	require.NoError(t, results.WriteCells(path, cells))
	back, err := results.ReadCells(path)
	require.NoError(t, err)
	require.Len(t, back, len(cells))
	first := slices.IndexFunc(back, func(c results.Cell) bool { return c.Method == "ra" })
	assert.Equal(t, cells[0], back[first])
	infinite := slices.IndexFunc(back, func(c results.Cell) bool { return c.Experiment == "a" })
	assert.Equal(t, math.Inf(1), back[infinite].Value)
	assert.True(t, math.IsNaN(back[infinite].CILow))
	absent := slices.IndexFunc(back, func(c results.Cell) bool { return c.Experiment == "b" })
	assert.True(t, math.IsNaN(back[absent].Value))
}

func TestCellsAreSortedWhateverTheirOrder(t *testing.T) {
	cells, _ := fixture(t)
	reversed := slices.Clone(cells)
	slices.Reverse(reversed)
	folder := t.TempDir()
	require.NoError(t, results.WriteCells(filepath.Join(folder, "a.csv"), cells))
	require.NoError(t, results.WriteCells(filepath.Join(folder, "b.csv"), reversed))
	assert.Equal(t, read(t, filepath.Join(folder, "a.csv")), read(t, filepath.Join(folder, "b.csv")))
}

func TestCellsFollowThePapersOrder(t *testing.T) {
	row := func(task, method, lambda, evaluator string, seed int64) results.Cell {
		return results.Cell{Task: task, Method: method, Lambda: lambda, Evaluator: evaluator, Seed: seed, Metric: "top1"}
	}
	want := []results.Cell{
		row("sr", "none", "", "resnet18", 0),
		row("sr", "plain", "0", "resnet18", 0),
		row("sr", "ra", "1e-05", "resnet18", 0),
		row("sr", "ra", "0.001", "", 0),
		row("sr", "ra", "0.001", "resnet18", 2),
		row("sr", "ra", "0.001", "resnet18", 10),
		row("sr", "ra", "0.001", "resnet101", 0),
		row("sr", "ra", "10", "resnet18", 0),
		row("sr", "another", "", "resnet18", 0),
		row("dn", "none", "", "resnet18", 0),
		row("blur", "none", "", "resnet18", 0),
	}
	shuffled := slices.Clone(want)
	slices.Reverse(shuffled)
	path := filepath.Join(t.TempDir(), "cells.csv")
	require.NoError(t, results.WriteCells(path, shuffled))
	got, err := results.ReadCells(path)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestReadCellsSaysWhereItStumbles(t *testing.T) {
	const header = "experiment,seed,task,method,lambda,source,evaluator,dataset,metric,value,ci_low,ci_high,n,key\n"
	const good = "e,0,sr,ra,0.001,s,e,d,top1,61.5,60,63,1000,k\n"
	tests := []struct{ name, text, want string }{
		{"empty file", "", ": empty; expected the header experiment,seed,"},
		{"another header", "a,b\n1,2\n", ":1: header is a,b; expected experiment,seed,"},
		{"bad number", header + good + "e,0,sr,ra,0.001,s,e,d,top1,high,60,63,1000,k\n", `:3: value: "high" is not a number or nothing`},
		{"bad seed", header + "e,first,sr,ra,0.001,s,e,d,top1,1,60,63,1000,k\n", `:2: seed: "first" is not a whole number`},
		{"bad n", header + "e,0,sr,ra,0.001,s,e,d,top1,1,60,63,,k\n", `:2: n: "" is not a whole number`},
		{"too few fields", header + good + good + "e,0,sr\n", ":4: wrong number of fields"},
		{"open quote", header + "\"e,0\n", ":2: extraneous or missing \" in quoted-field"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, test.text)
			cells, err := results.ReadCells(path)
			assert.ErrorContains(t, err, path+test.want)
			assert.Nil(t, cells)
		})
	}
	_, err := results.ReadCells(filepath.Join(t.TempDir(), "absent.csv"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestLambdaHasOneSpelling(t *testing.T) {
	for lambda, want := range map[float64]string{0: "0", 1e-3: "0.001", 1e-5: "1e-05", 10: "10", 0.1: "0.1"} {
		assert.Equal(t, want, results.FormatLambda(lambda))
	}
}
