// Package nntest compares networks with what PyTorch computed: it reads the goldens that scripts/goldens wrote and measures
// how far two tensors are apart.
package nntest

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/aten/atentest"
	"transfera/models/nn"
	"transfera/models/weights"
)

// Tolerance is how far a result may be from PyTorch's, as RelativeError measures it.
const Tolerance = 1e-5

// tolerance is Tolerance, and more on a GPU, whose convolutions sum in other orders.
func tolerance(t testing.TB) float64 { return atentest.Tolerance(atentest.Device(t), Tolerance, 1e-3) }

// Path returns the path of a file below the repository's testdata folder.
func Path(t testing.TB, elements ...string) string {
	t.Helper()
	root, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return filepath.Join(append([]string{root, "testdata"}, elements...)...)
		}
		require.NotEqual(t, filepath.Dir(root), root, "no go.mod above the working directory")
		root = filepath.Dir(root)
	}
}

// SharedData returns the path of a folder of the public development data, which is beside the repository or where
// TRANSFERA_SHARED_DATA says, and skips the test where it is absent.
func SharedData(t testing.TB, folder string) string {
	t.Helper()
	shared := os.Getenv("TRANSFERA_SHARED_DATA")
	if shared == "" {
		shared = filepath.Join(filepath.Dir(filepath.Dir(Path(t))), "shared", "data")
	}
	path := filepath.Join(shared, folder)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no %s (set TRANSFERA_SHARED_DATA to the folder of %s)", path, folder)
	}
	return path
}

// ReadJSON decodes a JSON file below testdata into a variable.
func ReadJSON(t testing.TB, into any, elements ...string) {
	t.Helper()
	content, err := os.ReadFile(Path(t, elements...))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, into))
}

// Golden is one file of named tensors.
type Golden struct {
	Tensors weights.Dict
	path    string
}

// Load reads a golden file below testdata.
func Load(t testing.TB, elements ...string) Golden {
	t.Helper()
	path := Path(t, elements...)
	file, err := weights.Load(path)
	require.NoError(t, err)
	return Golden{Tensors: file.Tensors, path: path}
}

// Tensor returns the tensor called name, outside any scope.
func (g Golden) Tensor(t testing.TB, name string) aten.Tensor {
	t.Helper()
	stored, ok := g.Tensors.Get(name)
	require.True(t, ok, "%s holds no %s", g.path, name)
	value, err := nn.FromWeights(stored)
	require.NoError(t, err)
	return value
}

// Under returns the tensors whose names begin with prefix and a dot, without both.
func (g Golden) Under(prefix string) weights.Dict {
	var under weights.Dict
	for _, tensor := range g.Tensors {
		if name, ok := strings.CutPrefix(tensor.Name, prefix+"."); ok {
			tensor.Name = name
			under = append(under, tensor)
		}
	}
	return under
}

// RelativeError returns max|got - want| / max|want|: the largest deviation of any element in units of the largest element.
// It is 0 for equal tensors, and infinite for unequal shapes, for NaN and for deviations from all zeros.
func RelativeError(want, got weights.Tensor) float64 {
	a, err := floats(want)
	if err != nil {
		return math.Inf(1)
	}
	b, err := floats(got)
	if err != nil || len(a) != len(b) || !assert.ObjectsAreEqual(want.Shape, got.Shape) {
		return math.Inf(1)
	}
	var deviation, largest float64
	for i := range a {
		d := math.Abs(b[i] - a[i])
		if math.IsNaN(d) {
			return math.Inf(1)
		}
		deviation, largest = max(deviation, d), max(largest, math.Abs(a[i]))
	}
	if deviation == 0 {
		return 0
	}
	return deviation / largest
}

// RelativeNorm returns |got - want| / |want| in the Euclidean norm. It is for gradients through ReLUs and max pools, which jump
// where a value next to 0, or a tie, falls to the other side: rounding decides, which differs between processors, and a few
// of millions of values move single elements far. Infinite where RelativeError is.
func RelativeNorm(want, got weights.Tensor) float64 {
	if math.IsInf(RelativeError(want, got), 1) {
		return math.Inf(1)
	}
	a, _ := floats(want)
	b, _ := floats(got)
	var deviation, size float64
	for i := range a {
		deviation += (b[i] - a[i]) * (b[i] - a[i])
		size += a[i] * a[i]
	}
	if deviation == 0 {
		return 0
	}
	return math.Sqrt(deviation / size)
}

func floats(t weights.Tensor) ([]float64, error) {
	if whole, err := t.Longs(); err == nil {
		return convert(whole), nil
	}
	values, err := t.Floats()
	return convert(values), err
}

func convert[E float32 | int64](values []E) []float64 {
	wide := make([]float64, len(values))
	for i, v := range values {
		wide[i] = float64(v)
	}
	return wide
}

// AssertClose fails unless got's RelativeError against the tensor called name is at most Tolerance.
func (g Golden) AssertClose(t testing.TB, name string, got aten.Tensor) {
	t.Helper()
	want, ok := g.Tensors.Get(name)
	require.True(t, ok, "%s holds no %s", g.path, name)
	assert.LessOrEqual(t, RelativeError(want, nn.ToWeights(name, got)), tolerance(t), name)
}

// AssertDictClose fails unless got holds the tensors of want, by name, each within Tolerance.
func AssertDictClose(t testing.TB, want, got weights.Dict) {
	t.Helper()
	for _, w := range want {
		g, ok := got.Get(w.Name)
		if assert.True(t, ok, "no tensor %s", w.Name) {
			assert.LessOrEqual(t, RelativeError(w, g), tolerance(t), w.Name)
		}
	}
}
