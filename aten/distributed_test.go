package aten

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// together runs f once for each member of a group, side by side.
func together(t *testing.T, size int, f func(g *Group) error) {
	t.Helper()
	if !HasBackend("gloo") {
		t.Skip("this native half was built without Gloo; scripts/setup.sh says how to get it")
	}
	server, err := Meet("127.0.0.1", 0, true, 10*time.Second)
	require.NoError(t, err)
	defer server.Close()
	failures := make([]error, size)
	var members sync.WaitGroup
	for rank := range size {
		members.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			g, err := server.Join("group", rank, size, CPU, 10*time.Second)
			if err == nil {
				defer g.Close()
				if native := Catch(func() { err = f(g) }); native != nil {
					err = native
				}
			}
			failures[rank] = err
		})
	}
	members.Wait()
	for rank, err := range failures {
		assert.NoError(t, err, "rank %d", rank)
	}
}

func TestValuesOfAllProcessesMeet(t *testing.T) {
	for _, size := range []int{1, 2, 3} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			together(t, size, func(g *Group) error {
				sums, err := g.Sum([]float64{1, float64(g.Rank), 1e-300})
				if err != nil {
					return err
				}
				assert.Equal(t, []float64{float64(size), float64(size * (size - 1) / 2), float64(size) * 1e-300}, sums)
				all, err := g.Gather([]byte("word of rank two"[:5*g.Rank])) // one says nothing
				for rank, said := range all {
					assert.Equal(t, "word of rank two"[:5*rank], string(said))
				}
				assert.Len(t, all, size)
				return err
			})
		})
	}
}

func TestKeysOfAMeetingHaveOneValueEach(t *testing.T) {
	m, err := Meet("127.0.0.1", 0, true, 10*time.Second)
	require.NoError(t, err)
	defer m.Close()
	_, ok, err := m.Get("empty")
	require.NoError(t, err)
	assert.False(t, ok)
	require.NoError(t, m.Set("empty", nil))
	value, ok, err := m.Get("empty")
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Empty(t, value)
	guest, err := Meet("127.0.0.1", m.Port, false, 10*time.Second)
	require.NoError(t, err)
	defer guest.Close()
	for i := range 200 { // the store answers each connection by itself
		key, said := fmt.Sprint("said ", i), fmt.Sprint("hello ", i, "\n")
		require.NoError(t, guest.Set(key, []byte(said)))
		value, ok, err = m.Get(key)
		require.NoError(t, err)
		require.True(t, ok, key)
		assert.Equal(t, said, string(value))
	}
}

// norm is a BatchNorm with a loss that treats every output differently.
type norm struct {
	x, mean, variance, weight, bias, factors []float32
	n, channels, side                        int
}

// newNorm draws n images whose channels lie around 50, where sums of squares lose digits.
func newNorm(n int) norm {
	const channels, side = 3, 4
	g := NewGenerator(1)
	draw := func(count int) []float32 { v := make([]float32, count); g.FillNormal(v); return v }
	size := n * channels * side * side
	x := draw(size)
	for i := range x {
		x[i] += 50
	}
	return norm{x, draw(channels), []float32{1, 2, 3}, draw(channels), draw(channels), draw(size), n, channels, side}
}

// normed is what one step makes of the images from..to.
type normed struct{ y, dx, dweight, dbias, mean, variance []float32 }

func (b norm) step(from, to int, forward func(x, mean, variance, weight, bias Tensor) Tensor) normed {
	each := b.channels * b.side * b.side
	shape := []int{to - from, b.channels, b.side, b.side}
	x := FromFloats(nil, b.x[from*each:to*each], shape...)
	weight, bias := FromFloats(nil, b.weight, b.channels), FromFloats(nil, b.bias, b.channels)
	mean, variance := FromFloats(nil, b.mean, b.channels), FromFloats(nil, b.variance, b.channels)
	for _, t := range []Tensor{x, weight, bias} {
		t.SetRequiresGrad(true)
	}
	y := forward(x, mean, variance, weight, bias)
	Sum(Mul(Mul(y, y), FromFloats(nil, b.factors[from*each:to*each], shape...))).Backward()
	gradient := func(t Tensor) []float32 { g, _ := t.Grad(); return g.Floats() }
	return normed{y.Floats(), gradient(x), gradient(weight), gradient(bias), mean.Floats(), variance.Floats()}
}

func TestSyncBatchNormIsBatchNormOfTheWholeBatch(t *testing.T) {
	for name, parts := range map[string][]int{"halves": {0, 3, 6}, "unequal parts": {0, 1, 2, 6}, "one process": {0, 6}} {
		t.Run(name, func(t *testing.T) {
			b := newNorm(6)
			want := b.step(0, 6, func(x, mean, variance, weight, bias Tensor) Tensor {
				return BatchNorm(x, mean, variance, weight, bias, true, 0.1, 1e-5)
			})
			together(t, len(parts)-1, func(g *Group) error {
				from, to := parts[g.Rank], parts[g.Rank+1]
				got := b.step(from, to, func(x, mean, variance, weight, bias Tensor) Tensor {
					return g.SyncBatchNorm(x, mean, variance, weight, bias, 0.1, 1e-5, false)
				})
				each := len(b.x) / b.n
				assert.InDeltaSlice(t, want.y[from*each:to*each], got.y, 1e-4)
				assert.InDeltaSlice(t, want.dx[from*each:to*each], got.dx, 1e-4)
				assert.InDeltaSlice(t, want.mean, got.mean, 1e-5)
				assert.InDeltaSlice(t, want.variance, got.variance, 1e-5)
				for _, pair := range [][2][]float32{{want.dweight, got.dweight}, {want.dbias, got.dbias}} {
					sums, err := g.Sum(wideFloats(pair[1]))
					if err != nil {
						return err
					}
					assert.InDeltaSlice(t, wideFloats(pair[0]), sums, 1e-3)
				}
				return nil
			})
		})
	}
}

