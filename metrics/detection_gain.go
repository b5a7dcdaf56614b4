package metrics

import (
	"fmt"
	"slices"

	"transfera/metrics/statistics"
)

// Intervals returns the bootstrap intervals of map07 and map, in the order and the percent of [Detection.Summaries], over the
// same resamples of the images. As in the whole set, a class without objects in a resample is left out of its mean; a resample
// without any object that counts is drawn again. Copies of a detection follow each other, so of equal scores in one image
// those of the first detection come before those of the second.
func (d *Detection) Intervals(level float64, resamples int, seed uint64) ([]statistics.Interval, error) {
	if _, err := d.Summaries(); err != nil {
		return nil, err
	}
	var eleven, area []float64
	ranking := newRanking(d)
	statistics.ResampleImages(len(d.found), resamples, seed, func(times []int) bool {
		mean, ok := ranking.mean(times)
		if ok {
			eleven, area = append(eleven, mean.AP07), append(area, mean.AP)
		}
		return ok
	})
	return []statistics.Interval{
		statistics.ResampledInterval(eleven, len(d.found), level), statistics.ResampledInterval(area, len(d.found), level),
	}, nil
}

// DetectionGains compares two methods on the same images by map07 and map, in the order and the percent of
// [Detection.Summaries]: base and other are evaluations by training seed, and row s of both belongs to the same one. The
// analysis is [statistics.ResampledGain], with statistics.Resamples resamples drawn as by [Detection.Intervals].
func DetectionGains(base, other []*Detection, level float64, seed uint64) ([]statistics.Gain, error) {
	if err := checkPairs(base, other); err != nil {
		return nil, fmt.Errorf("gain of detection: %w", err)
	}
	images, seeds := len(base[0].found), len(base)
	whole := make([]int, images)
	for i := range whole {
		whole[i] = 1
	}
	rankings := make([][2]*ranking, seeds)
	var differences [2][]float64 // by metric and seed
	resampled := [2][][]float64{make([][]float64, seeds), make([][]float64, seeds)}
	for s := range rankings {
		rankings[s] = [2]*ranking{newRanking(base[s]), newRanking(other[s])}
		difference, ok := meanDifference(rankings[s], whole)
		if !ok {
			return nil, fmt.Errorf("gain of detection: %w", errNoPositives)
		}
		for m := range differences {
			differences[m] = append(differences[m], difference[m])
		}
	}
	statistics.ResampleImages(images, statistics.Resamples, seed, func(times []int) bool {
		for s := range rankings {
			difference, ok := meanDifference(rankings[s], times)
			if !ok {
				return false // for the first seed as for any: they have the same objects
			}
			for m := range resampled {
				resampled[m][s] = append(resampled[m][s], difference[m])
			}
		}
		return true
	})
	gains := make([]statistics.Gain, len(differences))
	for m := range gains {
		gain, err := statistics.ResampledGain(differences[m], resampled[m], images, level)
		if err != nil {
			return nil, fmt.Errorf("gain of detection: %w", err)
		}
		gains[m] = gain
	}
	return gains, nil
}

// meanDifference returns how much map07 and map of the second of two rankings are above the first's.
func meanDifference(pair [2]*ranking, times []int) (difference [2]float64, ok bool) {
	base, ok := pair[0].mean(times)
	if !ok {
		return difference, false
	}
	other, ok := pair[1].mean(times)
	return [2]float64{other.AP07 - base.AP07, other.AP - base.AP}, ok
}

// checkPairs refuses evaluations that are not of the same images.
func checkPairs(base, other []*Detection) error {
	if len(base) == 0 || len(base) != len(other) {
		return fmt.Errorf("base has %d seeds, other has %d; expected equally many, at least one", len(base), len(other))
	}
	for s := range base {
		for _, d := range []*Detection{base[s], other[s]} {
			if err := d.images.complete(); err != nil {
				return fmt.Errorf("seed %d: %w", s, err)
			}
			if d.classes != base[0].classes || !slices.EqualFunc(d.positives, base[0].positives, slices.Equal[[]int]) {
				return fmt.Errorf("seed %d: the objects are not those of seed 0: all must see the same images", s)
			}
		}
	}
	return nil
}
