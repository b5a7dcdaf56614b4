package statistics

import (
	"cmp"
	"math"
	"slices"
)

// Holm returns the p-values adjusted for having made all of these tests, in
// the order given (Holm 1979): comparing each with 0.05 keeps the chance of
// even one false alarm in the family at or below 5 %, whatever the dependence
// between the tests. NaN stands for a test that was not made: it stays NaN and
// does not count.
func Holm(p []float64) []float64 {
	adjusted := slices.Clone(p)
	order := make([]int, 0, len(p))
	for i := range p {
		if !math.IsNaN(p[i]) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	floor := 0.0
	for rank, i := range order {
		floor = math.Max(floor, math.Min(1, float64(len(order)-rank)*p[i]))
		adjusted[i] = floor
	}
	return adjusted
}