func TestImagesOfIdleProcessesDoNotCount(t *testing.T) {
	b := newNorm(4)
	together(t, 2, func(g *Group) error {
		idle := g.Rank == 1
		to := 3 // the fourth image is that of the idle process
		var want []float32
		if !idle {
			want = b.step(0, 3, func(x, mean, variance, weight, bias Tensor) Tensor {
				return BatchNorm(x, mean, variance, weight, bias, true, 0.1, 1e-5)
			}).dx
		}
		from := 0
		if idle {
			from, to = 3, 4
			b := b
			b.factors = make([]float32, len(b.factors)) // nothing depends on it
			got := b.step(from, to, func(x, mean, variance, weight, bias Tensor) Tensor {
				return g.SyncBatchNorm(x, mean, variance, weight, bias, 0.1, 1e-5, true)
			})
			assert.Equal(t, make([]float32, len(got.dx)), got.dx, "nothing passes to what computed its images")
			return nil
		}
		got := b.step(from, to, func(x, mean, variance, weight, bias Tensor) Tensor {
			return g.SyncBatchNorm(x, mean, variance, weight, bias, 0.1, 1e-5, false)
		})
		assert.InDeltaSlice(t, want, got.dx, 1e-4)
		return nil
	})
}

func wideFloats(values []float32) []float64 {
	w := make([]float64, len(values))
	for i, v := range values {
		w[i] = float64(v)
	}
	return w
}

func TestReducerAveragesGradientsWhileBackwardRuns(t *testing.T) {
	const layers, width = 4, 8
	generator := NewGenerator(3)
	draw := func(n int) []float32 { v := make([]float32, n); generator.FillNormal(v); return v }
	start := make([][]float32, layers)
	for i := range start {
		start[i] = draw(width * width)
	}
	images := [][]float32{draw(width), draw(width), draw(width)}
	// gradients are those of the mean loss of some images; the last parameter takes no part.
	gradients := func(shown [][]float32, backward func(parameters []Tensor, loss Tensor)) (values [][]float32) {
		var parameters []Tensor
		for i := range layers {
			parameters = append(parameters, FromFloats(nil, start[i], width, width))
		}
		parameters = append(parameters, Full(nil, 1, 2))
		for _, p := range parameters {
			p.SetRequiresGrad(true)
		}
		var losses []Tensor
		for _, image := range shown {
			x := FromFloats(nil, image, 1, width)
			for _, p := range parameters[:layers] {
				x = Tanh(Linear(x, p, Tensor{}))
			}
			x = Linear(x, parameters[0], Tensor{}) // used twice
			losses = append(losses, Mean(Mul(x, x)))
		}
		loss := losses[0]
		for _, l := range losses[1:] {
			loss = Add(loss, l)
		}
		backward(parameters, MulScalar(loss, 1/float64(len(losses))))
		for _, p := range parameters[:layers] {
			g, _ := p.Grad()
			values = append(values, g.Floats())
		}
		_, has := parameters[layers].Grad()
		assert.False(t, has, "a parameter without part in the loss has no gradient")
		return values
	}
	want := gradients(images, func(_ []Tensor, loss Tensor) { loss.Backward() })
	together(t, len(images), func(g *Group) error {
		got := gradients(images[g.Rank:g.Rank+1], func(parameters []Tensor, loss Tensor) {
			r, err := g.NewReducer(parameters[:layers], 4*width*width)
			if !assert.NoError(t, err) {
				return
			}
			defer r.Close()
			r.Backward(loss)
			all, early := r.Buckets()
			assert.Equal(t, layers, all, "a parameter fills a bucket")
			assert.Equal(t, layers, early, "each went out by the hook of its last gradient")
		})
		for i := range want {
			assert.InDeltaSlice(t, want[i], got[i], 1e-5)
		}
		return nil
	})
	together(t, len(images), func(g *Group) error {
		got := gradients(images[g.Rank:g.Rank+1], func(parameters []Tensor, loss Tensor) {
			r, err := g.NewReducer(parameters, BucketBytes)
			if !assert.NoError(t, err) {
				return
			}
			defer r.Close()
			r.Backward(loss)
			all, early := r.Buckets()
			assert.Equal(t, []int{1, 0}, []int{all, early}, "the one bucket waits for what has no gradient")
		})
		for i := range want {
			assert.InDeltaSlice(t, want[i], got[i], 1e-5)
		}
		return nil
	})
}

func TestProcessThatLeavesIsNoticedAtOnce(t *testing.T) {
	together(t, 2, func(g *Group) error {
		_, err := g.Sum([]float64{1}) // who has joined is not sure that the other one has
		if err != nil {
			return err
		}
		if g.Rank == 1 {
			g.Close()
			return nil
		}
		started := time.Now()
		_, err = g.Sum([]float64{1})
		assert.True(t, Lost(err), "%v", err)
		assert.Less(t, time.Since(started), 5*time.Second)
		return nil
	})
}
