package data

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
)

// golden reads a file written by scripts/goldens/data.py.
func golden(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "testdata", "data", name))
	require.NoError(t, err)
	return content
}

// Seeds come from Python's hashlib, draws from torch.randn of a generator with that seed.
func TestTrainingNoiseHasTheDocumentedSeedAndTorchsDraws(t *testing.T) {
	var cases []struct {
		Seed, Derived string
		Epoch, Index  int
		Draws         []float32
	}
	require.NoError(t, json.Unmarshal(golden(t, "noise.json"), &cases))
	require.Len(t, cases, 3)
	for _, c := range cases {
		seed, err := strconv.ParseUint(c.Seed, 10, 64)
		require.NoError(t, err)
		derived := noiseSeed(seed, c.Epoch, c.Index)
		assert.Equal(t, c.Derived, strconv.FormatUint(derived, 10))
		draws := make([]float32, 3*24*24)
		aten.NewGenerator(derived).FillNormal(draws)
		assert.InDeltaSlice(t, c.Draws, draws[:len(c.Draws)], 1e-6)
	}
}

// Cached results and checkpoints rest on these orders, so neither Go releases nor edits here may change them.
func TestPermutationsStayTheSameForever(t *testing.T) {
	assert.Equal(t, []int{3, 4, 7, 11, 2, 8, 10, 9, 0, 5, 6, 1}, newStream("order", 5, 0).permutation(12))
}

func TestPermutationsAreUniform(t *testing.T) {
	const rounds = 6000
	counts := map[[3]int]int{}
	s := newStream("test", 1)
	for range rounds {
		counts[[3]int(s.permutation(3))]++
	}
	require.Len(t, counts, 6)
	for order, count := range counts {
		assert.InDelta(t, rounds/6, count, 150, "order %v", order) // 5 standard deviations
	}
}

func TestStreamsDifferInNameAndEveryNumber(t *testing.T) {
	keys := [][32]byte{
		streamKey("a", 1, 2), streamKey("b", 1, 2), streamKey("a", 2, 2), streamKey("a", 1, 3), streamKey("a", 1), streamKey("a"),
	}
	for i, key := range keys {
		assert.Equal(t, i, slices.Index(keys, key))
	}
}
