package metrics

import (
	"fmt"

	"transfera/aten"
)

// Quality collects the image quality of one evaluation, batch by batch, with one value per image in the dataset's order.
// It belongs to one goroutine.
type Quality struct {
	MSE, PSNR, SSIM []float64
	images          roll
}

// NewQuality starts the evaluation of a dataset of n images.
func NewQuality(n int) *Quality {
	return &Quality{make([]float64, n), make([]float64, n), make([]float64, n), newRoll(n)}
}

// Add measures a batch. output and target are (N,3,H,W) in [0,1]; indices are the N images' places in the dataset. An image
// that was added before is an error. After an error the collection is as it was.
func (q *Quality) Add(indices []int, output, target aten.Tensor) error {
	errors, err := MSE(output, target)
	if err != nil {
		return err
	}
	similarity, err := SSIM(output, target)
	if err != nil {
		return err
	}
	if err := q.images.call(indices, len(errors)); err != nil {
		return err
	}
	for i, index := range indices {
		q.MSE[index], q.PSNR[index], q.SSIM[index] = errors[i], psnr(errors[i]), similarity[i]
	}
	return nil
}

// Summaries returns psnr, psnr_batch and ssim of the whole dataset. A dataset of which images are missing is an error.
func (q *Quality) Summaries() ([]Summary, error) {
	if err := q.images.complete(); err != nil {
		return nil, err
	}
	return []Summary{
		{"psnr", mean(q.PSNR), q.PSNR},
		{"psnr_batch", psnrOfBatches(q.MSE, referenceBatch), nil},
		{"ssim", mean(q.SSIM), q.SSIM},
	}, nil
}

// Recognition collects what one recognizer makes of a dataset, batch by batch, with one value per image in the dataset's
// order. CrossEntropy is in nats. It belongs to one goroutine.
type Recognition struct {
	Ranking
	CrossEntropy []float64
}

// NewRecognition starts the evaluation of a dataset of n images.
func NewRecognition(n int) *Recognition { return &Recognition{*NewRanking(n), make([]float64, n)} }

// Add judges a batch. logits are (N,classes) and finite, labels N class indices, indices the N images' places in the
// dataset. An image that was added before is an error. After an error the collection is as it was.
func (r *Recognition) Add(indices []int, logits aten.Tensor, labels []int64) error {
	rows, err := rowsOf(logits, labels)
	if err != nil {
		return fmt.Errorf("recognition: %w", err)
	}
	if err := r.images.call(indices, len(rows)); err != nil {
		return err
	}
	for i, index := range indices {
		r.set(index, rank(rows[i], labels[i]))
		r.CrossEntropy[index] = crossEntropy(rows[i], labels[i])
	}
	return nil
}

// MeanCrossEntropy averages over the whole dataset. A dataset of which images are missing is an error.
func (r *Recognition) MeanCrossEntropy() (float64, error) {
	if err := r.images.complete(); err != nil {
		return 0, err
	}
	return mean(r.CrossEntropy), nil
}

// roll knows which images of a dataset were added, so that none is counted twice, as with samplers that pad the last batch,
// and none forgotten.
type roll struct {
	present []bool
	count   int
}

func newRoll(n int) roll { return roll{present: make([]bool, n)} }

// call marks the images of a batch of the given size as present, all of them or, with an error, none.
func (r *roll) call(indices []int, size int) error {
	if len(indices) != size {
		return fmt.Errorf("%d indices do not match a batch of %d images", len(indices), size)
	}
	for i, index := range indices {
		if index < 0 || index >= len(r.present) || r.present[index] {
			for _, earlier := range indices[:i] {
				r.present[earlier] = false
			}
			if index < 0 || index >= len(r.present) {
				return fmt.Errorf("image %d is outside the dataset's 0..%d", index, len(r.present)-1)
			}
			return fmt.Errorf("image %d was evaluated twice", index)
		}
		r.present[index] = true
	}
	r.count += size
	return nil
}

func (r *roll) complete() error {
	if r.count == 0 {
		return fmt.Errorf("no image was evaluated")
	}
	if r.count < len(r.present) {
		return fmt.Errorf("only %d of %d images were evaluated", r.count, len(r.present))
	}
	return nil
}
