package training

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
)

// A GPU's steps are looked at later than they are done; lag makes the CPU do the same.

func TestLosingSightOfStepsChangesNoBit(t *testing.T) {
	for name, recipe := range recipes {
		t.Run(name, func(t *testing.T) {
			want := whole(t, recipe)
			for lag := 1; lag <= 9; lag += 4 {
				x := newTrial(t, recipe)
				x.lag = lag
				assert.Equal(t, want, x.run(t.Context()), "lag %d", lag)

				for stop := 1; stop < 7; stop += 2 {
					x := newTrial(t, recipe)
					x.lag = lag
					ctx, cancel := context.WithCancelCause(t.Context())
					cause := errors.New("enough")
					x.done = func(step int) {
						if step == stop {
							cancel(cause)
						}
					}
					require.ErrorIs(t, x.run(ctx).err, cause)
					x.done = nil
					assert.Equal(t, want, x.run(t.Context()), "lag %d, stopped at step %d", lag, stop)
				}
			}
		})
	}
}

func TestLossThatIsSeenLateNamesItsStepAndSavesNothingBroken(t *testing.T) {
	want := whole(t, recipes["adam"])
	for broken := 1; broken <= 7; broken++ {
		x := newTrial(t, recipes["adam"])
		x.lag = 2
		x.loss = func(step int, _, loss aten.Tensor) aten.Tensor {
			if step == broken {
				return aten.MulScalar(loss, math.NaN())
			}
			return loss
		}
		err := x.run(t.Context()).err
		require.ErrorContains(t, err, "the loss is NaN in step "+string(rune('0'+broken))+" (epoch ")
		assert.Regexp(t, `images (\S+, ){3}(\S+, ){0,4}\S+\)`, err.Error())
		x.loss = nil
		assert.Equal(t, want, x.run(t.Context()), "after the checkpoint before step %d", broken)
		assert.Equal(t, (broken-1)/2*2+1, x.steps[0], "the last good checkpoint is kept")
	}
}

func TestInterruptionOfABrokenTrainingThatNobodySawSavesNothing(t *testing.T) {
	x := newTrial(t, recipes["adam"])
	x.lag = 2
	ctx, cancel := context.WithCancel(t.Context())
	x.loss = func(step int, _, loss aten.Tensor) aten.Tensor {
		if step == 3 {
			cancel()
			return aten.MulScalar(loss, math.NaN())
		}
		return loss
	}
	assert.ErrorContains(t, x.run(ctx).err, "the loss is NaN in step 3")
	x.loss = nil
	assert.Equal(t, whole(t, recipes["adam"]), x.run(t.Context()))
	assert.Equal(t, 3, x.steps[0])
}

func TestGraphThatCannotBeIsLeftOutWithOneNote(t *testing.T) {
	recipe := recipes["adam"]
	recipe.CUDAGraph = true
	for _, lag := range []int{0, 2} {
		x := newTrial(t, recipe)
		x.lag = lag
		assert.Equal(t, whole(t, recipes["adam"]), x.run(t.Context()))
		assert.Equal(t, 1, x.notes(), x.said)
	}
}

// notes is how often it was said that there is no graph.
func (x *trial) notes() int {
	notes := 0
	for _, words := range x.said {
		if strings.HasPrefix(words, "cuda_graph is left out: ") {
			notes++
		}
	}
	return notes
}
