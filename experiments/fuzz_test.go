package experiments

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/fuzztest"
)

// fuzzedBase is what fuzzed specs may extend; a longer one would take most of the time.
const fuzzedBase = `datasets: {d: {kind: shapes}}
degradations: {sr: {kind: sr, options: {scale: 2}}}
recognizers: {r: {arch: shapes-resnet, dataset: d, normalize: {mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}, weights: r.pth}}
processors: {p: {arch: srresnet}}
dataset: d
processor: p
training: {learning_rate: 1e-3, batch: 32, steps: 600}
tasks: [sr]
methods: [plain, ra]
sources: [r]
evaluators: [r]
metrics: [psnr, top1]
`

// FuzzLoad throws text at the loader, as a spec and as an override, with the spec's own profile or another one. It must answer
// with an experiment that writes out and loads again, or with errors that have a place.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"*/*.yaml", "testdata/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(f, err)
			if len(text) < 400 { // small seeds keep mutations fast
				f.Add(string(text), "training.steps=3", "")
			}
		}
	}
	f.Add("extends: base.yaml\ntasks: [sr]", "tables[0].where.lambda=[1e-3]", "full")
	f.Add("extends: base.yaml\nprofiles: {full: {training: {steps: 7}}}\nboundary: {images: 4}", "", "full")
	f.Add("a: &a [*a]\n<<: *a", "a[0][1].b={c: !!binary d}", "\x00")
	f.Add("a: &a [0,0,0,0,0,0,0,0]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]", "", "")
	dir := f.TempDir()
	writtenIn(f, dir, "base.yaml", fuzzedBase)
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
		bound := fuzztest.Bound{Bytes: 2048 * mostNodes, PerByte: 64 << 10}
		fuzztest.Hold(t, bound, len(spec)+len(set), func() {
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
