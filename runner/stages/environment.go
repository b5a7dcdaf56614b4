// Package stages turns the experiments of a suite into a plan, and holds what the stages of a plan do:
//
//	recognizer   trains R, or reads its weights
//	processor    trains P, and T where the method has one
//	quality      compares the images of one P with their targets
//	recognition  lets one R judge the images of one P
//	boundary     compares the decision boundaries of several R
//	study        makes pictures, with labels, for people to compare
//	pictures     makes pictures to look at, of images chosen by rule
//	table        makes the cells, gains, tables and figures of one experiment
package stages

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"

	"transfera/aten"
	"transfera/runner/dag"
	"transfera/runner/ranks"
	"transfera/runner/store"
)

// jobKinds are the kinds of stages that a cluster computes.
var jobKinds = []string{"recognizer", "processor", "quality", "recognition", "boundary", "pictures", "study"}

// MadeHere tells whether a stage takes so little that it is no job for a cluster: tables are made where the run is.
func MadeHere(s *dag.Stage) bool { return s.Kind == "table" }

// KindOf is the kind of a stage as specs and the list above name it: the boundary stages are of one kind.
func KindOf(s *dag.Stage) string {
	kind, _, _ := strings.Cut(s.Kind, " ")
	return kind
}

// Environment is what stages compute with. None of it changes a result, but for rounding where it says so.
type Environment struct {
	Store  *store.Store
	Device aten.Device
	// Threads is how many threads an operator may use. CPU results are the same bits for one number of threads.
	Threads int
	// LoaderWorkers is how many goroutines prepare the images of one stage.
	LoaderWorkers int
	// Code is the revision of the program, for what is trained; "" if unknown.
	Code string
	// Place is which of how many processes this is. Those of a run train and evaluate together.
	Place ranks.Place
	// World is the processes of the run that this one, of rank 0, is computing; nil for one process.
	World *ranks.World
	// Reading, unless nil, is called while datasets are read for a plan: what is done, and how far it is.
	Reading func(what string, done, total int)
}

// compute makes a stage's Compute of f: on one OS thread, since libtorch's modes and thread counts belong to threads, with
// what libtorch refuses as an error.
func (e *Environment) compute(f func(ctx context.Context, job *dag.Job) error) func(ctx context.Context, job *dag.Job) error {
	return func(ctx context.Context, job *dag.Job) error {
		return e.guarded(func() error { return f(ctx, job) })
	}
}

// probe makes a stage's Probe of f, likewise.
func (e *Environment) probe(f func(ctx context.Context) (float64, error)) func(ctx context.Context) (float64, error) {
	return func(ctx context.Context) (seconds float64, err error) {
		err = e.guarded(func() error { seconds, err = f(ctx); return err })
		return seconds, err
	}
}

func (e *Environment) guarded(f func() error) (err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer aten.ReleaseMemory()
	aten.SetThreads(e.Threads)
	if native := aten.Catch(func() { err = f() }); native != nil {
		return native
	}
	return err
}

// streamSeed is the seed of a named random stream: the first 8 bytes, little-endian, of the SHA-256 of
// "transfera/NAME/SEED".
func streamSeed(name string, seed int64) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "transfera/%s/%d", name, seed))
	return binary.LittleEndian.Uint64(sum[:8])
}
