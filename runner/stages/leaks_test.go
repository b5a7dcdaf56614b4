package stages

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten/atentest"
	"transfera/runner/dag"
	"transfera/runner/store"
)

// leaksVariable is how often trainings step and evaluations run, 10000 or so; without it, often enough to see tensors that
// stay, but not yet what is smaller.
const leaksVariable = "TRANSFERA_BENCH_LEAKS"

const detectorBase = `
datasets:
  objects: {kind: shapes-detection, options: {size: 64, train: 8, val: 4}}
recognizers:
  finder:
    arch: faster-rcnn-shapes-resnet
    options: {width: 4, hidden: 16}
    dataset: objects
    normalize: {mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]}
    train: {optimizer: adam, learning_rate: 1e-3, batch: 2, epochs: 1}
`

// warmUp is when everything was there once: a checkpoint, the end of an epoch.
const warmUp = 40

// marks is how often a footprint is taken after the warm-up.
const marks = 10

// watch takes footprints of what goes on, at equal distances.
type watch struct {
	t       *testing.T
	rounds  int // after the warm-up
	started time.Time
	at      []int
	prints  []atentest.Footprint
}

// newWatch watches so many rounds, rounded down to a multiple of marks.
func newWatch(t *testing.T, rounds int) *watch {
	return &watch{t: t, rounds: rounds / marks * marks, started: time.Now()}
}

// after is told how many rounds are done.
func (w *watch) after(done int) {
	if done < warmUp || (done-warmUp)%(w.rounds/marks) != 0 || len(w.prints) > marks {
		return
	}
	w.at, w.prints = append(w.at, done), append(w.prints, atentest.Take(w.t))
}

// assertFlat allows no tensor, goroutine or file to stay. Of memory it looks at the second half, for threads and libtorch's
// caches are filled for a while: slack is what they may still take of C's and C++'s, and perRound is Go's for each round.
func (w *watch) assertFlat(slack, perRound int64) {
	w.t.Helper()
	require.Len(w.t, w.prints, marks+1)
	var table strings.Builder
	fmt.Fprintf(&table, "%7s %8s %10s %12s %12s %10s %10s %6s\n", "round", "tensors", "bytes", "native", "own", "Go heap", "goroutines", "files")
	for i, f := range w.prints {
		fmt.Fprintf(&table, "%7d %8d %10d %12d %12d %10d %10d %6d\n", w.at[i], f.Tensors, f.TensorBytes, f.Native, f.Own, f.Heap, f.Goroutines, f.Files)
	}
	w.t.Logf("%d rounds in %v\n%s", w.at[marks], time.Since(w.started).Round(time.Second), table.String())
	first, middle, last := w.prints[0], w.prints[marks/2], w.prints[marks]
	assert.Equal(w.t, first.Tensors, last.Tensors, "tensors")
	assert.Equal(w.t, first.TensorBytes, last.TensorBytes, "bytes of tensors")
	assert.Equal(w.t, first.Goroutines, last.Goroutines, "goroutines")
	assert.Equal(w.t, first.Files, last.Files, "open files")
	rounds := int64(w.at[marks] - w.at[marks/2])
	assert.LessOrEqual(w.t, last.Native-middle.Native, slack+8*rounds, "bytes of C and C++")
	assert.LessOrEqual(w.t, last.Heap-middle.Heap, 128<<10+perRound*rounds, "bytes of Go")
	assert.LessOrEqual(w.t, last.Own-middle.Own, int64(32<<20), "bytes of memory")
}

// TestNothingStays runs the stages that a suite runs, with checkpoints and files: trainings of P by the loss with a
// classifier and with a detector, and evaluations of their pictures with image quality and both. What has to do with the
// detector, which takes longer, is repeated a tenth as often.
func TestNothingStays(t *testing.T) {
	stepping, judging, detecting, slack := 300, 100, 60, int64(1<<20)
	if text := os.Getenv(leaksVariable); text != "" {
		rounds, err := strconv.Atoi(text)
		require.NoError(t, err)
		require.GreaterOrEqual(t, rounds, 1000, leaksVariable)
		stepping, judging, detecting, slack = rounds, rounds, rounds/10, 128<<10
	}
	atentest.CountTensors()
	env := environment(t)
	for _, c := range []struct {
		name, text     string
		steps, judging int
	}{
		{"with a classifier", "evaluators: [a]\nmetrics: [psnr, ssim, top1]\n", stepping, judging},
		{"with a detector", detectorBase + "dataset: objects\nsources: [finder]\nevaluators: [finder]\nmetrics: [psnr, ssim, map07]\n", detecting, detecting},
	} {
		steps := warmUp + c.steps + 20 // the loader ends some steps before the training
		plan := planned(t, env, map[string]string{
			"one": c.text + fmt.Sprintf("methods: [ra]\ntraining: {batch: 4, steps: %d, checkpoint_every: 20}\n", steps),
		})
		var evaluation []*dag.Stage
		for _, s := range plan.Graph.Stages {
			switch s.Kind {
			case "recognizer":
				computed(t, env, s)
			case "processor":
				t.Run("training "+c.name, func(t *testing.T) {
					w := newWatch(t, c.steps)
					j := job(env, s)
					j.Progress = func(share float64, _ string) { w.after(int(share*float64(steps) + 0.5)) }
					require.NoError(t, s.Compute(t.Context(), j))
					w.assertFlat(slack, 24) // the course of two terms grows
				})
				require.NoError(t, env.Store.Commit(&store.Record{Key: s.Key}, s.Files))
			case "quality", "recognition":
				if strings.Contains(s.Name, "ra ") {
					evaluation = append(evaluation, s)
				}
			}
		}
		t.Run("evaluation "+c.name, func(t *testing.T) {
			require.Len(t, evaluation, 2)
			require.Equal(t, evaluation[0].Group, evaluation[1].Group, "they share one pass of P")
			j := job(env, evaluation[0])
			j.Stages = evaluation
			runtime.LockOSThread() // rounds on other threads would fill the caches of those as well
			defer runtime.UnlockOSThread()
			w := newWatch(t, c.judging)
			for round := range warmUp + c.judging {
				require.NoError(t, evaluation[0].Compute(t.Context(), j))
				w.after(round + 1)
			}
			w.assertFlat(slack, 0)
		})
	}
}
