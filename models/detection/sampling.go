package detection

import (
	"slices"

	"transfera/aten"
	"transfera/models/nn"
)

// SamplingGenerator returns the generator that chooses the anchors and proposals of one training step. Each step has a stream
// of its own, so that a resumed training needs no state but the number of the step: nn.StreamSeed of "sampling" with both.
func SamplingGenerator(seed uint64, step int) *aten.Generator {
	return aten.NewGenerator(nn.StreamSeed("sampling", seed, uint64(step)))
}

// sampler chooses which boxes a loss counts.
type sampler struct {
	size     int     // boxes in all
	fraction float64 // of them with an object, at most
}

// sample returns the indices of positive and negative boxes in ascending order, given their matches. It draws two
// permutations, as torchvision's BalancedPositiveNegativeSampler does from torch's own generator.
func (s sampler) sample(matches []int, g *aten.Generator) (positive, negative []int) {
	for i, m := range matches {
		switch {
		case m >= 0:
			positive = append(positive, i)
		case m == background:
			negative = append(negative, i)
		}
	}
	positive = choose(positive, int(float64(s.size)*s.fraction), g)
	negative = choose(negative, s.size-len(positive), g)
	return positive, negative
}

func choose(from []int, count int, g *aten.Generator) []int {
	chosen := make([]int, 0, min(count, len(from)))
	for _, i := range g.Permutation(len(from))[:min(count, len(from))] {
		chosen = append(chosen, from[i])
	}
	slices.Sort(chosen)
	return chosen
}
