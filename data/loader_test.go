package data

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
)

// collect copies what an iteration yields, so that releasing the batches can be tested as well.
func collect(t *testing.T, batches iter.Seq2[*Batch, error]) []Batch {
	t.Helper()
	var all []Batch
	for b, err := range batches {
		require.NoError(t, err)
		all = append(all, Batch{
			Step: b.Step, Epoch: b.Epoch, Indices: b.Indices, Labels: b.Labels,
			Whole: b.Whole, Before: b.Before, Idle: b.Idle,
			N: b.N, Height: b.Height, Width: b.Width, InputHeight: b.InputHeight, InputWidth: b.InputWidth,
			Target: slices.Clone(b.Target), Input: slices.Clone(b.Input), Baseline: slices.Clone(b.Baseline),
		})
		b.Release()
	}
	return all
}

func newLoader(t *testing.T, dataset Dataset, d Degradation, options LoaderOptions) *Loader {
	t.Helper()
	l, err := NewLoader(dataset, d, options)
	require.NoError(t, err)
	return l
}

// demanding uses every feature that draws random numbers.
var demanding = LoaderOptions{Batch: 4, Seed: 11, Shuffle: true, Crop: 24, Flip: true, Shift: 3, Baseline: true}

func TestBatchesDoNotDependOnWorkersOrPrefetch(t *testing.T) {
	for _, name := range []string{"sr", "dn", "jpeg"} {
		load := func(workers, prefetch int) (train, eval []Batch) {
			options := demanding
			options.Workers, options.Prefetch = workers, prefetch
			l := newLoader(t, shapes(t, GeneratedOptions{Count: 18}), degradation(t, name, nil), options)
			return collect(t, l.Train(t.Context(), 0, 12)), collect(t, l.Eval(t.Context()))
		}
		train1, eval1 := load(1, 1)
		train4, eval4 := load(4, 7)
		require.Len(t, train1, 12)
		require.Len(t, eval1, 5)
		assert.Equal(t, train1, train4, name)
		assert.Equal(t, eval1, eval4, name)
	}
}

func TestAnImageOfABatchIsABatch(t *testing.T) {
	options := LoaderOptions{Batch: 4, Baseline: true}
	l := newLoader(t, shapes(t, GeneratedOptions{Count: 6}), degradation(t, "sr", nil), options)
	options.Batch = 1
	alone := collect(t, newLoader(t, shapes(t, GeneratedOptions{Count: 6}), degradation(t, "sr", nil), options).Eval(t.Context()))
	for b, err := range l.Eval(t.Context()) {
		require.NoError(t, err)
		for k, i := range b.Indices {
			got, want := b.Image(k), alone[i]
			assert.Equal(t, []int{i}, got.Indices)
			assert.Equal(t, want.Labels, got.Labels)
			assert.Equal(t, [3]int{1, want.Height, want.InputHeight}, [3]int{got.N, got.Height, got.InputHeight})
			assert.Equal(t, want.Target, got.Target)
			assert.Equal(t, want.Input, got.Input)
			assert.Equal(t, want.Baseline, got.Baseline)
			got.Release()
		}
		assert.NotNil(t, b.Target, "the batch still has its memory")
		b.Release()
	}
}

func TestTrainingResumesAtAnyStep(t *testing.T) {
	l := newLoader(t, shapes(t, GeneratedOptions{Count: 10}), degradation(t, "dn", nil), demanding)
	whole := collect(t, l.Train(t.Context(), 0, 8))
	for from := range 8 {
		again := newLoader(t, shapes(t, GeneratedOptions{Count: 10}), degradation(t, "dn", nil), demanding)
		assert.Equal(t, whole[from:], collect(t, again.Train(t.Context(), from, 8)), "from step %d", from)
	}
	assert.Empty(t, collect(t, l.Train(t.Context(), 5, 5)))
}

