package metrics

import (
	"fmt"
	"math"

	"transfera/aten"
)

// TopK tells for each image whether its label is among its k highest logits. Of equal logits the lower class index counts
// as the higher, so that top-1 is the argmax with ties to the lower index and nothing depends on the order of a sort. With
// no more than k classes every image is right.
//
// logits are (N,classes) and must be finite; labels are N class indices.
func TopK(logits aten.Tensor, labels []int64, k int) ([]bool, error) {
	if k < 1 {
		return nil, fmt.Errorf("top-%d accuracy: k must be at least 1", k)
	}
	rows, err := rowsOf(logits, labels)
	if err != nil {
		return nil, fmt.Errorf("top-%d accuracy: %w", k, err)
	}
	correct := make([]bool, len(labels))
	for i, label := range labels {
		correct[i] = rank(rows[i], label) < k
	}
	return correct, nil
}

// CrossEntropy returns each image's -log softmax(logits)[label] in nats, accumulated in double precision.
//
// logits are (N,classes) and must be finite; labels are N class indices.
func CrossEntropy(logits aten.Tensor, labels []int64) ([]float64, error) {
	rows, err := rowsOf(logits, labels)
	if err != nil {
		return nil, fmt.Errorf("cross-entropy: %w", err)
	}
	values := make([]float64, len(labels))
	for i, label := range labels {
		values[i] = crossEntropy(rows[i], label)
	}
	return values, nil
}

// rank counts the classes that come before label.
func rank(row []float64, label int64) int {
	before := 0
	for class, logit := range row {
		if logit > row[label] || logit == row[label] && int64(class) < label {
			before++
		}
	}
	return before
}

func crossEntropy(row []float64, label int64) float64 {
	highest := math.Inf(-1)
	for _, logit := range row {
		highest = max(highest, logit)
	}
	total := 0.0
	for _, logit := range row {
		total += math.Exp(logit - highest) // at most 1: large logits do not overflow
	}
	return math.Log(total) - (row[label] - highest)
}

// rowsOf copies the logits of each image, after checking them and the labels.
func rowsOf(logits aten.Tensor, labels []int64) ([][]float64, error) {
	shape := logits.Shape()
	if len(shape) != 2 || shape[1] == 0 {
		return nil, fmt.Errorf("logits have shape %v; expected (N,classes)", shape)
	}
	if shape[0] != len(labels) {
		return nil, fmt.Errorf("%d labels do not match logits of shape %v", len(labels), shape)
	}
	values, classes := logits.Doubles(), shape[1]
	rows := make([][]float64, len(labels))
	for i, label := range labels {
		rows[i] = values[i*classes : (i+1)*classes]
		if label < 0 || label >= int64(classes) {
			return nil, fmt.Errorf("label %d of image %d in the batch is outside the recognizer's classes 0..%d; were its weights made for this dataset?", label, i, classes-1)
		}
		for class, logit := range rows[i] {
			if math.IsNaN(logit) || math.IsInf(logit, 0) {
				return nil, fmt.Errorf("logit of class %d for image %d in the batch is %v; expected finite values", class, i, logit)
			}
		}
	}
	return rows, nil
}
