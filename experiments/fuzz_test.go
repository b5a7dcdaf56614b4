package experiments

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzLoad throws text at the loader, as a spec and as an override. It must answer with
// an experiment that writes out and loads again, or with errors that have a place.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"*/*.yaml", "testdata/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(string(text), "training.steps=3")
		}
	}
	f.Add("extends: BASE\ntasks: [sr]", "tables[0].where.lambda=[1e-3]")
	f.Add("a: &a [*a]\n<<: *a", "a[0][1].b={c: !!binary d}")
	base, err := os.ReadFile("testdata/base.yaml")
	require.NoError(f, err)
	dir := f.TempDir()
	require.NoError(f, os.WriteFile(filepath.Join(dir, "base.yaml"), base, 0o600))

	f.Fuzz(func(t *testing.T, spec, set string) {
		path := writtenIn(t, dir, "spec.yaml", spec)
		for _, opts := range []Options{{}, {Set: []string{set}}, {Profile: "full"}} {
			e, diags := Load(path, testNames(), opts)
			_ = diags.Error() // printing must not fail either
			if e == nil {
				require.True(t, diags.HasErrors())
				for _, d := range diags {
					assert.NotEmpty(t, d.Summary)
					assert.NotEmpty(t, d.File)
				}
				continue
			}
			require.NoError(t, diags.Err())
			again, diags := Load(writtenIn(t, dir, "again.yaml", string(e.Resolved)), testNames(), Options{})
			require.NoError(t, diags.Err(), "%s", e.Resolved)
			assert.Equal(t, e.Spec, again.Spec)
		}
	})
}
