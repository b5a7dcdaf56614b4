package statistics

import (
	"math"

	"gonum.org/v1/gonum/stat"
)

// effects is the estimate of a mean over crossed seeds and images.
type effects struct {
	mean float64
	// deviation is the standard error of the mean, seeds and images both
	// random.
	deviation float64
	// freedom is the number of degrees of freedom of deviation.
	freedom float64
}

// crossed analyses a complete table [seed][image], at least two seeds, as
//
//	value = mean + seed effect + image effect + rest
//
// with all effects random. The variance of the mean is (MS seeds + MS images -
// MS rest) / (seeds x images), the image part never counted below zero, and
// its degrees of freedom are Hillis' (2007): carried by the few seeds alone,
// so that they grow as the seeds' share of the variance shrinks. They are
// capped by the images' own number.
func crossed(table [][]float64) effects {
	seeds, images := float64(len(table)), float64(len(table[0]))
	bySeed := make([]float64, len(table))
	byImage := make([]float64, len(table[0]))
	for s, row := range table {
		bySeed[s] = stat.Mean(row, nil)
		for i, v := range row {
			byImage[i] += v / seeds
		}
	}
	mean := stat.Mean(bySeed, nil)

	var ssSeeds, ssImages, ssRest float64
	for s, row := range table {
		ssSeeds += images * square(bySeed[s]-mean)
		for i, v := range row {
			ssRest += square(v - bySeed[s] - byImage[i] + mean)
		}
	}
	for i := range byImage {
		ssImages += seeds * square(byImage[i]-mean)
	}
	msSeeds := ssSeeds / (seeds - 1)
	imagePart := 0.0
	if images > 1 {
		imagePart = math.Max(0, ssImages/(images-1)-ssRest/((seeds-1)*(images-1)))
	}
	total := msSeeds + imagePart
	freedom := seeds - 1
	if msSeeds > 0 {
		freedom *= square(total / msSeeds)
	} else {
		freedom = math.Inf(1)
	}
	return effects{
		mean:      mean,
		deviation: math.Sqrt(total / (seeds * images)),
		freedom:   math.Max(seeds-1, math.Min(freedom, images-1)),
	}
}

func square(x float64) float64 { return x * x }