func TestRanksHaveTheWholeBatchTogether(t *testing.T) {
	s := shapes(t, GeneratedOptions{Size: 32, Count: 10}) // epochs of batches of 4, 4 and 2
	d := degradation(t, "dn", nil)
	whole := newLoader(t, s, d, demanding)
	for _, ranks := range []int{1, 2, 3, 4} {
		t.Run(fmt.Sprint(ranks), func(t *testing.T) {
			var train, eval [][]Batch // by rank
			for rank := range ranks {
				options := demanding
				options.Rank, options.Ranks = rank, ranks
				l := newLoader(t, s, d, options)
				train = append(train, collect(t, l.Train(t.Context(), 1, 6)))
				eval = append(eval, collect(t, l.Eval(t.Context())))
			}
			for step, want := range collect(t, whole.Train(t.Context(), 1, 6)) {
				var got Batch
				for rank := range ranks {
					part := train[rank][step]
					assert.Equal(t, want.N, part.Whole)
					if part.Idle {
						assert.Equal(t, want.Indices[:1], part.Indices, "something to compute with")
						continue
					}
					assert.Equal(t, got.N, part.Before)
					got.N += part.N
					got.Indices, got.Labels = append(got.Indices, part.Indices...), append(got.Labels, part.Labels...)
					got.Input, got.Target = append(got.Input, part.Input...), append(got.Target, part.Target...)
				}
				assert.Equal(t, want.Indices, got.Indices)
				assert.Equal(t, want.Labels, got.Labels)
				assert.Equal(t, want.Input, got.Input)
				assert.Equal(t, want.Target, got.Target)
			}
			for step, want := range collect(t, whole.Eval(t.Context())) {
				assert.Equal(t, want, eval[step%ranks][step/ranks])
			}
		})
	}
}

func TestEpochsVisitEveryImageOnceInNewOrders(t *testing.T) {
	options := LoaderOptions{Batch: 4, Shuffle: true}
	l := newLoader(t, shapes(t, GeneratedOptions{Count: 10}), nil, options)
	require.Equal(t, 3, l.StepsPerEpoch())
	var orders [2][]int
	var sizes []int
	for _, b := range collect(t, l.Train(t.Context(), 0, 6)) {
		orders[b.Epoch] = append(orders[b.Epoch], b.Indices...)
		sizes = append(sizes, b.N)
		for k, i := range b.Indices {
			assert.EqualValues(t, i%10, b.Labels[k])
		}
	}
	assert.Equal(t, []int{4, 4, 2, 4, 4, 2}, sizes, "the last batch of an epoch is kept")
	assert.NotEqual(t, orders[0], orders[1])
	for _, order := range orders {
		slices.Sort(order)
		assert.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, order)
	}

	options.DropLast, options.Shuffle = true, false
	l = newLoader(t, shapes(t, GeneratedOptions{Count: 10}), nil, options)
	require.Equal(t, 2, l.StepsPerEpoch())
	batches := collect(t, l.Train(t.Context(), 1, 3))
	assert.Equal(t, []int{4, 5, 6, 7}, batches[0].Indices)
	assert.Equal(t, []int{0, 1, 2, 3}, batches[1].Indices)
}

func TestTheSeedDecidesOrderAugmentationAndNoise(t *testing.T) {
	first := func(seed uint64, shuffle bool) Batch {
		options := demanding
		options.Seed, options.Shuffle = seed, shuffle
		l := newLoader(t, shapes(t, GeneratedOptions{Count: 40}), degradation(t, "dn", nil), options)
		return collect(t, l.Train(t.Context(), 0, 1))[0]
	}
	assert.NotEqual(t, first(1, true).Indices, first(2, true).Indices)
	assert.NotEqual(t, first(1, false).Target, first(2, false).Target)
	assert.NotEqual(t, first(1, false).Input, first(2, false).Input)
}

