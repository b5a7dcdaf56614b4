package statistics_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/metrics/statistics"
)

// golden is what scripts/goldens/statistics.py computed with scipy and numpy.
type golden struct {
	StudentMean []struct {
		Name      string
		Values    []float64
		Low, High float64
	} `json:"student_mean"`
	BootstrapAnswers []struct {
		Name            string
		Images, Right   int
		Unit, Low, High float64
		Step, Deviation float64
	} `json:"bootstrap_answers"`
	BootstrapValues []struct {
		Name                 string
		Values               []float64
		Low, High, Deviation float64
	} `json:"bootstrap_values"`
	McNemar  []pairedCase `json:"mcnemar"`
	PairedT  []pairedCase `json:"paired_t"`
	TwoWay   []pairedCase `json:"two_way"`
	Spearman []struct {
		Name              string
		X, Y              []float64
		Rho, P, Low, High float64
	}
	ClopperPearson []struct {
		Successes, N int
		Low, High    float64
	} `json:"clopper_pearson"`
	SignTest []struct {
		Up, Down int
		P        float64
	} `json:"sign_test"`
	Agreement []struct {
		Name   string
		Counts [][]int
		Alpha  float64
		Fleiss *float64
	}
	Holm []struct {
		Name        string
		P, Adjusted []float64
	}
}

type pairedCase struct {
	Name                     string
	Base, Other              [][]float64
	Difference, P, Low, High float64
}

func load(t *testing.T) golden {
	t.Helper()
	data, err := os.ReadFile("../../testdata/statistics/golden.json")
	require.NoError(t, err)
	var g golden
	require.NoError(t, json.Unmarshal(data, &g))
	return g
}

// near compares estimates and limits, computed in float64 by other routes.
func near(t *testing.T, want, got float64, what string) {
	t.Helper()
	assert.InDelta(t, want, got, 1e-8, what)
}

// nearP compares p-values relative to their size, since the small ones matter.
func nearP(t *testing.T, want, got float64) {
	t.Helper()
	assert.InEpsilon(t, want, got, 1e-8, "p")
}

func TestStudentMeanEqualsScipy(t *testing.T) {
	for _, c := range load(t).StudentMean {
		t.Run(c.Name, func(t *testing.T) {
			interval, ok := statistics.StudentMean(c.Values, statistics.Level)
			require.True(t, ok)
			near(t, c.Low, interval.Low, "low")
			near(t, c.High, interval.High, "high")
			assert.Equal(t, len(c.Values), interval.N)
		})
	}
}

// The quantile of 2000 resamples is itself uncertain, by about 0.06 standard
// errors at 95 % (and for answers it is a multiple of one image): the limit is
// five times that.
func TestBootstrapOfAnswersFollowsTheBinomialDistribution(t *testing.T) {
	for _, c := range load(t).BootstrapAnswers {
		t.Run(c.Name, func(t *testing.T) {
			values := make([]float64, c.Images)
			for i := range c.Right {
				values[i] = c.Unit
			}
			interval := statistics.BootstrapMean(values, statistics.Level, statistics.Resamples, 1)
			assert.InDelta(t, c.Low, interval.Low, 0.3*c.Deviation+c.Step)
			assert.InDelta(t, c.High, interval.High, 0.3*c.Deviation+c.Step)
			assert.Empty(t, interval.Warnings)
		})
	}
}

func TestBootstrapOfValuesEqualsScipy(t *testing.T) {
	for _, c := range load(t).BootstrapValues {
		t.Run(c.Name, func(t *testing.T) {
			interval := statistics.BootstrapMean(c.Values, statistics.Level, statistics.Resamples, 1)
			assert.InDelta(t, c.Low, interval.Low, 0.3*c.Deviation)
			assert.InDelta(t, c.High, interval.High, 0.3*c.Deviation)
		})
	}
}

func TestGainOfOneSeedEqualsScipy(t *testing.T) {
	g := load(t)
	for test, cases := range map[string][]pairedCase{"McNemar exact": g.McNemar, "paired t over images": g.PairedT} {
		for _, c := range cases {
			t.Run(test+"/"+c.Name, func(t *testing.T) {
				gain, err := statistics.PairedGain(c.Base, c.Other, statistics.Level, 1)
				require.NoError(t, err)
				assert.Equal(t, test, gain.Test)
				near(t, c.Difference, gain.Difference, "difference")
				nearP(t, c.P, gain.PValue)
				assert.LessOrEqual(t, gain.Interval.Low, gain.Difference)
				assert.GreaterOrEqual(t, gain.Interval.High, gain.Difference)
			})
		}
	}
}

func TestGainOfSeveralSeedsEqualsNumpy(t *testing.T) {
	for _, c := range load(t).TwoWay {
		t.Run(c.Name, func(t *testing.T) {
			gain, err := statistics.PairedGain(c.Base, c.Other, statistics.Level, 1)
			require.NoError(t, err)
			near(t, c.Difference, gain.Difference, "difference")
			nearP(t, c.P, gain.PValue)
			near(t, c.Low, gain.Interval.Low, "low")
			near(t, c.High, gain.Interval.High, "high")
			assert.Equal(t, len(c.Base), gain.NSeeds)
			assert.Equal(t, len(c.Base[0]), gain.NImages)
		})
	}
}

func TestSpearmanEqualsScipy(t *testing.T) {
	for _, c := range load(t).Spearman {
		t.Run(c.Name, func(t *testing.T) {
			got, err := statistics.Spearman(c.X, c.Y, statistics.Level)
			require.NoError(t, err)
			near(t, c.Rho, got.Rho, "rho")
			nearP(t, c.P, got.PValue)
			near(t, c.Low, got.Interval.Low, "low")
			near(t, c.High, got.Interval.High, "high")
		})
	}
}

func TestHolmEqualsItsDefinition(t *testing.T) {
	for _, c := range load(t).Holm {
		t.Run(c.Name, func(t *testing.T) {
			assert.InDeltaSlice(t, c.Adjusted, statistics.Holm(c.P), 1e-12)
		})
	}
}

func TestClopperPearsonEqualsScipy(t *testing.T) {
	for _, c := range load(t).ClopperPearson {
		interval := statistics.ClopperPearson(c.Successes, c.N, statistics.Level)
		near(t, c.Low, interval.Low, fmt.Sprintf("low of %d/%d", c.Successes, c.N))
		near(t, c.High, interval.High, fmt.Sprintf("high of %d/%d", c.Successes, c.N))
		assert.Equal(t, c.N, interval.N)
	}
}

func TestSignTestEqualsScipy(t *testing.T) {
	for _, c := range load(t).SignTest {
		nearP(t, c.P, statistics.SignTest(c.Up, c.Down))
	}
}

func TestAgreementEqualsItsDefinition(t *testing.T) {
	for _, c := range load(t).Agreement {
		t.Run(c.Name, func(t *testing.T) {
			got := statistics.Agree(c.Counts, statistics.Level, statistics.Resamples, 1)
			near(t, c.Alpha, got.Alpha, "alpha")
			if c.Fleiss == nil {
				assert.True(t, math.IsNaN(got.Fleiss), "Fleiss' kappa needs the same number of answers everywhere")
			} else {
				near(t, *c.Fleiss, got.Fleiss, "Fleiss")
			}
			assert.LessOrEqual(t, got.Interval.Low, got.Alpha)
			assert.GreaterOrEqual(t, got.Interval.High, got.Alpha)
		})
	}
}
