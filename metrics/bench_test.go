package metrics

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/metrics/statistics"
)

func BenchmarkQuality(b *testing.B) {
	measures := map[string]func(output, target aten.Tensor) ([]float64, error){"psnr": PSNR, "ssim": SSIM}
	for name, measure := range measures {
		for _, shape := range [][]int{{100, 3, 32, 32}, {20, 3, 224, 224}} {
			b.Run(fmt.Sprintf("%s/%v", name, shape), func(b *testing.B) {
				s := aten.NewScope()
				defer s.Close()
				x, y := aten.Full(s, 0, shape...), aten.Full(s, 0, shape...)
				g := aten.NewGenerator(1)
				g.Uniform(x, 0, 1)
				g.Uniform(y, 0, 1)
				for b.Loop() {
					_, err := measure(x, y)
					require.NoError(b, err)
				}
			})
		}
	}
}

// VOC 2007's test set with about 15 detections in an image.
func BenchmarkIntervalsOfDetection(b *testing.B) {
	const images, classes = 4952, 20
	rng := rand.New(rand.NewPCG(1, 1))
	d := NewDetection(images, classes)
	for i := range images {
		var v view
		for range 3 {
			class := rng.IntN(classes)
			v.truth = append(v.truth, TrueObject{Class: class, Box: left})
			v.found = append(v.found, DetectedObject{class, rng.Float64(), left})
		}
		for range 12 {
			v.found = append(v.found, DetectedObject{rng.IntN(classes), rng.Float64(), nowhere})
		}
		require.NoError(b, d.Add(i, v.found, v.truth))
	}
	for b.Loop() {
		_, err := d.Intervals(statistics.Level, statistics.Resamples, 0)
		require.NoError(b, err)
	}
}