func TestTrainingNoiseIsNewInEveryEpoch(t *testing.T) {
	s, d := shapes(t, GeneratedOptions{Count: 5}), degradation(t, "dn", nil)
	for _, b := range collect(t, newLoader(t, s, d, LoaderOptions{Batch: 5, Seed: 3, Shuffle: true}).Train(t.Context(), 0, 2)) {
		for k, i := range b.Indices {
			want, err := Apply(d, shape(t, s, i), noiseSeed(3, b.Epoch, i))
			require.NoError(t, err)
			assert.Equal(t, want.Input, slot(b.Input, k, b.N), "epoch %d image %d", b.Epoch, i)
		}
	}
}

func TestEvaluationDoesNotAugment(t *testing.T) {
	s := shapes(t, GeneratedOptions{Count: 4})
	l := newLoader(t, s, nil, LoaderOptions{Batch: 3, Seed: 1, Shuffle: true, Flip: true, Shift: 4})
	batches := collect(t, l.Eval(t.Context()))
	require.Len(t, batches, 2)
	assert.Equal(t, []int{0, 1, 2}, batches[0].Indices)
	assert.Equal(t, []int{3}, batches[1].Indices)
	want := make([]float32, 3*32*32)
	shape(t, s, 3).Planar(want)
	assert.Equal(t, want, batches[1].Target)
	assert.Equal(t, want, batches[1].Input, "without a degradation the input is the target")
	assert.Nil(t, batches[1].Baseline)
}

// positions is a dataset whose pixels hold their own coordinates, so that augmentations can be read off.
type positions struct{ uneven }

func (positions) Image(int) (*imaging.Image, error) {
	image := imaging.New(20, 20)
	for i := range 400 {
		image.Pix[3*i], image.Pix[3*i+1], image.Pix[3*i+2] = uint8(i%20), uint8(i/20), 255
	}
	return image, nil
}

func TestAugmentationsMoveWholePicturesByTheirWholeRange(t *testing.T) {
	dataset := positions{newUneven()}
	for name, c := range map[string]struct {
		options LoaderOptions
		offsets int // how many different values of each axis are possible
		flips   int
	}{
		"crop":  {LoaderOptions{Batch: 9, Crop: 16}, 5, 1},
		"shift": {LoaderOptions{Batch: 9, Shift: 2}, 5, 1},
		"flip":  {LoaderOptions{Batch: 9, Flip: true}, 1, 2},
	} {
		l := newLoader(t, dataset, nil, c.options)
		xs, ys, steps := map[int]bool{}, map[int]bool{}, map[int]bool{}
		batches := collect(t, l.Train(t.Context(), 0, 12))
		require.Equal(t, batches[0].Indices, batches[3].Indices, "unshuffled epochs of 3 steps")
		assert.NotEqual(t, batches[0].Target, batches[3].Target, "%s: epochs differ", name)
		for _, b := range batches {
			for k := range b.N {
				pix := asBytes(t, slot(b.Target, k, b.N))
				area, middle := b.Height*b.Width, b.Height/2*b.Width+b.Width/2
				step := int(pix[middle+1]) - int(pix[middle])
				xs[int(pix[middle])*step] = true
				ys[int(pix[area+middle])] = true
				steps[step] = true
				assert.Equal(t, 1, int(pix[area+middle+b.Width])-int(pix[area+middle]), name)
			}
		}
		assert.Len(t, xs, max(c.offsets, c.flips), "%s: columns", name)
		assert.Len(t, ys, c.offsets, "%s: rows", name)
		assert.Len(t, steps, c.flips, "%s: directions", name)
	}
}

