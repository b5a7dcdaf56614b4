package data

import (
	"math"

	"transfera/data/imaging"
)

var deblurring = DegradationKind{
	Name: "deblur",
	Doc:  "deblurring: the input is the target blurred by a Gaussian, in floating point",
	Options: []Option{{
		Name: "sigma", Doc: "standard deviation of the Gaussian, in pixels",
		Default: 1.6, Min: 0.1, Max: 16,
	}},
	build: func(options Options) Degradation { return blur{gaussian(option[float64](options, "sigma"))} },
}

// blur convolves each channel with a kernel along rows and columns, as scipy.ndimage.gaussian_filter does with its defaults:
// the kernel ends at four standard deviations, and pictures go on mirrored, with their edge pixels twice (d c b a | a b c d).
type blur struct{ half []float64 } // weights from the centre outward

// gaussian is half of a normalized kernel.
func gaussian(sigma float64) []float64 {
	half := make([]float64, int(4*sigma+0.5)+1)
	total := 0.0
	for i := range half {
		half[i] = math.Exp(-0.5 * float64(i*i) / (sigma * sigma))
		total += 2 * half[i]
	}
	total -= half[0]
	for i := range half {
		half[i] /= total
	}
	return half
}

func (blur) Name() string { return "deblur" }

func (blur) Scale() int { return 1 }

func (b blur) Degrade(target *imaging.Image, _ uint64, input, _ []float32) error {
	w, h := target.Width, target.Height
	plane, line := make([]float64, w*h), make([]float64, max(w, h)+2*(len(b.half)-1))
	for c := range 3 {
		for i := range plane {
			plane[i] = float64(target.Pix[3*i+c]) / 255
		}
		for x := range w {
			b.along(plane[x:], w, h, line)
		}
		for y := range h {
			b.along(plane[y*w:], 1, w, line)
		}
		for i, v := range plane {
			input[c*w*h+i] = float32(v)
		}
	}
	return nil
}

// along blurs n values of plane, step apart, in place. line is room for them and what the kernel reaches on both sides.
func (b blur) along(plane []float64, step, n int, line []float64) {
	reach := len(b.half) - 1
	for i := range n + 2*reach {
		line[i] = plane[mirrored(i-reach, n)*step]
	}
	for i := range n {
		at := line[i : i+2*reach+1]
		sum := b.half[0] * at[reach]
		for j := 1; j <= reach; j++ {
			sum += float64(b.half[j] * (at[reach-j] + at[reach+j]))
		}
		plane[i*step] = sum
	}
}

// mirrored is the place in 0..n-1 of what a picture shows at i, which may lie any distance outside.
func mirrored(i, n int) int {
	if 0 <= i && i < n {
		return i
	}
	i = ((i % (2 * n)) + 2*n) % (2 * n)
	return min(i, 2*n-1-i)
}
