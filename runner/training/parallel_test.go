package training

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/data"
	"transfera/models/weights"
)

// crew trains by several ranks side by side, all with one checkpoint, and returns what each came to.
func crew(t *testing.T, ranks int, recipe func() *trial) []outcome {
	t.Helper()
	if !aten.HasBackend("gloo") {
		t.Skip("this native half was built without Gloo; scripts/setup.sh says how to get it")
	}
	meeting, err := aten.Meet("127.0.0.1", 0, true, 10*time.Second)
	require.NoError(t, err)
	defer meeting.Close()
	got := make([]outcome, ranks)
	var all sync.WaitGroup
	for rank := range ranks {
		all.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			g, err := meeting.Join("crew", rank, ranks, aten.CPU, 20*time.Second)
			if !assert.NoError(t, err) {
				return
			}
			defer g.Close()
			x := recipe()
			x.group = g
			if native := aten.Catch(func() { got[rank] = x.run(t.Context()) }); native != nil {
				got[rank].err = native
			}
		})
	}
	all.Wait()
	return got
}

// far is the largest difference between two networks.
func far(t *testing.T, a, b weights.Dict) float64 {
	t.Helper()
	largest := 0.0
	for _, one := range a {
		other, ok := b.Get(one.Name)
		require.True(t, ok)
		if one.DType != weights.F32 {
			assert.Equal(t, one.Data, other.Data, one.Name)
			continue
		}
		x, err := one.Floats()
		require.NoError(t, err)
		y, err := other.Floats()
		require.NoError(t, err)
		for i := range x {
			largest = max(largest, float64(x[i]-y[i]), float64(y[i]-x[i]))
		}
	}
	return largest
}

// The trial has BatchNorm, dropout and augmentation. Of its batches of 8, every third has only 4 images: with 3 ranks parts
// differ in size, with 5 one has none.
func TestAnyNumberOfRanksTrainsWhatOneDoes(t *testing.T) {
	alone := newTrial(t, recipes["sgd"])
	require.NoError(t, alone.run(t.Context()).err)
	for _, ranks := range []int{1, 2, 3, 5} {
		t.Run(fmt.Sprint(ranks), func(t *testing.T) {
			checkpoint := newTrial(t, recipes["sgd"]).checkpoint
			trials := make(chan *trial, ranks)
			got := crew(t, ranks, func() *trial {
				x := newTrial(t, recipes["sgd"])
				x.checkpoint, x.sync = checkpoint, true
				trials <- x
				return x
			})
			for rank := range got {
				require.NoError(t, got[rank].err)
				assert.Equal(t, got[0], got[rank], "every rank has the same bits")
			}
			assert.Less(t, far(t, alone.trained, (<-trials).trained), 1e-5)
		})
	}
}

func TestRanksWithStatisticsOfTheirOwnEndAlike(t *testing.T) {
	alone := whole(t, recipes["sgd"])
	checkpoint := newTrial(t, recipes["sgd"]).checkpoint
	got := crew(t, 2, func() *trial {
		x := newTrial(t, recipes["sgd"])
		x.checkpoint = checkpoint
		return x
	})
	require.NoError(t, got[0].err)
	assert.Equal(t, got[0], got[1], "running statistics too")
	assert.NotEqual(t, alone.course, got[0].course, "but not as one process")
}

func TestRanksGoOnFromOneCheckpoint(t *testing.T) {
	want := newTrial(t, recipes["adam"])
	require.NoError(t, want.run(t.Context()).err)
	x := newTrial(t, recipes["adam"])
	stopped(t, x) // alone
	require.FileExists(t, x.checkpoint)
	trials := make(chan *trial, 2)
	got := crew(t, 2, func() *trial {
		y := newTrial(t, recipes["adam"])
		y.checkpoint, y.sync = x.checkpoint, true
		trials <- y
		return y
	})
	y := <-trials
	require.NoError(t, errors.Join(got[0].err, got[1].err))
	assert.Equal(t, x.steps[len(x.steps)-1]+1, y.steps[0])
	assert.Less(t, far(t, want.trained, y.trained), 1e-5)
}

func TestRanksThatBeginDifferentlyAreRefused(t *testing.T) {
	var mutex sync.Mutex
	number := 0
	got := crew(t, 2, func() *trial {
		mutex.Lock()
		defer mutex.Unlock()
		number++
		x := newTrial(t, recipes["sgd"])
		x.sync, x.seed = true, uint64(number)
		return x
	})
	for _, o := range got {
		assert.ErrorContains(t, o.err, "rank 1 begins with other weights or another checkpoint than rank 0")
	}
}

func TestDivergenceInOnePartStopsAllRanks(t *testing.T) {
	checkpoint := newTrial(t, recipes["sgd"]).checkpoint
	var mutex sync.Mutex
	number := 0
	got := crew(t, 2, func() *trial {
		mutex.Lock()
		defer mutex.Unlock()
		number++
		x := newTrial(t, recipes["sgd"])
		x.checkpoint, x.sync = checkpoint, true
		if number == 1 {
			x.loss = func(step int, _, loss aten.Tensor) aten.Tensor {
				if step == 4 {
					return aten.MulScalar(loss, math.Inf(1))
				}
				return loss
			}
		}
		return x
	})
	for _, o := range got {
		require.ErrorContains(t, o.err, "in step 4 (epoch 2; 8 images, of which these alone make it so: ")
		assert.Equal(t, got[0].err.Error(), o.err.Error(), "every rank names the images of all")
		assert.Regexp(t, `alone make it so: (\S+, ){3}\S+\): lower`, o.err.Error(), "those of the part")
	}
	_, err := os.Stat(checkpoint)
	assert.NoError(t, err, "the last good one is kept")
}

// Step 3 has 4 images, so that of 5 ranks one is idle, with an image that another has.
func TestRanksNameTheImageThatOneOfThemHas(t *testing.T) {
	for _, ranks := range []int{2, 5} {
		t.Run(fmt.Sprint(ranks), func(t *testing.T) {
			checkpoint := newTrial(t, recipes["sgd"]).checkpoint
			got := crew(t, ranks, func() *trial {
				x := newTrial(t, recipes["sgd"])
				x.checkpoint, x.sync = checkpoint, true
				x.spoil = func(b *data.Batch) {
					if b.Step == 2 && b.Whole == 4 && b.Before == 2 && !b.Idle {
						b.Input[7] = float32(math.NaN())
					}
				}
				return x
			})
			for _, o := range got {
				require.ErrorContains(t, o.err, "in step 3 (epoch 1; 4 images, of which these alone make it so: ")
				assert.Regexp(t, `alone make it so: [^ ,]+\): lower`, o.err.Error(), "one image, once")
				assert.Equal(t, got[0].err.Error(), o.err.Error())
			}
			assert.FileExists(t, checkpoint)
		})
	}
}
