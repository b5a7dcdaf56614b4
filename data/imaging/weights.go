package imaging

import (
	"fmt"
	"math"
	"sync"
)

// Filter selects the interpolation of [Image.Resize].
type Filter int

// The filters, each widened by the scale when shrinking (antialiasing).
const (
	Bilinear Filter = iota // triangle of support 1
	Bicubic                // Keys' cubic with a = -0.5 and support 2
)

// String returns the filter's name, for example "bicubic".
func (f Filter) String() string {
	switch f {
	case Bilinear:
		return "bilinear"
	case Bicubic:
		return "bicubic"
	}
	return fmt.Sprintf("Filter(%d)", int(f))
}

// kernel returns the filter's function and how far it reaches.
func (f Filter) kernel() (weight func(float64) float64, support float64) {
	switch f {
	case Bilinear:
		return triangle, 1
	case Bicubic:
		return cubic, 2
	}
	panic(fmt.Sprintf("imaging: unknown filter %d", int(f)))
}

func triangle(x float64) float64 { return max(0, 1-math.Abs(x)) }

// cubic rounds after every product, as Pillow does on amd64: the conversions
// keep other processors from fusing multiplications with additions.
func cubic(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch {
	case x < 1:
		return float64(float64((float64((a+2)*x)-(a+3))*x)*x) + 1
	case x < 2:
		return (float64((float64((x-5)*x)+8)*x) - 4) * a
	}
	return 0
}

const weightBits = 22 // WEIGHT_BITS of resample.h

// weights says how to resample one axis: output i is the sum of count[i]
// inputs from first[i] on, times weight[i*taps], weight[i*taps+1], ..., which
// are fixed-point numbers with weightBits bits of fraction.
type weights struct {
	first, count, weight []int32
	taps                 int
}

// newWeights follows Pillow's precompute_coeffs and normalize_coeffs_8bpc
// (Resample.c) operation by operation: one different rounding would show.
func newWeights(in, out int, f Filter) *weights {
	kernel, support := f.kernel()
	scale := float64(in) / float64(out)
	stretch := max(scale, 1) // shrinking widens the filter, enlarging does not
	support *= stretch
	taps := int(math.Ceil(support))*2 + 1
	w := &weights{
		first:  make([]int32, out),
		count:  make([]int32, out),
		weight: make([]int32, out*taps),
		taps:   taps,
	}
	row := make([]float64, taps)
	for i := range out {
		center := float64((float64(i) + 0.5) * scale)
		first := max(0, int(center-support+0.5))
		last := min(in, int(center+support+0.5))
		row = row[:last-first]
		sum := 0.0
		for k := range row {
			row[k] = kernel((float64(k+first) - center + 0.5) * (1 / stretch))
			sum += row[k]
		}
		w.first[i], w.count[i] = int32(first), int32(len(row))
		for k, weight := range row {
			w.weight[i*taps+k] = fixedPoint(weight / sum)
		}
	}
	return w
}

// fixedPoint rounds half away from zero, as Pillow does.
func fixedPoint(weight float64) int32 {
	return int32(float64(weight*(1<<weightBits)) + math.Copysign(0.5, weight))
}

func (w *weights) bytes() int { return 4 * (len(w.first) + len(w.count) + len(w.weight)) }

// weightsCache keeps the weights of the sizes seen last. Photographs come in
// thousands of sizes, so it is bounded: when full it starts anew, which costs
// less than keeping track of use, since making weights takes about a hundredth
// of the resize they are for.
type weightsCache struct {
	mu      sync.RWMutex
	entries map[weightsKey]*weights
	size    int // bytes held by entries
}

type weightsKey struct {
	in, out int
	filter  Filter
}

const weightsCacheBytes = 16 << 20

var cache = weightsCache{entries: make(map[weightsKey]*weights)}

func (c *weightsCache) get(in, out int, f Filter) *weights {
	key := weightsKey{in, out, f}
	c.mu.RLock()
	w := c.entries[key]
	c.mu.RUnlock()
	if w != nil {
		return w
	}
	w = newWeights(in, out, f)
	if w.bytes() > weightsCacheBytes/4 {
		return w // one giant must not drive out all others
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept := c.entries[key]; kept != nil {
		return kept // another goroutine was faster
	}
	if c.size+w.bytes() > weightsCacheBytes {
		clear(c.entries)
		c.size = 0
	}
	c.entries[key] = w
	c.size += w.bytes()
	return w
}
