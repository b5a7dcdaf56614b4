package metrics

import (
	"math"
	"slices"

	"transfera/aten"
)

const (
	// epsilon is what the reference code adds to the mean squared error, here everywhere so that psnr and psnr_batch can be
	// compared. It makes 90 dB the PSNR of equal images.
	epsilon = 1e-9
	// referenceBatch is the reference code's batch size in evaluation.
	referenceBatch = 20
)

// MSE returns each image's mean squared error over its channels and pixels. output and target are (N,3,H,W) in [0,1].
func MSE(output, target aten.Tensor) ([]float64, error) {
	return perImage("mean squared error", output, target, func(x, y aten.Tensor) aten.Tensor {
		difference := aten.Sub(x, y)
		return aten.Mul(difference, difference)
	})
}

// PSNR returns each image's peak signal-to-noise ratio in dB, 10 log10(1/(MSE + 1e-9)): at most 90 dB, which is what equal
// images have. output and target are (N,3,H,W) in [0,1].
func PSNR(output, target aten.Tensor) ([]float64, error) {
	errors, err := MSE(output, target)
	if err != nil {
		return nil, err
	}
	values := make([]float64, len(errors))
	for i, e := range errors {
		values[i] = psnr(e)
	}
	return values, nil
}

// PSNRBatch returns the PSNR in dB of a batch as the reference code computes it: of the mean squared error over all its
// images. It is at most the mean of PSNR over the batch. The reference averages it over batches of 20, weighted by their
// sizes; [Quality] does so whatever the batches it is given.
func PSNRBatch(output, target aten.Tensor) (float64, error) {
	errors, err := MSE(output, target)
	if err != nil {
		return 0, err
	}
	return psnr(mean(errors)), nil
}

func psnr(mse float64) float64 { return 10 * math.Log10(1/(mse+epsilon)) }

// psnrOfBatches is the mean over batches of consecutive images, weighted by their sizes. Images of one evaluation have one
// size, so the error of a batch is the mean of its images' errors.
func psnrOfBatches(errors []float64, size int) float64 {
	total := 0.0
	for batch := range slices.Chunk(errors, size) {
		total += psnr(mean(batch)) * float64(len(batch))
	}
	return total / float64(len(errors))
}

func mean(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total / float64(len(values))
}
