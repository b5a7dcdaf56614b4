package aten_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "transfera/aten"
	"transfera/aten/atentest"
)

func mebibytes(s *Scope, value float64, count int) Tensor { return Full(s, value, count, 1<<18) }

// The process is one of its own, for what other tests left behind is not to be in the way.
func TestMemoryOfFreedTensorsIsKeptAndBounded(t *testing.T) {
	if os.Getenv("TRANSFERA_MEMORY_TEST") == "" {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemoryOfFreedTensorsIsKeptAndBounded$")
		command.Env = append(os.Environ(), "TRANSFERA_MEMORY_TEST=1")
		said, err := command.CombinedOutput()
		require.NoError(t, err, "%s", said)
		return
	}
	NewGenerator(1) // libtorch is ready
	own := func() int { return int(atentest.Take(t).Own >> 20) }
	base := own()
	sizes := []int{64, 3, 40, 1, 17, 33, 8, 50, 2, 29, 60, 5}
	most := 0
	for i := range 150 {
		s := NewScope()
		a, b := sizes[i%len(sizes)], sizes[(i*5+1)%len(sizes)]
		c := sizes[(i*7+2)%len(sizes)]
		first := mebibytes(s, 1, a)
		within := NewScope()
		mebibytes(within, 2, b)
		within.Close()
		last := mebibytes(s, 3, c)
		require.InDelta(t, 1, Mean(first).Item(), 1e-3, "step %d", i)
		require.InDelta(t, 3, Mean(last).Item(), 1e-3, "step %d", i)
		s.Close()
		most = max(most, a+max(b, c))
		require.LessOrEqual(t, own()-base, most+12, "step %d", i)
	}
	assert.GreaterOrEqual(t, own()-base, most/2, "nothing was kept")
	ReleaseMemory()
	assert.LessOrEqual(t, own()-base, 12, "something stayed")

	s := NewScope()
	defer s.Close()
	kept := mebibytes(s, 3, 5)
	ReleaseMemory()
	for _, value := range kept.Floats() {
		if value != 3 {
			t.Fatal("a tensor in use was given back")
		}
	}
}
