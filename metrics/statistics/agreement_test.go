package statistics_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"transfera/metrics/statistics"
)

func TestAgreementThatDoesNotExistIsAWarning(t *testing.T) {
	cases := map[string]struct {
		counts [][]int
		code   string
	}{
		"no units":                 {nil, statistics.CodeNoInterval},
		"one answer per unit":      {[][]int{{1, 0}, {0, 1}}, statistics.CodeNoInterval},
		"all answers are the same": {[][]int{{3, 0}, {2, 0}}, statistics.CodeDegenerate},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := statistics.Agree(c.counts, statistics.Level, 100, 1)
			assert.True(t, math.IsNaN(got.Alpha))
			assert.False(t, got.Interval.OK())
			assert.Equal(t, []string{c.code}, codes(got.Warnings))
		})
	}
}

func TestShareWithoutTrialsHasNoInterval(t *testing.T) {
	for _, c := range [][2]int{{0, 0}, {-1, 3}, {4, 3}} {
		got := statistics.ClopperPearson(c[0], c[1], statistics.Level)
		assert.False(t, got.OK(), c)
		assert.Equal(t, []string{statistics.CodeNoInterval}, codes(got.Warnings))
	}
	assert.InDelta(t, 1, statistics.SignTest(0, 0), 0)
}
