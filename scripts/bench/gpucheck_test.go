package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
)

// gpuCheck runs scripts/gpu-check.sh and returns its table. It needs no PyTorch, which "none" is not.
func gpuCheck(t *testing.T, args ...string) (table string, err error) {
	t.Helper()
	out := t.TempDir()
	script := exec.Command("../gpu-check.sh", append([]string{"--quick", "--python", "none"}, args...)...)
	script.Env = append(os.Environ(), "OUT="+out)
	var said bytes.Buffer
	script.Stdout, script.Stderr = &said, &said
	err = script.Run()
	log, _ := os.ReadFile(filepath.Join(out, "gpu-check.log"))
	t.Logf("%s\n%s", said.String(), log[max(0, len(log)-3000):])
	text, readErr := os.ReadFile(filepath.Join(out, "gpu-check.txt"))
	require.NoError(t, readErr)
	return string(text), err
}

func TestGPUCheckDoesOnTheCPUWhatACPUCan(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("there is no python3 to compare cells with")
	}
	prepared, err := exec.Command("../gpu-check.sh", "--prepare").CombinedOutput()
	require.NoError(t, err, "%s", prepared)
	table, err := gpuCheck(t, "--device", "cpu")
	require.NoError(t, err, table)
	for _, part := range []string{"tests", "smoke", "accuracy", "loader", "sweep"} {
		assert.Regexp(t, `(?m)^`+part+` +ok `, table)
	}
	assert.Regexp(t, `(?m)^tests .*aten \d+; metrics \d+; models/processing \d+; runner/training \d+`, table)
	assert.Regexp(t, `(?m)^bench +left-out `, table)

	if aten.CUDAAvailable() {
		return
	}
	table, err = gpuCheck(t, "--device", "cuda")
	assert.Error(t, err, "no part may pass for done that was not")
	for _, part := range []string{"native", "tests", "smoke", "sweep"} {
		assert.Regexp(t, `(?m)^`+part+` +FAILED `, table, "a part that fails does not stop the others")
	}
	assert.Regexp(t, `(?m)^native .*none can't import torch`, table)
}

func TestModesGiveEachStepItsOpponents(t *testing.T) {
	o := options{works: "ra-step,ssim", modes: "eager,compile", batches: "4,8", device: "cuda", size: 32}
	chosen, err := o.chosen()
	require.NoError(t, err)
	var names []string
	for _, p := range chosen {
		names = append(names, p.Work+" / "+p.peer())
		assert.Equal(t, p.Kind == "step", p.Mode.CUDAGraph)
	}
	assert.Equal(t, []string{
		"ra-step batch 4 / PyTorch fp32", "ra-step batch 4 / torch.compile bf16 channels-last", "ssim batch 4 / PyTorch",
		"ra-step batch 8 / PyTorch fp32", "ra-step batch 8 / torch.compile bf16 channels-last", "ssim batch 8 / PyTorch",
	}, names)
	o.device = "cpu"
	chosen, err = o.chosen()
	require.NoError(t, err)
	assert.False(t, chosen[0].Mode.CUDAGraph, "a CPU captures nothing")
	for _, wrong := range []options{{batches: "0", works: "all"}, {batches: "x", works: "all"}, {batches: "1", works: "all", modes: "fast"}} {
		_, err := wrong.chosen()
		assert.Error(t, err)
	}
}

func TestCellsAreComparedCellByCellOrByTheSeedsNoise(t *testing.T) {
	const head = "experiment,seed,task,method,lambda,source,evaluator,dataset,metric,value\n"
	row := func(seed, value string) string { return "e," + seed + ",dn,plain,,,,shapes,psnr," + value + "\n" }
	cases := map[string]struct {
		how, a, b string
		ok        bool
	}{
		"equal":                      {"same", row("0", "20"), row("0", "20"), true},
		"rounding":                   {"same", row("0", "20"), row("0", "20.05"), true},
		"other values":               {"same", row("0", "20"), row("0", "20.5"), false},
		"no number":                  {"same", row("0", "20"), row("0", "nan"), false},
		"other cells":                {"same", row("0", "20"), row("1", "20"), false},
		"means within the noise":     {"noise", row("0", "20") + row("1", "21"), row("0", "20.5") + row("1", "21.5"), true},
		"means outside of the noise": {"noise", row("0", "20") + row("1", "20.01"), row("0", "20.5") + row("1", "20.5"), false},
		"nothing":                    {"noise", "", "", false},
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			a, b := filepath.Join(folder, "a.csv"), filepath.Join(folder, "b.csv")
			require.NoError(t, os.WriteFile(a, []byte(head+c.a), 0o666))
			require.NoError(t, os.WriteFile(b, []byte(head+c.b), 0o666))
			said, err := exec.Command(python, "cells.py", c.how, a, b).CombinedOutput()
			assert.Equal(t, c.ok, err == nil, "%s", said)
			assert.Contains(t, string(said), map[bool]string{true: "largest difference", false: ""}[c.ok])
		})
	}
}
