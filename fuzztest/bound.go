// Package fuzztest holds fuzz targets to what is promised about untrusted input: how much memory reading it may take, and that
// it ends. It is for tests alone.
package fuzztest

import (
	"fmt"
	"runtime/metrics"
	"testing"
	"time"
)

// Bound is what reading one input may take. Allocations count whether or not they are freed meanwhile, so the memory that is
// held at once is less.
type Bound struct {
	Bytes   uint64        // allocated in any case
	PerByte uint64        // and for each byte of the input
	Time    time.Duration // 0 is 20 seconds, which a busy machine needs
}

// Of is the bound for an input of so many bytes.
func (b Bound) Of(size int) uint64 { return b.Bytes + b.PerByte*uint64(size) }

// Hold calls work, which reads an input of so many bytes, and fails t where that allocates more than b. Where it takes longer it
// panics, for a target that never returns would stop the fuzzer without telling the input.
func Hold(t testing.TB, b Bound, size int, work func()) {
	t.Helper()
	if allocated := Allocated(b, work); allocated > b.Of(size) {
		t.Fatalf("%d bytes were allocated for an input of %d; the bound is %d", allocated, size, b.Of(size))
	}
}

// Allocated is the number of bytes that work allocates on Go's heap, for bounds that depend on what was read. Other goroutines
// count too.
func Allocated(b Bound, work func()) uint64 {
	limit := b.Time
	if limit == 0 {
		limit = 20 * time.Second
	}
	late := time.AfterFunc(limit, func() { panic(fmt.Sprintf("an input takes longer than %v", limit)) })
	defer late.Stop()
	before := allocated()
	work()
	return allocated() - before
}

// allocated is cheap enough for every execution, unlike runtime.ReadMemStats, which stops the world.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
