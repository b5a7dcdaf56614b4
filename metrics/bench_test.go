package metrics

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/aten"
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
