package statistics

import (
	"fmt"
	"math"
)

// Agreement is how much raters agree beyond chance: 1 is always, 0 is chance.
type Agreement struct {
	// Alpha is Krippendorff's for nominal answers, at most 1; NaN where it does not exist.
	Alpha float64
	// Interval of Alpha over another sample of units.
	Interval Interval
	// Fleiss is Fleiss' kappa, NaN unless every unit has the same number of answers.
	Fleiss float64
	// Units with at least two answers, and the Answers in them: the others say nothing about agreement.
	Units, Answers int
	Warnings       []Warning
}

// Agree computes the agreement of raters on units. counts[u][c] is how many raters gave unit u the answer c, with the same
// answers for all units; raters may leave units out (Krippendorff 2004, chapter 11). The interval is the percentile bootstrap
// over units, whose raters stay together; seed feeds it. Where nobody ever disagrees, or no unit has two answers, agreement
// beyond chance does not exist: Alpha is NaN, with a warning.
func Agree(counts [][]int, level float64, resamples int, seed uint64) Agreement {
	var shared [][]int
	a := Agreement{Alpha: math.NaN(), Fleiss: math.NaN(), Interval: Interval{Low: math.NaN(), High: math.NaN()}}
	for _, unit := range counts {
		if n := sum(unit); n >= 2 {
			shared = append(shared, unit)
			a.Units, a.Answers = a.Units+1, a.Answers+n
		}
	}
	if a.Units == 0 {
		a.Warnings = []Warning{{CodeNoInterval, "no unit was judged twice: no agreement can be given"}}
		return a
	}
	once := make([]int, len(shared))
	for i := range once {
		once[i] = 1
	}
	if a.Alpha = alpha(shared, once); math.IsNaN(a.Alpha) {
		a.Warnings = []Warning{{CodeDegenerate, "all answers are the same: agreement beyond chance does not exist"}}
		return a
	}
	if len(shared) == len(counts) {
		a.Fleiss = fleiss(shared)
	}
	rng := stream(seed, "agreement")
	times := make([]int, len(shared))
	var resampled []float64
	for range resamples {
		clear(times)
		for range times {
			times[rng.IntN(len(times))]++
		}
		if v := alpha(shared, times); !math.IsNaN(v) { // a resample of equal answers has none
			resampled = append(resampled, v)
		}
	}
	a.Interval = ResampledInterval(resampled, len(shared), level)
	a.Interval.Method = fmt.Sprintf("percentile bootstrap over units, %d resamples", len(resampled))
	a.Warnings = append(a.Warnings, a.Interval.Warnings...)
	return a
}

// alpha is one minus observed over expected disagreement, unit u counted times[u] times. Each pair of a unit's n answers
// weighs 1/(n-1), so that each answer weighs one.
func alpha(units [][]int, times []int) float64 {
	total, observed := 0.0, 0.0
	var of []float64 // each answer
	for u, counts := range units {
		n, weight := float64(sum(counts)), float64(times[u])
		if of == nil {
			of = make([]float64, len(counts))
		}
		total += weight * n
		for c, count := range counts {
			of[c] += weight * float64(count)
			observed += weight * float64(count) * (n - float64(count)) / (n - 1)
		}
	}
	expected := 0.0
	for _, n := range of {
		expected += n * (total - n) / (total - 1)
	}
	if expected == 0 {
		return math.NaN()
	}
	return 1 - observed/expected
}

// fleiss is Fleiss' kappa (1971), NaN unless all units have the same number of answers.
func fleiss(units [][]int) float64 {
	n := sum(units[0])
	agreed := 0.0
	shares := make([]float64, len(units[0]))
	for _, counts := range units {
		if sum(counts) != n {
			return math.NaN()
		}
		for c, count := range counts {
			agreed += float64(count*(count-1)) / float64(n*(n-1)) / float64(len(units))
			shares[c] += float64(count) / float64(n*len(units))
		}
	}
	chance := 0.0
	for _, share := range shares {
		chance += share * share
	}
	return (agreed - chance) / (1 - chance)
}

func sum(counts []int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
