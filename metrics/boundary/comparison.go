package boundary

import (
	"fmt"
	"math"
	"slices"

	"transfera/metrics/statistics"
)

// Comparison says how far apart the boundaries of two classifiers are, along the same directions from the same images. All
// its numbers are over the N images whose rays cross both boundaries, so that they belong together; lengths are in L2.
type Comparison struct {
	N int
	// CensoredFirst and CensoredSecond count the rays that do not cross the boundary of the first or second classifier up to
	// the maximum, CensoredBoth those of them that cross neither. Skipped counts images without a direction.
	CensoredFirst, CensoredSecond, CensoredBoth, Skipped int
	// MinDist is the mean distance of the first classifier's boundary, MedianMinDist the median.
	MinDist, MedianMinDist float64
	MinDistInterval        statistics.Interval
	// InterDist is the mean of |distance of the first - distance of the second|.
	InterDist         float64
	InterDistInterval statistics.Interval
	// Ratio is InterDist / MinDist.
	Ratio         float64
	RatioInterval statistics.Interval
	// InterDistAtLeast is InterDist with the rays that cross only one boundary, whose other distance enters as the maximum: a
	// lower bound of the mean over all rays but those counted by CensoredBoth.
	InterDistAtLeast float64
	// Difference is InterDist - MinDist, paired by image. Boundaries are closer to each other than to the images where its
	// interval lies below 0.
	Difference statistics.Gain
	Warnings   []statistics.Warning
}

// Closer tells whether InterDist is smaller than MinDist, beyond what the images drawn explain: the claim of Tramer et al.
func (c Comparison) Closer() bool { return c.Difference.Interval.High < 0 }

// Compare compares what MinDist found for two classifiers on the same images and directions. Intervals have the given level
// and come from a bootstrap over images with statistics.Resamples resamples. Without an image that crosses both boundaries
// the numbers are NaN and a warning says why.
func Compare(first, second []Distance, level float64, seed uint64) (Comparison, error) {
	if len(first) != len(second) || len(first) == 0 {
		return Comparison{}, fmt.Errorf("compare boundaries: %d and %d distances; expected as many of both, at least 1", len(first), len(second))
	}
	var c Comparison
	var minDist, interDist, bounds []float64
	for i, p := range first {
		q := second[i]
		if (p.Outcome == Skipped) != (q.Outcome == Skipped) {
			return Comparison{}, fmt.Errorf("compare boundaries: image %d has a direction in one list only; use the same directions for both", i)
		}
		switch {
		case p.Outcome == Skipped:
			c.Skipped++
			continue
		case p.Outcome == Censored && q.Outcome == Censored:
			c.CensoredBoth++
		case p.Outcome == Crossed && q.Outcome == Crossed:
			minDist = append(minDist, p.Value)
			interDist = append(interDist, math.Abs(p.Value-q.Value))
			fallthrough
		default:
			bounds = append(bounds, math.Abs(p.Value-q.Value))
		}
		if p.Outcome == Censored {
			c.CensoredFirst++
		}
		if q.Outcome == Censored {
			c.CensoredSecond++
		}
	}
	c.N = len(minDist)
	c.InterDistAtLeast = statistics.Mean(bounds)
	if err := c.summarize(minDist, interDist, level, seed); err != nil {
		return Comparison{}, fmt.Errorf("compare boundaries: %w", err)
	}
	return c, nil
}

func (c *Comparison) summarize(minDist, interDist []float64, level float64, seed uint64) error {
	if !(level > 0 && level < 1) {
		return fmt.Errorf("confidence level %v is not between 0 and 1", level)
	}
	c.MinDist, c.MedianMinDist = statistics.Mean(minDist), median(minDist)
	c.InterDist = statistics.Mean(interDist)
	c.Ratio = c.InterDist / c.MinDist
	c.MinDistInterval = statistics.BootstrapMean(minDist, level, statistics.Resamples, seed)
	c.InterDistInterval = statistics.BootstrapMean(interDist, level, statistics.Resamples, seed)
	c.RatioInterval = ratioInterval(interDist, minDist, level, seed)
	if c.N == 0 {
		c.Difference = statistics.Gain{Difference: math.NaN(), PValue: math.NaN(), Interval: c.MinDistInterval, NSeeds: 1}
		c.Warnings = append(c.Warnings, statistics.Warning{Code: statistics.CodeNoInterval,
			Text: "no ray crosses both boundaries: no distances to compare"})
	} else {
		var err error
		if c.Difference, err = statistics.PairedGain([][]float64{minDist}, [][]float64{interDist}, level, seed); err != nil {
			return err
		}
	}
	if censored := c.CensoredFirst + c.CensoredSecond - c.CensoredBoth; censored > 0 {
		c.Warnings = append(c.Warnings, statistics.Warning{Code: CodeCensored, Text: fmt.Sprintf(
			"%d of %d rays miss a boundary up to the maximum and are left out, which makes the distances too small", censored, censored+c.N)})
	}
	return nil
}

// CodeCensored is the warning's code for rays that cross no boundary.
const CodeCensored = "censored"

// ratioInterval returns the percentile-bootstrap interval of mean(a) / mean(b) over images, which draws both by the image.
// The values of b must be positive.
func ratioInterval(a, b []float64, level float64, seed uint64) statistics.Interval {
	return weightedInterval(len(a), level, seed, func(times []int) (float64, bool) {
		up, down := 0.0, 0.0
		for i, n := range times {
			up += float64(n) * a[i]
			down += float64(n) * b[i]
		}
		return up / down, true
	})
}

// weightedInterval is the percentile-bootstrap interval of a statistic of n things, given how often each was drawn.
func weightedInterval(n int, level float64, seed uint64, statistic func(times []int) (value float64, exists bool)) statistics.Interval {
	if n == 0 {
		return statistics.BootstrapMean(nil, level, statistics.Resamples, seed) // NaN, with the warning that says why
	}
	values := make([]float64, 0, statistics.Resamples)
	statistics.ResampleImages(n, statistics.Resamples, seed, func(times []int) bool {
		value, exists := statistic(times)
		if exists {
			values = append(values, value)
		}
		return exists
	})
	return statistics.ResampledInterval(values, n, level)
}

// median returns the middle value, NaN of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
