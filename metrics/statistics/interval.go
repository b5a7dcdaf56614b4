package statistics

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	// Level is the confidence level of every interval that transfera reports.
	Level = 0.95
	// Resamples is the number of bootstrap resamples behind them.
	Resamples = 2000
)

// Interval is a two-sided confidence interval in the unit of its input. Low
// and High are NaN where none could be given; Warnings then say why.
type Interval struct {
	Low, High float64
	// Method names the procedure and what was resampled.
	Method string
	// N is the number of observations the interval rests on.
	N int
	// Warnings are reasons to trust the interval less.
	Warnings []Warning
}

// OK reports whether the interval exists.
func (i Interval) OK() bool { return !math.IsNaN(i.Low) && !math.IsNaN(i.High) }

// Half returns half of the interval's width, NaN where there is no interval.
func (i Interval) Half() float64 { return (i.High - i.Low) / 2 }

// Scale returns values multiplied by factor: Scale(correct, 100) turns 0/1
// into percent. The input is left as it is.
func Scale(values []float64, factor float64) []float64 {
	scaled := make([]float64, len(values))
	for i, v := range values {
		scaled[i] = v * factor
	}
	return scaled
}

// Mean returns the arithmetic mean, NaN of no values.
func Mean(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	return stat.Mean(values, nil)
}

// BootstrapMean returns the percentile-bootstrap interval of the mean over
// images (Efron and Tibshirani 1993, chapter 13): the level's central range of
// the means of resamples drawn with replacement, as many images as there are.
//
// Values that repeat, such as 0/1, are resampled by drawing the count of each
// distinct value, which has exactly the distribution of drawing
// images one by one and takes a time that does not grow with their number.
func BootstrapMean(values []float64, level float64, resamples int, seed uint64) Interval {
	interval := Interval{
		Low: math.NaN(), High: math.NaN(), N: len(values),
		Method: fmt.Sprintf("percentile bootstrap over images, %d resamples", resamples),
	}
	if warning, bad := unusable(values, level); bad {
		interval.Warnings = append(interval.Warnings, warning)
		return interval
	}
	if resamples < 1 {
		interval.Warnings = append(interval.Warnings, Warning{CodeNoInterval, "no bootstrap resamples were asked for"})
		return interval
	}
	means := resampleMeans(values, resamples, stream(seed, "bootstrap-mean"))
	slices.Sort(means)
	interval.Low = stat.Quantile((1-level)/2, stat.LinInterp, means, nil)
	interval.High = stat.Quantile((1+level)/2, stat.LinInterp, means, nil)
	if interval.Low == interval.High {
		interval.Warnings = append(interval.Warnings, Warning{CodeDegenerate, fmt.Sprintf(
			"all %d values are equal: the interval has no width, which is not certainty", len(values))})
	}
	return interval
}

// StudentMean returns Student's t interval of the mean over seeds, one value
// per seed. With one value there is no interval: ok is false and the
// interval's warning says so. Two values do give one, honest but so wide (12.7
// standard errors at 95 %) that it carries a warning as well.
func StudentMean(values []float64, level float64) (interval Interval, ok bool) {
	interval = Interval{Low: math.NaN(), High: math.NaN(), N: len(values), Method: "Student t over seeds"}
	if warning, bad := unusable(values, level); bad {
		interval.Warnings = append(interval.Warnings, warning)
		return interval, false
	}
	n := len(values)
	if n < 2 {
		interval.Warnings = append(interval.Warnings, Warning{CodeNoInterval, "1 seed: no interval over seeds"})
		return interval, false
	}
	if n == 2 {
		interval.Warnings = append(interval.Warnings, Warning{CodeFewSeeds,
			"2 seeds: the interval over seeds rests on one degree of freedom"})
	}
	mean, deviation := stat.MeanStdDev(values, nil)
	half := studentQuantile(level, float64(n-1)) * deviation / math.Sqrt(float64(n))
	interval.Low, interval.High = mean-half, mean+half
	return interval, true
}

// studentQuantile returns how many standard errors the two-sided interval of
// the given level reaches to each side.
func studentQuantile(level, freedom float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Quantile((1 + level) / 2)
}

// studentPValue returns the two-sided p-value of a t statistic.
func studentPValue(t, freedom float64) float64 {
	return math.Min(1, 2*distuv.StudentsT{Mu: 0, Sigma: 1, Nu: freedom}.Survival(math.Abs(t)))
}

// unusable reports, as a warning, why no interval can be made of the values.
func unusable(values []float64, level float64) (Warning, bool) {
	if !(level > 0 && level < 1) {
		return Warning{CodeNoInterval, fmt.Sprintf("confidence level %v is not between 0 and 1", level)}, true
	}
	if len(values) == 0 {
		return Warning{CodeNoInterval, "no values: no interval"}, true
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Warning{CodeNoInterval, fmt.Sprintf("value %d of %d is %v: no interval", i, len(values), v)}, true
		}
	}
	return Warning{}, false
}
