package atentest_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/aten/atentest"
)

func TestFootprintsShowWhatStaysAndNothingElse(t *testing.T) {
	atentest.CountTensors()
	x := aten.Full(nil, 1, 10)
	before := atentest.Take(t)
	s := aten.NewScope()
	for range 100 {
		aten.Full(s, 0, 4)
		aten.Full(nil, 0, 4) // the collector's
		aten.Add(x, x)
	}
	view := aten.Narrow(aten.Full(nil, 0, 1<<20), 0, 0, 1) // holds all of it
	held := atentest.Take(t)
	assert.Equal(t, int64(101), held.Tensors-before.Tensors)
	assert.Equal(t, int64(100*4*4+4<<20), held.TensorBytes-before.TensorBytes)
	if before.Native >= 0 {
		assert.Greater(t, held.Native-before.Native, int64(4<<20+100*300))
	}
	runtime.KeepAlive(view)
	s.Close()

	end := make(chan struct{})
	go func() { <-end }()
	file, err := os.Open(os.DevNull)
	require.NoError(t, err)
	words := make([]byte, 1<<20)
	other := atentest.Take(t)
	assert.Equal(t, before.Tensors, other.Tensors)
	assert.Equal(t, before.TensorBytes, other.TensorBytes)
	assert.Equal(t, int64(1), other.Goroutines-before.Goroutines)
	assert.Equal(t, int64(1), other.Files-before.Files)
	assert.InDelta(t, 1<<20, other.Heap-before.Heap, 64<<10)
	assert.Positive(t, other.Own)
	runtime.KeepAlive(words)
	require.NoError(t, file.Close())
	close(end)
	runtime.KeepAlive(x)
}
