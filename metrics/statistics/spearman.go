package statistics

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/combin"
	"gonum.org/v1/gonum/stat/distuv"
)

// Correlation is a rank correlation with its interval.
type Correlation struct {
	// Rho is Spearman's coefficient, in [-1,1].
	Rho float64
	// Interval of Rho.
	Interval Interval
	// PValue is two-sided, against no correlation.
	PValue   float64
	N        int
	Warnings []Warning
}

// Spearman returns the rank correlation of x and y, pair by pair, ties sharing
// their mean rank. The interval is Fisher's z with the variance of Bonett and
// Wright (2000), (1 + rho^2/2) / (n - 3); it needs four pairs. The p-value counts
// all orders of y up to 8 pairs and is from Student's t with n - 2 degrees of
// freedom beyond. Both take the pairs as independent: pairs that share a source
// or an evaluator are not, so read the interval as a lower bound of the doubt.
func Spearman(x, y []float64, level float64) (Correlation, error) {
	if err := checkPairs(x, y, level); err != nil {
		return Correlation{}, fmt.Errorf("spearman: %w", err)
	}
	n := len(x)
	c := Correlation{N: n, Rho: stat.Correlation(ranks(x), ranks(y), nil)}
	if math.IsNaN(c.Rho) {
		return Correlation{}, fmt.Errorf("spearman: x or y has the same value in all %d pairs", n)
	}
	c.Rho = math.Max(-1, math.Min(1, c.Rho)) // rounding must not leave the range
	c.Interval = Interval{Low: math.NaN(), High: math.NaN(), N: n, Method: "Fisher z, Bonett-Wright variance"}
	if n < 10 {
		c.Warnings = append(c.Warnings, Warning{CodeFewPairs,
			fmt.Sprintf("%d pairs: the rank correlation says little", n)})
	}
	if n <= maxExact {
		c.PValue = permutationPValue(ranks(x), ranks(y), c.Rho)
	} else {
		c.PValue = studentPValue(c.Rho*math.Sqrt(float64(n-2)/(1-square(c.Rho))), float64(n-2))
	}
	if math.Abs(c.Rho) == 1 {
		c.Warnings = append(c.Warnings, Warning{CodeDegenerate, "the order is the same throughout: no interval"})
		return c, nil
	}
	if n < 4 {
		c.Warnings = append(c.Warnings, Warning{CodeNoInterval, fmt.Sprintf("%d pairs: no interval", n)})
		return c, nil
	}
	half := distuv.UnitNormal.Quantile((1+level)/2) * math.Sqrt((1+square(c.Rho)/2)/float64(n-3))
	c.Interval.Low = math.Tanh(math.Atanh(c.Rho) - half)
	c.Interval.High = math.Tanh(math.Atanh(c.Rho) + half)
	return c, nil
}

// maxExact is the number of pairs up to which every order is tried: 8! is
// 40,320 orders.
const maxExact = 8

// permutationPValue returns the share of the orders of y whose correlation
// with x is at least as far from zero as rho.
func permutationPValue(x, y []float64, rho float64) float64 {
	orders := combin.NewPermutationGenerator(len(y), len(y))
	order := make([]int, len(y))
	shuffled := make([]float64, len(y))
	total, extreme := 0, 0
	for orders.Next() {
		orders.Permutation(order)
		for i, from := range order {
			shuffled[i] = y[from]
		}
		// Equal correlations differ by rounding, far less than two distinct
		// ones of so few pairs do.
		if math.Abs(stat.Correlation(x, shuffled, nil)) >= math.Abs(rho)-1e-9 {
			extreme++
		}
		total++
	}
	return float64(extreme) / float64(total)
}

func checkPairs(x, y []float64, level float64) error {
	if !(level > 0 && level < 1) {
		return fmt.Errorf("confidence level %v is not between 0 and 1", level)
	}
	if len(x) != len(y) {
		return fmt.Errorf("%d and %d values do not pair up", len(x), len(y))
	}
	if len(x) < 3 {
		return fmt.Errorf("%d pairs: at least 3 are needed", len(x))
	}
	for i := range x {
		if math.IsNaN(x[i]) || math.IsNaN(y[i]) {
			return fmt.Errorf("pair %d has no value", i)
		}
	}
	return nil
}

// ranks returns the 1-based rank of each value, equal values sharing the mean
// of the ranks they take.
func ranks(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	ranked := make([]float64, len(values))
	for start := 0; start < len(order); {
		end := start
		for end < len(order) && values[order[end]] == values[order[start]] {
			end++
		}
		for _, i := range order[start:end] {
			ranked[i] = float64(start+end+1) / 2
		}
		start = end
	}
	return ranked
}
