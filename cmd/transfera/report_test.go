package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReportIsMadeOfTheOutputFolderAlone(t *testing.T) {
	p := newPlace(t)
	require.NoError(t, p.run(t, "testdata/partly/good.yaml").err)
	byRun := p.read(t, "report.html")
	assert.Contains(t, byRun, "What works", "the experiment's title")
	assert.Contains(t, byRun, "processor.safetensors ", "the checkpoint of a number")

	moved := filepath.Join(t.TempDir(), "moved")
	require.NoError(t, os.Rename(p.out, moved))
	require.NoError(t, os.RemoveAll(p.cache))
	file := filepath.Join(moved, "report.html")
	require.NoError(t, os.Remove(file))
	got := transfera(t, "report", moved)
	require.NoError(t, got.err, got.stderr)
	assert.Equal(t, file+"\n", got.stdout)
	again, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, byRun, string(again))
}

func TestReportSaysWhatIsMissingAndWhatToDo(t *testing.T) {
	folder := t.TempDir()
	got := transfera(t, "report", folder)
	require.Error(t, got.err)
	assert.Equal(t, "transfera: "+folder+"/manifest.json is missing, so "+folder+" is no complete output folder of transfera run; "+
		"run the suite again to write it anew, what is cached is not computed again\n", got.stderr)
	assert.Empty(t, filesBelow(t, folder))
	assert.Contains(t, transfera(t, "report", "--help").stdout, "transfera report results/out/embedded")
}
