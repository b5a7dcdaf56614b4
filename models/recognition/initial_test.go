package recognition_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"gonum.org/v1/gonum/stat"

	"transfera/aten"
	"transfera/models/nn"
	"transfera/models/nn/nntest"
)

// spread is the standard deviation and the largest magnitude of a parameter's initial values.
type spread [2]float64

// uniform tells a uniform distribution, whose values end at sqrt(3) deviations, from a normal one of 1000 values or more.
func (s spread) uniform() bool { return s[1] < 2*s[0] }

// readInitial returns torchvision's spreads by architecture and parameter: one architecture of every family, without the small
// parameters whose spread says little.
func readInitial(t *testing.T) map[string]map[string]spread {
	t.Helper()
	var initial map[string]map[string]spread
	nntest.ReadJSON(t, &initial, "networks", "zoo", "initial.json")
	return initial
}

func assertInitial(t *testing.T, spreads map[string]spread, network *nn.Network) {
	t.Helper()
	compared := 0
	for _, e := range network.Entries() {
		want, ok := spreads[e.Name]
		if !ok {
			continue
		}
		compared++
		values := sample(e.Value)
		got := spread{0, 0}
		for _, v := range values {
			got[1] = max(got[1], math.Abs(v))
		}
		if want[0] == 0 {
			assert.InDelta(t, want[1], got[1], 1e-9, e.Name)
			assert.Equal(t, values[0], stat.Mean(values, nil), "%s is constant", e.Name)
			continue
		}
		got[0] = stat.StdDev(values, nil)
		few := 5 / math.Sqrt(float64(len(values))) // five deviations of what two samples of this size differ by
		assert.InEpsilon(t, want[0], got[0], few, e.Name)
		assert.InDelta(t, 0, stat.Mean(values, nil)/want[0], few, e.Name)
		assert.Equal(t, want.uniform(), got.uniform(), "%s is of another distribution", e.Name)
	}
	assert.Len(t, spreads, compared)
}

// sample returns the first values of a tensor, enough to judge by.
func sample(value aten.Tensor) []float64 {
	flat := aten.Reshape(value.Detach(), -1)
	return aten.Narrow(flat, 0, 0, min(flat.Dim(0), 1<<16)).Doubles()
}
