package main

import (
	"crypto/sha256"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sums are those of all files of all stages but the records, which hold times.
func sums(t *testing.T, p place) map[string][32]byte {
	t.Helper()
	all := map[string][32]byte{}
	folder := filepath.Join(p.cache, "objects")
	for _, name := range filesBelow(t, folder) {
		if !strings.HasPrefix(filepath.Base(name), "stage.json") {
			data, err := os.ReadFile(filepath.Join(folder, name))
			require.NoError(t, err)
			all[name] = sha256.Sum256(data)
		}
	}
	return all
}

// The short form of scripts/kill-resume.sh.
func TestKilledRunsGoOnToTheSameBits(t *testing.T) {
	peace, p := newPlace(t), newPlace(t)
	const suite = "testdata/tiny"
	began := time.Now()
	alone, output := process(append([]string{"run", suite}, peace.flags("--jobs", "2")...)...)
	require.NoError(t, alone.Run(), output)
	took := time.Since(began)

	random := rand.New(rand.NewPCG(1, 0))
	killed := 0
	for range 3 {
		command, output := process(append([]string{"run", suite}, p.flags("--jobs", "2")...)...)
		require.NoError(t, command.Start())
		time.Sleep(took/8 + time.Duration(random.Float64()*float64(took)/3))
		require.NoError(t, command.Process.Kill())
		if err := command.Wait(); err != nil {
			require.EqualError(t, err, "signal: killed", output)
			killed++
		}
	}
	assert.Positive(t, killed, "a run was met at work")
	got := p.run(t, suite)
	require.NoError(t, got.err, got.stderr)
	assert.Equal(t, sums(t, peace), sums(t, p))
	for _, name := range []string{"cells.csv", "gains.csv", "tables/every.txt"} {
		assert.Equal(t, peace.read(t, name), p.read(t, name), name)
	}
	assert.ElementsMatch(t, filesBelow(t, peace.out), filesBelow(t, p.out), "no temporary file is left")
	for _, name := range filesBelow(t, p.cache) {
		assert.False(t, strings.HasSuffix(name, ".tmp"), name)
	}
}