func TestShiftFillsWithBlack(t *testing.T) {
	image, err := positions{}.Image(0)
	require.NoError(t, err)
	at := func(m *imaging.Image, x, y int) [3]uint8 { return [3]uint8(m.Pix[3*(y*20+x):]) }
	for _, c := range []struct{ dx, dy, x, y int }{{3, -2, 10, 10}, {-4, 5, 0, 19}, {0, 0, 19, 0}, {19, 19, 19, 19}} {
		moved := shifted(image, c.dx, c.dy)
		assert.Equal(t, [3]uint8{uint8(c.x - c.dx), uint8(c.y - c.dy), 255}, at(moved, c.x, c.y))
	}
	moved := shifted(image, 3, -2)
	assert.Equal(t, [3]uint8{}, at(moved, 2, 5))
	assert.Equal(t, [3]uint8{}, at(moved, 10, 18))
	assert.Equal(t, make([]uint8, 1200), shifted(image, 20, 0).Pix)
	assert.Equal(t, make([]uint8, 1200), shifted(image, -25, 0).Pix)
}

// failing behaves like shapes except at image 13.
type failing struct {
	*Generated
	fail func() (*imaging.Image, error)
}

func (f failing) Image(i int) (*imaging.Image, error) {
	if i == 13 {
		return f.fail()
	}
	return f.Generated.Image(i)
}

func TestBadImagesStopTheIterationWithTheirName(t *testing.T) {
	s := shapes(t, GeneratedOptions{Count: 30})
	name := s.Name(13)
	for words, c := range map[string]struct {
		fail    func() (*imaging.Image, error)
		options LoaderOptions
	}{
		"no such picture":      {func() (*imaging.Image, error) { return nil, errors.New("no such picture") }, LoaderOptions{}},
		name + ": preparing":   {func() (*imaging.Image, error) { panic("broken") }, LoaderOptions{}},
		"panicked: broken":     {func() (*imaging.Image, error) { panic("broken") }, LoaderOptions{}},
		name + ": image of 30": {func() (*imaging.Image, error) { return imaging.New(30, 32), nil }, LoaderOptions{}},
		"too small for a crop": {func() (*imaging.Image, error) { return imaging.New(30, 20), nil }, LoaderOptions{Crop: 28}},
		"is over 100 megapix":  {func() (*imaging.Image, error) { return imaging.New(4, 1_000_000), nil }, LoaderOptions{Resize: 32}},
	} {
		c.options.Batch, c.options.Workers = 4, 3
		l := newLoader(t, failing{s, c.fail}, nil, c.options)
		batches := 0
		var failure error
		for b, err := range l.Eval(t.Context()) {
			if err != nil {
				require.Nil(t, failure, "the iteration ends with the error")
				assert.Nil(t, b)
				failure = err
				continue
			}
			batches++
		}
		assert.ErrorContains(t, failure, words)
		assert.Equal(t, 3, batches, "batches before the bad one arrive")
	}
}

func TestATextFileNamedJPGStopsTheLoaderWithItsPath(t *testing.T) {
	dir := tree(t, map[string]string{"cat/fake.jpg": "I am not a picture"})
	folder, err := OpenImageFolder(dir, FolderOptions{})
	require.NoError(t, err)
	_, err = NewLoader(folder, nil, LoaderOptions{Batch: 1})
	assert.ErrorContains(t, err, filepath.Join(dir, "cat", "fake.jpg"))
	l := newLoader(t, folder, nil, LoaderOptions{Batch: 1, Resize: 32, Crop: 24})
	for _, err := range l.Train(t.Context(), 0, 1) {
		assert.ErrorContains(t, err, filepath.Join(dir, "cat", "fake.jpg"))
	}
}

