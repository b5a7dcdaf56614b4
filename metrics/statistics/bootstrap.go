package statistics

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// maxDistinct is how many distinct values still count as few: 0/1 answers
// averaged over up to 31 seeds.
const maxDistinct = 32

// stream returns the random stream of one named use.
func stream(seed uint64, name string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // a hash never fails to write
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// resampleMeans returns the means of bootstrap resamples, in drawing order.
func resampleMeans(values []float64, resamples int, rng *rand.Rand) []float64 {
	means := make([]float64, resamples)
	n := float64(len(values))
	if distinct, counts, few := tally(values); few {
		for r := range means {
			means[r] = drawCounts(distinct, counts, len(values), rng) / n
		}
		return means
	}
	for r := range means {
		sum := 0.0
		for range values {
			sum += values[rng.IntN(len(values))]
		}
		means[r] = sum / n
	}
	return means
}

// tally counts the distinct values in increasing order, and gives up (few is
// false) beyond maxDistinct of them.
func tally(values []float64) (distinct []float64, counts []int, few bool) {
	count := map[float64]int{}
	for _, v := range values {
		count[v]++
		if len(count) > maxDistinct {
			return nil, nil, false
		}
	}
	for v := range count {
		distinct = append(distinct, v)
	}
	slices.Sort(distinct) // map order must not reach the random stream
	for _, v := range distinct {
		counts = append(counts, count[v])
	}
	return distinct, counts, true
}

// drawCounts returns the sum of n values drawn with replacement from a sample
// of n with the given counts: a multinomial draw, as binomials conditional on
// what the values before took.
func drawCounts(distinct []float64, counts []int, n int, rng *rand.Rand) float64 {
	sum := 0.0
	left, pool := n, n // images still to draw, and sample members still to consider
	for i, value := range distinct {
		if left == 0 {
			break
		}
		drawn := left
		if counts[i] < pool {
			drawn = int(distuv.Binomial{N: float64(left), P: float64(counts[i]) / float64(pool), Src: rng}.Rand())
		}
		sum += float64(drawn) * value
		left -= drawn
		pool -= counts[i]
	}
	return sum
}
