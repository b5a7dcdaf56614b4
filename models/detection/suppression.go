package detection

import (
	"cmp"
	"slices"
)

// descending returns the indices of scores from the largest on; equal scores keep their order.
func descending(scores []float32) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(scores[j], scores[i]) })
	return order
}

// Suppress is non-maximum suppression, as torchvision.ops.nms: it goes through the boxes from the largest score on, equal
// scores in their order, and keeps those whose intersection over union with every box kept before is at most threshold. It
// returns the indices of the first limit boxes kept; limit 0 is all.
func Suppress(boxes []Box, scores []float32, threshold float64, limit int) []int {
	return SuppressPerClass(boxes, scores, make([]int64, len(boxes)), threshold, limit)
}

// SuppressPerClass is Suppress among boxes of one class, for all classes at once, as torchvision.ops.batched_nms. The indices
// are in the order of the scores.
func SuppressPerClass(boxes []Box, scores []float32, classes []int64, threshold float64, limit int) []int {
	type survivor struct {
		box  Box
		area float32
	}
	var kept []int
	survivors := map[int64][]survivor{}
	for _, i := range descending(scores) {
		if limit > 0 && len(kept) == limit {
			break
		}
		candidate := survivor{boxes[i], area(boxes[i])}
		rivals := survivors[classes[i]]
		if !slices.ContainsFunc(rivals, func(s survivor) bool {
			return float64(iou(s.box, candidate.box, s.area, candidate.area)) > threshold
		}) {
			survivors[classes[i]] = append(rivals, candidate)
			kept = append(kept, i)
		}
	}
	return kept
}
