package metrics

import (
	"math"

	"transfera/aten"
)

const (
	ssimRadius = 5 // the window is 11x11
	ssimSigma  = 1.5
	ssimC1     = 0.01 * 0.01
	ssimC2     = 0.03 * 0.03
)

// SSIM returns each image's structural similarity (Wang et al. 2004), 1 for equal images: 11x11 Gaussian window of sigma
// 1.5, zero padding, biased covariance, K1 0.01, K2 0.03, data range 1, averaged over all pixels and the channels. output
// and target are (N,3,H,W) in [0,1].
//
// scikit-image (gaussian_weights=True, use_sample_covariance=False, sigma=1.5, data_range=1) has the same values at every
// pixel 5 or more from the border, and averages over these only.
func SSIM(output, target aten.Tensor) ([]float64, error) {
	return perImage("ssim", output, target, ssimMap)
}

// ssimMap returns the similarity at every pixel and channel, (N,3,H,W), of x in double precision and y.
//
// It filters s = x + y and d = x - y. With means ms, md and variances vs, vd under the window,
//
//	2 mx my   = (ms^2 - md^2) / 2        mx^2 + my^2 = (ms^2 + md^2) / 2
//	2 cov(x,y) = (vs - vd) / 2           vx + vy     = (vs + vd) / 2
//
// so that four maps are filtered instead of five, and equal images have exactly 1.
func ssimMap(x, y aten.Tensor) aten.Tensor {
	n := x.Dim(0)
	s, d := aten.Add(x, y), aten.Sub(x, y)
	local := smooth(smooth(aten.Cat(0, s, d, aten.Mul(s, s), aten.Mul(d, d)), 2), 3)
	part := func(i int) aten.Tensor { return aten.Narrow(local, 0, i*n, n) }

	ms, md := aten.Pow(part(0), 2), aten.Pow(part(1), 2)
	vs, vd := aten.Sub(part(2), ms), aten.Sub(part(3), md)
	numerator := aten.Mul(aten.AddScalar(aten.Sub(ms, md), 2*ssimC1), aten.AddScalar(aten.Sub(vs, vd), 2*ssimC2))
	denominator := aten.Mul(aten.AddScalar(aten.Add(ms, md), 2*ssimC1), aten.AddScalar(aten.Add(vs, vd), 2*ssimC2))
	return aten.Div(numerator, denominator)
}

// smooth filters x along dim with the Gaussian. It adds shifted copies, because libtorch has no fast convolution in double
// precision on the CPU. Zeros beyond the border are what is not added.
func smooth(x aten.Tensor, dim int) aten.Tensor {
	size := x.Dim(dim)
	return aten.Within(x, func(x aten.Tensor) aten.Tensor {
		sum := aten.MulScalar(x, ssimWindow[0])
		for shift := 1; shift <= min(ssimRadius, size-1); shift++ {
			first := func(t aten.Tensor) aten.Tensor { return aten.Narrow(t, dim, 0, size-shift) }
			last := func(t aten.Tensor) aten.Tensor { return aten.Narrow(t, dim, shift, size-shift) }
			aten.Within(x, func(x aten.Tensor) aten.Tensor { // frees scaled before the next shift needs as much
				scaled := aten.MulScalar(x, ssimWindow[shift])
				aten.AddInPlace(first(sum), last(scaled))
				aten.AddInPlace(last(sum), first(scaled))
				return x
			})
		}
		return sum
	})
}

// ssimWindow holds the window's weights at distance 0 to 5 from its centre; on both sides together they add up to 1.
var ssimWindow = func() (weights [ssimRadius + 1]float64) {
	total := 0.0
	for k := range weights {
		weights[k] = math.Exp(-float64(k*k) / (2 * ssimSigma * ssimSigma))
		total += weights[k]
		if k > 0 {
			total += weights[k]
		}
	}
	for k := range weights {
		weights[k] /= total
	}
	return weights
}()
