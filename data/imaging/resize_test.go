package imaging

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var filterNames = map[string]Filter{Bilinear.String(): Bilinear, Bicubic.String(): Bicubic}

func TestResizeGivesPillowsPixels(t *testing.T) {
	for _, want := range golden(t).Resize {
		filter, ok := filterNames[want.Filter]
		require.True(t, ok, want.Filter)
		m := cut(t, want.Crop)
		name := fmt.Sprintf("%s of %dx%d to %dx%d %s", want.Crop, m.Width, m.Height, want.Width, want.Height, filter)
		got := m.Resize(want.Width, want.Height, filter)
		require.Equal(t, []int{want.Width, want.Height}, []int{got.Width, got.Height}, name)
		assert.Equal(t, want.SHA256, sum(got.Pix), name)
		assert.Equal(t, want.SHA256, sum(m.resize(want.Width, want.Height, filter, false).Pix), "%s without AVX2", name)
	}
}

func TestResizeShorterGivesTorchvisionsPixels(t *testing.T) {
	for _, want := range golden(t).ResizeShorter {
		got, err := cut(t, want.Crop).ResizeShorter(want.Size, Bilinear)
		require.NoError(t, err)
		assert.Equal(t, []int{want.Width, want.Height}, []int{got.Width, got.Height}, want.Crop)
		assert.Equal(t, want.SHA256, sum(got.Pix), "%s to %d", want.Crop, want.Size)
	}
}

func TestResizeShorterRefusesElongatedImages(t *testing.T) {
	_, err := New(1, 60000).ResizeShorter(256, Bilinear)
	assert.ErrorContains(t, err, "256x15360000 is over 100 megapixels")
}

// The vector loops must agree with the plain ones wherever blocks begin and
// end, and must not write past the image.
func TestVectorLoopsEqualPlainLoops(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		m := New(1+random.IntN(70), 1+random.IntN(70))
		for i := range m.Pix {
			m.Pix[i] = uint8(random.Uint32() & 1 * 255) // extremes make bicubic overshoot
		}
		width, height := 1+random.IntN(90), 1+random.IntN(90)
		for _, filter := range filterNames {
			requireSame(t, m.resize(width, height, filter, false), m.Resize(width, height, filter),
				"%dx%d to %dx%d %s", m.Width, m.Height, width, height, filter)
		}
	}
}

// fenced returns size bytes that end where unreadable memory begins.
func fenced(t *testing.T, size int) []uint8 {
	t.Helper()
	page := syscall.Getpagesize()
	room := (size + page - 1) / page * page
	memory, err := syscall.Mmap(-1, 0, room+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(memory)) })
	require.NoError(t, syscall.Mprotect(memory[room:], syscall.PROT_NONE))
	return memory[room-size : room : room]
}

// One byte too far would end the test binary.
func TestLoopsStayInTheirRows(t *testing.T) {
	src, in, out := cut(t, "nearly"), 65, 21
	for rows := 1; rows <= 13; rows++ {
		from, between, to := fenced(t, 3*in*rows), fenced(t, 3*out*rows), fenced(t, 3*out*(rows+2))
		copy(from, src.Pix)
		horizontal(between, from, in, out, rows, Bicubic, haveAVX2)
		vertical(to, between, out, rows, rows+2, Bicubic, haveAVX2)
		want := &Image{Width: in, Height: rows, Pix: from}
		requireSame(t, want.resize(out, rows+2, Bicubic, false), &Image{Width: out, Height: rows + 2, Pix: to}, "%d rows", rows)
	}
}

func TestResizeToTheSameSizeCopies(t *testing.T) {
	m := cut(t, "tiny")
	got := m.Resize(m.Width, m.Height, Bicubic)
	requireSame(t, m, got, "same size")
	got.Pix[0]++
	assert.NotEqual(t, m.Pix[0], got.Pix[0])
}

func TestResizePanicsOnProgramErrors(t *testing.T) {
	m := New(4, 4)
	assert.PanicsWithValue(t, "imaging: image of 0x4 pixels; both sides must be positive", func() { m.Resize(0, 4, Bilinear) })
	assert.PanicsWithValue(t, "imaging: unknown filter 7", func() { m.Resize(4, 4, Filter(7)) })
	assert.PanicsWithValue(t, "imaging: unknown filter 7", func() { m.Resize(8, 4, Filter(7)) })
	assert.Equal(t, "Filter(7)", Filter(7).String())
}

func TestConcurrentResizesAgree(t *testing.T) {
	m := cut(t, "square96")
	sizes := []int{5, 24, 48, 95, 97, 192}
	want := make(map[int]string)
	for _, size := range sizes {
		want[size] = sum(m.resize(size, size+1, Bicubic, false).Pix)
	}
	cache = weightsCache{entries: make(map[weightsKey]*weights)} // all goroutines start with none
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for _, size := range sizes {
				assert.Equal(t, want[size], sum(m.Resize(size, size+1, Bicubic).Pix))
			}
		})
	}
	group.Wait()
}

func TestWeightsCacheIsBounded(t *testing.T) {
	c := weightsCache{entries: make(map[weightsKey]*weights)}
	first := c.get(500, 224, Bicubic)
	assert.Same(t, first, c.get(500, 224, Bicubic))
	for in := 200; in < 1400; in++ {
		c.get(in, 512, Bicubic)
		require.LessOrEqual(t, c.size, weightsCacheBytes)
	}
	held := 0
	for _, w := range c.entries {
		held += w.bytes()
	}
	assert.Equal(t, c.size, held)
	assert.NotSame(t, first, c.get(500, 224, Bicubic), "the cache never gave anything up")
	assert.Equal(t, first, c.get(500, 224, Bicubic))
}

func TestWeightsOfAnOutputSumToOne(t *testing.T) {
	for _, size := range []struct{ in, out int }{{500, 341}, {56, 224}, {224, 56}, {1, 9}, {9, 1}, {13, 14}} {
		for _, filter := range filterNames {
			w := newWeights(size.in, size.out, filter)
			for i := range size.out {
				total := 0
				for k := range int(w.count[i]) {
					total += int(w.weight[i*w.taps+k])
				}
				assert.InDelta(t, 1<<weightBits, total, float64(w.taps)/2, "%v %s output %d", size, filter, i)
			}
		}
	}
}

func BenchmarkResize(b *testing.B) {
	for _, c := range []struct {
		inWidth, inHeight, width, height int
		filter                           Filter
	}{
		{500, 375, 341, 256, Bilinear},
		{500, 375, 341, 256, Bicubic},
		{224, 224, 56, 56, Bicubic},
		{56, 56, 224, 224, Bicubic},
		{32, 32, 16, 16, Bicubic},
		{16, 16, 32, 32, Bicubic},
	} {
		m := New(c.inWidth, c.inHeight)
		for i := range m.Pix {
			m.Pix[i] = uint8(i * i >> 3)
		}
		b.Run(fmt.Sprintf("%s/%dx%d-%dx%d", c.filter, c.inWidth, c.inHeight, c.width, c.height), func(b *testing.B) {
			for b.Loop() {
				m.Resize(c.width, c.height, c.filter)
			}
		})
	}
}

func BenchmarkNewWeights(b *testing.B) {
	for b.Loop() {
		newWeights(500, 341, Bilinear)
	}
}