func TestNoGoroutineIsLeftBehind(t *testing.T) {
	s := shapes(t, GeneratedOptions{Count: 200})
	options := LoaderOptions{Batch: 4, Workers: 4, Prefetch: 3}
	for name, use := range map[string]func(ctx context.Context, cancel func(), l *Loader){
		"read to the end": func(ctx context.Context, _ func(), l *Loader) {
			for _, err := range l.Eval(ctx) {
				assert.NoError(t, err)
			}
		},
		"left early": func(ctx context.Context, _ func(), l *Loader) {
			for range l.Train(ctx, 0, 1000) {
				break
			}
		},
		"canceled": func(ctx context.Context, cancel func(), l *Loader) {
			var last error
			yields := 0
			for _, err := range l.Train(ctx, 0, 1_000_000) {
				time.Sleep(time.Millisecond) // the next batches are ready
				cancel()
				last = err
				yields++
			}
			assert.ErrorIs(t, last, context.Canceled)
			assert.Equal(t, 2, yields, "a batch, then the error")
		},
		"canceled before": func(ctx context.Context, cancel func(), l *Loader) {
			cancel()
			batches := 0
			for _, err := range l.Train(ctx, 0, 1_000_000) {
				batches++
				assert.ErrorIs(t, err, context.Canceled)
			}
			assert.Equal(t, 1, batches)
		},
		"panicked in the loop": func(ctx context.Context, _ func(), l *Loader) {
			assert.Panics(t, func() {
				for range l.Train(ctx, 0, 1000) {
					panic("the consumer")
				}
			})
		},
	} {
		before := runtime.NumGoroutine()
		ctx, cancel := context.WithCancel(t.Context())
		use(ctx, cancel, newLoader(t, s, nil, options))
		cancel()
		for range 1000 { // a goroutine is counted until shortly after its last statement
			if runtime.NumGoroutine() > before {
				time.Sleep(time.Millisecond)
			}
		}
		assert.LessOrEqual(t, runtime.NumGoroutine(), before, name)
	}
}

// counting counts how many images were asked for.
type counting struct {
	*Generated
	images *atomic.Int64
}

func (c counting) Image(i int) (*imaging.Image, error) {
	c.images.Add(1)
	return c.Generated.Image(i)
}

func TestPrefetchBoundsWhatIsPreparedAhead(t *testing.T) {
	images := new(atomic.Int64)
	s := counting{shapes(t, GeneratedOptions{Count: 200}), images}
	l := newLoader(t, s, nil, LoaderOptions{Batch: 5, Workers: 4, Prefetch: 2})
	images.Store(0) // the first image was read to learn its size
	seen := int64(0)
	for _, err := range l.Train(t.Context(), 0, 10) {
		require.NoError(t, err)
		seen++
		expected := min(5*(seen+2), 50)
		assert.Eventually(t, func() bool { return images.Load() == expected }, 5*time.Second, time.Millisecond)
		time.Sleep(2 * time.Millisecond)
		assert.Equal(t, expected, images.Load(), "while batch %d is in use", seen)
	}
}

func TestReleasedMemoryIsUsedAgain(t *testing.T) {
	l := newLoader(t, shapes(t, GeneratedOptions{Count: 40}), degradation(t, "sr", nil), LoaderOptions{Batch: 4, Baseline: true})
	used := map[string]int{}
	for b, err := range l.Train(t.Context(), 0, 50) {
		require.NoError(t, err)
		used[fmt.Sprintf("%p", b.Target)]++
		b.Release()
		assert.Nil(t, b.Target)
		b.Release() // harmless
	}
	assert.Less(t, len(used), 50)
}

func TestLoadersRefuseOptionsThatMakeNoSense(t *testing.T) {
	s := shapes(t, GeneratedOptions{Count: 10})
	for words, options := range map[string]LoaderOptions{
		"batch must be at least 1, not 0":            {},
		"cannot be negative":                         {Batch: 1, Workers: -1},
		"a crop of 40 does not fit":                  {Batch: 1, Resize: 32, Crop: 40},
		"leave nothing of 10 images":                 {Batch: 11, DropLast: true},
		"there is no rank 2 of 2":                    {Batch: 2, Rank: 2, Ranks: 2},
		"sr x4 needs sides divisible by 4, not 30x3": {Batch: 1, Crop: 30},
	} {
		_, err := NewLoader(s, degradation(t, "sr", nil), options)
		assert.ErrorContains(t, err, words)
	}
	for _, err := range newLoader(t, s, nil, LoaderOptions{Batch: 1}).Train(t.Context(), -1, 2) {
		assert.ErrorContains(t, err, "cannot start at step -1")
	}
}
