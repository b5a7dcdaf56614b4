package statistics

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// ResampleImages draws bootstrap resamples of a test set for statistics that are no mean over images, such as mean average
// precision: it calls measure with the number of times that each image was drawn, as many draws as there are images. measure
// must not keep times. It returns false where the statistic does not exist; that resample is drawn again, so the statistic
// must exist for any resample that holds some one image.
func ResampleImages(images, resamples int, seed uint64, measure func(times []int) bool) {
	rng := stream(seed, "resample-images")
	times := make([]int, images)
	for done := 0; done < resamples; {
		clear(times)
		for range times {
			times[rng.IntN(images)]++
		}
		if measure(times) {
			done++
		}
	}
}

// ResampledInterval returns the percentile-bootstrap interval from a statistic's values over resamples of the images, as
// [BootstrapMean] does for a mean.
func ResampledInterval(resampled []float64, images int, level float64) Interval {
	interval := Interval{
		Low: math.NaN(), High: math.NaN(), N: images,
		Method: fmt.Sprintf("percentile bootstrap over images, %d resamples", len(resampled)),
	}
	if warning, bad := unusable(resampled, level); bad {
		interval.Warnings = append(interval.Warnings, warning)
		return interval
	}
	interval.Low, interval.High = percentiles(resampled, level)
	if interval.Low == interval.High {
		interval.Warnings = append(interval.Warnings, Warning{CodeDegenerate,
			"all resamples have the same value: the interval has no width, which is not certainty"})
	}
	return interval
}

// ResampledGain is [PairedGain] for a statistic that is no mean over images. differences are other - base by seed; resampled
// the same by seed and resample, all seeds and both methods on the same resamples of the images.
//
// One seed: the interval is the percentile bootstrap's. The test is a t test of the difference against the bootstrap's
// standard error, which for a mean is the paired t test; counting resamples beyond zero would give no p-value below
// 1/resamples, too coarse for Holm's correction of many tests.
//
// Several seeds: two-way random effects as in PairedGain, with the variance that images add to all seeds alike estimated by
// the bootstrap covariance between seeds (Obuchowski and Rockette 1995, with Hillis' degrees of freedom, 2007), for a mean
// the same as the mean squares' up to the bootstrap's own error.
func ResampledGain(differences []float64, resampled [][]float64, images int, level float64) (Gain, error) {
	if !(level > 0 && level < 1) {
		return Gain{}, fmt.Errorf("resampled gain: confidence level %v is not between 0 and 1", level)
	}
	if len(differences) == 0 || len(resampled) != len(differences) || images < 1 {
		return Gain{}, fmt.Errorf("resampled gain: %d differences, %d lists of resamples, %d images", len(differences), len(resampled), images)
	}
	for s, list := range resampled {
		if len(list) < 2 || len(list) != len(resampled[0]) {
			return Gain{}, fmt.Errorf("resampled gain: seed %d has %d resamples, seed 0 has %d; expected equally many, at least 2",
				s, len(list), len(resampled[0]))
		}
		if warning, bad := unusable(append([]float64{differences[s]}, list...), level); bad {
			return Gain{}, fmt.Errorf("resampled gain: seed %d: %s", s, warning.Text)
		}
	}
	if len(differences) == 1 {
		return resampledOverImages(differences[0], resampled[0], images, level), nil
	}
	return overSeeds(resampledEffects(differences, resampled, images), len(differences), images, level), nil
}

func resampledOverImages(difference float64, resampled []float64, images int, level float64) Gain {
	gain := Gain{
		Difference: difference,
		Test:       "t of the paired bootstrap's standard error",
		PValue:     1,
		NImages:    images,
		NSeeds:     1,
		Warnings:   []Warning{{CodeOneSeed, "1 seed: the interval is over images only"}},
	}
	gain.Interval = Interval{
		Method: fmt.Sprintf("paired percentile bootstrap over images, %d resamples", len(resampled)),
		N:      images,
	}
	gain.Interval.Low, gain.Interval.High = percentiles(resampled, level)
	if gain.Interval.Low == gain.Interval.High {
		gain.Interval.Warnings = []Warning{degenerate(images)}
		gain.Warnings = append(gain.Warnings, gain.Interval.Warnings...)
	}
	if images > 1 {
		gain.PValue = tTest(difference, stat.StdDev(resampled, nil), float64(images-1))
	}
	if images < 30 {
		gain.Warnings = append(gain.Warnings, Warning{CodeFewImages,
			fmt.Sprintf("%d images: the t test assumes normal differences", images)})
	}
	return gain
}

// resampledEffects is crossed with the images' part taken from resamples.
func resampledEffects(differences []float64, resampled [][]float64, images int) effects {
	seeds := float64(len(differences))
	mean, seedVariance := stat.MeanVariance(differences, nil)
	covariance, pairs := 0.0, 0.0
	for s := range resampled {
		for other := range s {
			covariance += stat.Covariance(resampled[s], resampled[other], nil)
			pairs++
		}
	}
	total := seedVariance + seeds*math.Max(0, covariance/pairs)
	freedom := math.Inf(1)
	if seedVariance > 0 {
		freedom = (seeds - 1) * square(total/seedVariance)
	}
	return effects{
		mean:      mean,
		deviation: math.Sqrt(total / seeds),
		freedom:   math.Max(seeds-1, math.Min(freedom, float64(images-1))),
	}
}

func percentiles(values []float64, level float64) (low, high float64) {
	sorted := slices.Sorted(slices.Values(values))
	return stat.Quantile((1-level)/2, stat.LinInterp, sorted, nil), stat.Quantile((1+level)/2, stat.LinInterp, sorted, nil)
}
