package statistics

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Gain is a difference of two means over the same images and seeds, with what
// is known about it. Difference and Interval are in the unit of the input.
type Gain struct {
	// Difference is mean(other) - mean(base).
	Difference float64
	// Interval of the difference; its Method says what it covers.
	Interval Interval
	// PValue is two-sided, against no difference, not corrected for the number
	// of tests made (see Holm).
	PValue float64
	// Test names the test behind PValue.
	Test     string
	NImages  int
	NSeeds   int
	Warnings []Warning
}

// PairedGain compares two methods on the same images: base and other are
// indexed [seed][image], of one shape, and row s of both belongs to the same
// training seed.
//
// One seed: the only thing repeated is the image. The interval is the
// percentile bootstrap over images of the paired difference. The test is
// McNemar's, exact (binomial over the images on which the two disagree), for
// right/wrong answers: values 0 and one other value, as in Dietterich 1998.
// For other values it is the paired t test, which with the hundreds of images
// of a test set agrees with the bootstrap and the randomization test while
// Wilcoxon's does not test the mean (Smucker, Allan and Carterette 2007). Both
// speak about these two trained networks, not about training.
//
// Several seeds: seeds and images are crossed (each network sees the same
// images), the situation of readers and cases in diagnostic imaging, and the
// same analysis is made: two-way random effects on the differences, t test and
// t interval with Hillis' degrees of freedom (Hillis 2007, Statistics in
// Medicine 26:596). They speak about another training run judged on another
// test set. Resampling two or three seeds, the other habit, would understate
// their variance by a half or a third and is therefore not done.
//
// The level is the interval's, for instance Level; seed feeds the bootstrap.
func PairedGain(base, other [][]float64, level float64, seed uint64) (Gain, error) {
	if !(level > 0 && level < 1) {
		return Gain{}, fmt.Errorf("paired gain: confidence level %v is not between 0 and 1", level)
	}
	difference, err := pairedDifference(base, other)
	if err != nil {
		return Gain{}, fmt.Errorf("paired gain: %w", err)
	}
	if len(difference) == 1 {
		return gainOverImages(base[0], other[0], difference[0], level, seed), nil
	}
	return gainOverSeeds(difference, level), nil
}

// pairedDifference returns other - base after checking that they pair up.
func pairedDifference(base, other [][]float64) ([][]float64, error) {
	if len(base) != len(other) {
		return nil, fmt.Errorf("base has %d seeds, other has %d", len(base), len(other))
	}
	if len(base) == 0 || len(base[0]) == 0 {
		return nil, fmt.Errorf("no values")
	}
	images := len(base[0])
	difference := make([][]float64, len(base))
	for s := range base {
		if len(base[s]) != images || len(other[s]) != images {
			return nil, fmt.Errorf("seed %d has %d and %d images, seed 0 has %d: all must see the same images",
				s, len(base[s]), len(other[s]), images)
		}
		difference[s] = make([]float64, images)
		for i := range difference[s] {
			d := other[s][i] - base[s][i]
			if math.IsNaN(d) || math.IsInf(d, 0) {
				return nil, fmt.Errorf("seed %d, image %d: values %v and %v have no finite difference",
					s, i, base[s][i], other[s][i])
			}
			difference[s][i] = d
		}
	}
	return difference, nil
}

func gainOverImages(base, other, difference []float64, level float64, seed uint64) Gain {
	gain := Gain{
		Difference: stat.Mean(difference, nil),
		NImages:    len(difference),
		NSeeds:     1,
		Warnings:   []Warning{{CodeOneSeed, "1 seed: the interval is over images only"}},
	}
	gain.Interval = bootstrapDifference(difference, level, seed)
	gain.Warnings = append(gain.Warnings, gain.Interval.Warnings...)
	if answers(base, other) {
		gain.Test = "McNemar exact"
		gain.PValue = mcnemar(difference)
		return gain
	}
	gain.Test = "paired t over images"
	gain.PValue = pairedT(difference)
	if len(difference) < 30 {
		gain.Warnings = append(gain.Warnings, Warning{CodeFewImages,
			fmt.Sprintf("%d images: the paired t test assumes normal differences", len(difference))})
	}
	return gain
}

func bootstrapDifference(difference []float64, level float64, seed uint64) Interval {
	means := resampleMeans(difference, Resamples, stream(seed, "paired-gain"))
	slices.Sort(means)
	interval := Interval{
		Low:    stat.Quantile((1-level)/2, stat.LinInterp, means, nil),
		High:   stat.Quantile((1+level)/2, stat.LinInterp, means, nil),
		Method: fmt.Sprintf("paired percentile bootstrap over images, %d resamples", Resamples),
		N:      len(difference),
	}
	if interval.Low == interval.High {
		interval.Warnings = append(interval.Warnings, degenerate(len(difference)))
	}
	return interval
}

func degenerate(images int) Warning {
	return Warning{CodeDegenerate,
		fmt.Sprintf("the difference is the same on all %d images: the interval has no width", images)}
}

// answers reports whether the values are right/wrong answers: 0 and at most
// one other value.
func answers(base, other []float64) bool {
	right := 0.0
	for _, values := range [][]float64{base, other} {
		for _, v := range values {
			switch {
			case v == 0 || v == right:
			case right == 0:
				right = v
			default:
				return false
			}
		}
	}
	return true
}

// mcnemar returns the exact two-sided p-value: given that the two disagree on
// an image, either is right with probability one half.
func mcnemar(difference []float64) float64 {
	up, down := 0, 0
	for _, d := range difference {
		switch {
		case d > 0:
			up++
		case d < 0:
			down++
		}
	}
	return SignTest(up, down)
}

// pairedT returns the two-sided p-value of the paired t test.
func pairedT(difference []float64) float64 {
	if len(difference) < 2 {
		return 1
	}
	mean, deviation := stat.MeanStdDev(difference, nil)
	return tTest(mean, deviation/math.Sqrt(float64(len(difference))), float64(len(difference)-1))
}

// tTest is studentPValue for an estimate and its standard error, which may be
// zero where the data do not vary: then there is no evidence, p is 1.
func tTest(estimate, deviation, freedom float64) float64 {
	if deviation == 0 {
		return 1
	}
	return studentPValue(estimate/deviation, freedom)
}

func gainOverSeeds(difference [][]float64, level float64) Gain {
	return overSeeds(crossed(difference), len(difference), len(difference[0]), level)
}

// overSeeds is the gain that an analysis of crossed seeds and images found.
func overSeeds(effects effects, seeds, images int, level float64) Gain {
	gain := Gain{
		Test:    "t, two-way random effects of seeds and images",
		NImages: images,
		NSeeds:  seeds,
	}
	gain.Difference = effects.mean
	gain.PValue = tTest(effects.mean, effects.deviation, effects.freedom)
	half := 0.0
	if effects.deviation > 0 {
		half = studentQuantile(level, effects.freedom) * effects.deviation
	} else {
		gain.Warnings = append(gain.Warnings, degenerate(images))
	}
	gain.Interval = Interval{
		Low: effects.mean - half, High: effects.mean + half,
		Method: "t over seeds and images, two-way random effects",
		N:      images,
	}
	if seeds == 2 {
		gain.Warnings = append(gain.Warnings, Warning{CodeFewSeeds,
			"2 seeds: how much training runs differ is known from one degree of freedom"})
	}
	return gain
}
