package fuzztest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

var kept []byte

// failing is a test that notes its failure.
type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Helper()               {}
func (f *failing) Fatalf(string, ...any) { f.failed = true }

func TestAllocationsBeyondTheBoundFail(t *testing.T) {
	b := Bound{Bytes: 1 << 20, PerByte: 100}
	for name, c := range map[string]struct {
		size, allocate int
		fails          bool
	}{
		"nothing":              {0, 0, false},
		"within":               {0, 1 << 19, false},
		"beyond":               {0, 1<<20 + 1, true},
		"within, of an input":  {1 << 20, 99 << 20, false},
		"beyond, of an input":  {1 << 20, 102 << 20, true},
		"beyond, though freed": {0, 64 << 20, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := &failing{TB: t}
			Hold(f, b, c.size, func() { kept = make([]byte, c.allocate); kept = nil })
			assert.Equal(t, c.fails, f.failed)
		})
	}
}
