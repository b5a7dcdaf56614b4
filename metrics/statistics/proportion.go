package statistics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// ClopperPearson returns the exact interval of a share of successes among n trials (Clopper and Pearson 1934), within [0,1].
// It is never too narrow for independent trials. Without trials, or with a count outside 0..n, there is no interval.
func ClopperPearson(successes, n int, level float64) Interval {
	interval := Interval{Low: math.NaN(), High: math.NaN(), N: n, Method: "Clopper-Pearson"}
	switch {
	case !(level > 0 && level < 1):
		interval.Warnings = []Warning{{CodeNoInterval, fmt.Sprintf("confidence level %v is not between 0 and 1", level)}}
		return interval
	case n < 1:
		interval.Warnings = []Warning{{CodeNoInterval, "no trials: no interval"}}
		return interval
	case successes < 0 || successes > n:
		interval.Warnings = []Warning{{CodeNoInterval, fmt.Sprintf("%d successes of %d: no interval", successes, n)}}
		return interval
	}
	tail, k, m := (1-level)/2, float64(successes), float64(n)
	interval.Low, interval.High = 0, 1
	if successes > 0 {
		interval.Low = distuv.Beta{Alpha: k, Beta: m - k + 1}.Quantile(tail)
	}
	if successes < n {
		interval.High = distuv.Beta{Alpha: k + 1, Beta: m - k}.Quantile(1 - tail)
	}
	return interval
}

// SignTest returns the exact two-sided p-value of up against down independent trials when either is as likely; ties are left
// out by the caller. Without trials it is 1.
func SignTest(up, down int) float64 {
	if up+down == 0 {
		return 1
	}
	coin := distuv.Binomial{N: float64(up + down), P: 0.5}
	return math.Min(1, 2*coin.CDF(float64(min(up, down))))
}
