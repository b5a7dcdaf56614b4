package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDoctorFindsThisInstallationRight(t *testing.T) {
	p := newPlace(t)
	got := transfera(t, append([]string{"doctor", "testdata/tiny"}, p.flags()...)...)
	require.NoError(t, got.err, got.stdout+got.stderr)
	assert.NotContains(t, got.stdout, "broken")
	for _, line := range []string{"computes a convolution on cpu right", "writes and reads the bytes of Pillow", "runs can share the cache", "data       shapes, "} {
		assert.Contains(t, got.stdout, line)
	}
	assert.Empty(t, filesBelow(t, filepath.Dir(p.out)), "an examination leaves nothing behind")
}

func TestDoctorSaysWhatToDoAboutWhatIsBroken(t *testing.T) {
	file := write(t, filepath.Join(t.TempDir(), "file"), "")
	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"results in a file": {[]string{"--out", filepath.Join(file, "out")}, []string{"broken   results ", "with --out"}},
		"cache in a file":   {[]string{"--cache", file}, []string{"broken   cache ", "is no folder", "with --cache"}},
		"no such device":    {[]string{"--device", "gpu"}, []string{"broken   device ", `unknown device "gpu"`, "choose another --device"}},
		"a spec's mistake":  {[]string{"testdata/tiny", "--set", "dataset=nowhere"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			got := transfera(t, append(append([]string{"doctor"}, p.flags()...), c.args...)...)
			require.Error(t, got.err)
			for _, words := range c.says {
				assert.Contains(t, got.stdout, words)
			}
			assert.Equal(t, c.says == nil, strings.Contains(got.stderr, "nowhere"), got.stderr)
		})
	}
}
