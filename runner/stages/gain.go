package stages

import (
	"slices"

	"transfera/metrics"
	"transfera/metrics/statistics"
)

// gainOf compares two evaluations by a metric, base and other being measurements by seed on the same images. ok is false where
// the metric was not measured in both, or cannot be compared since it belongs neither to images nor to what was found.
func gainOf(metric string, base, other []*measurements) (gain statistics.Gain, ok bool, err error) {
	if at := summaryIndex(metric, base, other); at >= 0 {
		gains, err := metrics.DetectionGains(detections(base), detections(other), statistics.Level, bootstrapSeed)
		if err != nil {
			return gain, false, err
		}
		return gains[at], true, nil
	}
	baseValues, otherValues := perImage(base, metric), perImage(other, metric)
	if baseValues == nil || otherValues == nil {
		return gain, false, nil
	}
	gain, err = statistics.PairedGain(baseValues, otherValues, statistics.Level, bootstrapSeed)
	return gain, err == nil, err
}

// perImage is the values of a metric as [seed][image]; nil where there are none.
func perImage(seeds []*measurements, metric string) [][]float64 {
	var values [][]float64
	for _, one := range seeds {
		m, ok := one.of(metric)
		if !ok || m.perImage == nil {
			return nil
		}
		values = append(values, m.perImage)
	}
	return values
}

// summaryIndex is the place of a metric in metrics.DetectionGains, negative where it is not one of detections or not all of
// these were searched for objects.
func summaryIndex(metric string, evaluations ...[]*measurements) int {
	at := -1
	for _, seeds := range evaluations {
		if len(seeds) == 0 {
			return -1
		}
		for _, one := range seeds {
			if one.detection == nil {
				return -1
			}
			at = slices.IndexFunc(one.Metrics, func(m measurement) bool { return m.Metric == metric })
		}
	}
	return at
}

func detections(seeds []*measurements) []*metrics.Detection {
	var list []*metrics.Detection
	for _, one := range seeds {
		list = append(list, one.detection)
	}
	return list
}
