package process_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"transfera/runner/process"
)

func TestWhatTheKernelTookBackIsStillHeld(t *testing.T) {
	status := func(anonymous, files, shared, swapped int) string {
		return fmt.Sprintf("Name:\ttransfera\nVmHWM:\t  999 kB\nRssAnon:\t%8d kB\nRssFile:\t%8d kB\nRssShmem:\t%8d kB\nVmSwap:\t%8d kB\nThreads:\t9\n",
			anonymous, files, shared, swapped)
	}
	at := func(status string) int64 {
		bytes, ok := process.Held(status)
		assert.True(t, ok, status)
		return bytes >> 10
	}
	quiet := at(status(70_000, 140_000, 0, 0))
	assert.EqualValues(t, 210_000, quiet)
	assert.EqualValues(t, 1_000_070, at(status(70, 1_000_000, 0, 0)), "a larger libtorch")
	assert.InDelta(t, quiet, at(status(70_000, 5_000, 0, 0)), 2_000, "the libraries' pages taken back")
	assert.EqualValues(t, quiet, at(status(20_000, 140_000, 1_000, 49_000)), "its own written to swap")
	_, ok := process.Held("Name:\ttransfera\nVmRSS:\t 210000 kB\n")
	assert.False(t, ok, "a kernel that does not tell")
}
