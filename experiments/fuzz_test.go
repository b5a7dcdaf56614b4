package experiments

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/fuzzing"
)

// FuzzLoad throws text at the loader, as a spec and as an override, with the spec's own profile or another one. It must answer
// with an experiment that writes out and loads again, or with errors that have a place.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"*/*.yaml", "testdata/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(f, err)
			if len(text) < 1000 { // small seeds keep mutations fast
				f.Add(string(text), "training.steps=3", "")
			}
		}
	}
	f.Add("extends: base.yaml\ntasks: [dn]", "tables[0].where.lambda=[1e-3]", "full")
	f.Add("extends: base.yaml\nprofiles: {full: {training: {steps: 7}}}\nboundary: {images: 4}", "", "full")
	f.Add("a: &a [*a]\n<<: *a", "a[0][1].b={c: !!binary d}", "\x00")
	f.Add("a: &a [0,0,0,0,0,0,0,0]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]", "", "")
	base, err := os.ReadFile("testdata/base.yaml")
	require.NoError(f, err)
	dir := f.TempDir()
	writtenIn(f, dir, "base.yaml", string(base))
	names := testNames()

	f.Fuzz(func(t *testing.T, spec, set, profile string) {
		path := writtenIn(t, dir, "spec.yaml", spec)
		opts := Options{Profile: profile}
		if set != "" {
			opts.Set = []string{set}
		}
		var e *Experiment
		var diags Diagnostics
		// Aliases may multiply a short text to mostNodes values.
		bound := fuzzing.Bound{Bytes: 2048 * mostNodes, PerByte: 64 << 10}
		fuzzing.Hold(t, bound, len(spec)+len(set), func() {
			e, diags = Load(path, names, opts)
			_ = diags.Error() // printing must not fail either
		})
		if e == nil {
			require.True(t, diags.HasErrors())
			for _, d := range diags {
				require.NotEmpty(t, d.Summary)
				require.NotEmpty(t, d.File)
			}
			return
		}
		require.NoError(t, diags.Err())
		again, diags := Load(writtenIn(t, dir, "again.yaml", string(e.Resolved)), names, Options{})
		require.NoError(t, diags.Err(), "%s", e.Resolved)
		require.Equal(t, e.Spec, again.Spec)
	})
}
