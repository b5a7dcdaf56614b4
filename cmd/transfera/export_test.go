package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/models"
)

func TestExportListsWhatItWrote(t *testing.T) {
	folder := t.TempDir()
	model := untrained(t, filepath.Join(folder, "model.safetensors"), "srresnet", 2, models.Options{"channels": 4})
	out := filepath.Join(folder, "out")
	got := transfera(t, "export", "--model", model, "--out", out)
	require.NoError(t, got.err, got.stderr)
	assert.Equal(t, filepath.Join(out, "processor.safetensors")+"\n"+filepath.Join(out, "run.py")+"\n"+filepath.Join(out, "README.txt")+"\n", got.stdout)
	assert.Equal(t, []string{"README.txt", "processor.safetensors", "run.py"}, filesBelow(t, out))

	got = transfera(t, "export", "--model", filepath.Join(out, "run.py"), "--out", filepath.Join(folder, "again"))
	require.Error(t, got.err)
	assert.Contains(t, got.stderr, "run.py: a text file; expected weights")
	assert.Empty(t, filesBelow(t, filepath.Join(folder, "again")))
}
