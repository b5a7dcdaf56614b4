package detection

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"transfera/aten"
)

// SamplingGenerator returns the generator that chooses the anchors and proposals of one training step. Each step has a stream
// of its own, so that a resumed training needs no state but the number of the step. Its seed is the first 8 bytes of
// SHA-256("transfera/detection/sampling\x00" + seed + step), every number as 8 little-endian bytes.
func SamplingGenerator(seed uint64, step int) *aten.Generator {
	message := []byte("transfera/detection/sampling\x00")
	message = binary.LittleEndian.AppendUint64(message, seed)
	message = binary.LittleEndian.AppendUint64(message, uint64(step))
	key := sha256.Sum256(message)
	return aten.NewGenerator(binary.LittleEndian.Uint64(key[:8]))
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
