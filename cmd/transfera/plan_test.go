package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// forecast reads the hours of an experiment: until done, in all, beyond those above; and the stages never timed.
func forecast(t *testing.T, stdout, experiment string) []float64 {
	t.Helper()
	for _, line := range strings.Split(stdout, "\n") {
		if fields := strings.Fields(line); len(fields) == 5 && fields[0] == experiment {
			var values []float64
			for _, f := range fields[1:] {
				v, err := strconv.ParseFloat(f, 64)
				require.NoError(t, err, line)
				values = append(values, v)
			}
			return values
		}
	}
	require.Fail(t, "no line of "+experiment, stdout)
	return nil
}

// The rates are those of a machine with GPUs on which a step takes hours.
func TestPlansTellTheHoursOfEachExperimentOnAnotherMachine(t *testing.T) {
	p := newPlace(t)
	base, err := filepath.Abs("testdata/base.yaml")
	require.NoError(t, err)
	folder := t.TempDir()
	const two = "\ntasks: [dn]\nmethods: [plain, ra]\nmetrics: [psnr]\nevaluators: null\ntables: [{rows: [method, lambda], columns: metric}]\n"
	write(t, filepath.Join(folder, "a.yaml"), "extends: "+base+two)
	write(t, filepath.Join(folder, "b.yaml"), "extends: "+base+two+"lambda: {ra: [1, 2]}\n")
	rates := filepath.Join(folder, "rates.json")
	got := transfera(t, append([]string{"plan", folder, "--save-rates", rates, "--threads", "1"}, p.flags()...)...)
	require.NoError(t, got.err, got.stderr)
	assert.NotContains(t, got.stdout, "hours with")

	text, err := os.ReadFile(rates)
	require.NoError(t, err)
	there := strings.NewReplacer("cpu 1 threads", "cuda:0 16 threads", `"device": "cpu"`, `"device": "cuda:0"`, `"threads": 1`, `"threads": 16`).Replace(string(text))
	there = regexp.MustCompile(`("train [^"]*"): [^,\n]*`).ReplaceAllString(there, "$1: 37.5") // seconds per image: 1 hour a P of 12 steps of 8, 1.25 hours an R
	write(t, rates, there)
	got = transfera(t, append([]string{"plan", folder, "--rates", rates, "--gpus", "2"}, p.flags()...)...)
	require.NoError(t, got.err, got.stderr)
	assert.Contains(t, got.stdout, "hours with 2 GPUs, one stage on each\n")
	// An R, then a P of ra by it while plain goes on beside them; b needs one P of ra more.
	assert.InDeltaSlice(t, []float64{2.25, 3.25, 3.25, 0}, forecast(t, got.stdout, "a"), 0.011)
	assert.InDeltaSlice(t, []float64{2.25 + 0, 4.25, 1, 0}, forecast(t, got.stdout, "b"), 0.011)

	got = transfera(t, append([]string{"plan", folder, "--rates", write(t, rates, "{}"), "--gpus", "2"}, p.flags()...)...)
	require.Error(t, got.err)
	assert.Contains(t, got.stderr, "holds none; write it with transfera plan --save-rates")
}
