package stages

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/data"
	"transfera/metrics"
	"transfera/models/nn"
	"transfera/runner/methods"
)

// paddedBatch has one picture of 13x14 pixels in a frame of 16x16, whose padding is white in the input and black in the
// target.
func paddedBatch() *data.Batch {
	b := &data.Batch{
		Indices: []int{0}, Labels: []int64{0}, N: 1, Height: 16, Width: 16, ValidHeight: 13, ValidWidth: 14, InputHeight: 16, InputWidth: 16,
		Target: make([]float32, 3*16*16), Input: make([]float32, 3*16*16),
	}
	for i := range b.Target {
		y, x := i/16%16, i%16
		if y < 13 && x < 14 {
			b.Target[i] = float32(i%11) / 11
			b.Input[i] = b.Target[i]
		} else {
			b.Input[i] = 1
		}
	}
	return b
}

// What P makes of the padding is neither measured nor shown to recognizers nor learned from, while T sees it.
func TestPaddingIsCutOffBehindTheNetworks(t *testing.T) {
	identity := nn.Func(func(x aten.Tensor) aten.Tensor { return x })
	var transformed, judged []int
	transformer := nn.Func(func(x aten.Tensor) aten.Tensor { transformed = x.Shape(); return x })
	logits := nn.Func(func(x aten.Tensor) aten.Tensor {
		judged = x.Shape()
		return aten.Flatten(aten.Narrow(x, 2, 0, 1), 1)
	})
	quality := metrics.NewQuality(1)
	panel := &Panel{
		Networks: methods.Networks{P: identity, T: transformer},
		Measurers: []Measurer{
			&Comparison{quality}, &Judge{methods.NewClassifier(identity, logits), metrics.NewRecognition(1)},
		},
	}
	require.NoError(t, panel.Measure(paddedBatch()))
	assert.Zero(t, quality.MSE[0])
	assert.Equal(t, []int{1, 3, 16, 16}, transformed)
	assert.Equal(t, []int{1, 3, 13, 14}, judged)

	s := aten.NewScope()
	defer s.Close()
	plain, _ := methods.Find("plain")
	loss, _ := Loss(plain, methods.Networks{P: identity}, 0, &aten.Feed{})(s, paddedBatch())
	assert.Zero(t, loss.Item())
}

func TestDifficultObjectsAreNotLearnedButJudged(t *testing.T) {
	objects := []data.Object{{Class: 1, Box: [4]float64{1, 2, 3, 4}}, {Class: 2, Box: [4]float64{5, 6, 7, 8}, Difficult: true}}
	learned := targets([][]data.Object{objects, nil})
	require.Len(t, learned, 2)
	assert.Equal(t, []int64{1}, learned[0].Labels)
	assert.Equal(t, [][4]float32{{1, 2, 3, 4}}, learned[0].Boxes)
	assert.Empty(t, learned[1].Labels)
	assert.Nil(t, targets(nil))
	judged := annotated(objects)
	assert.Equal(t, []metrics.TrueObject{{Class: 1, Box: metrics.Box{1, 2, 3, 4}}, {Class: 2, Box: metrics.Box{5, 6, 7, 8}, Difficult: true}}, judged)
}

func TestMeasurementsOfDetectorsAreReadAsTheyWere(t *testing.T) {
	search := &Search{Detection: metrics.NewDetection(3, 2)}
	truth := []metrics.TrueObject{{Class: 0, Box: metrics.Box{0, 0, 10, 10}}, {Class: 1, Box: metrics.Box{20, 0, 30, 10}}}
	for i, found := range [][]metrics.DetectedObject{
		{{Class: 0, Score: 0.9, Box: metrics.Box{0, 0, 10, 9}}, {Class: 1, Score: 0.8, Box: metrics.Box{0, 0, 10, 9}}},
		{{Class: 1, Score: 0.7, Box: metrics.Box{20, 0, 30, 10}}}, nil,
	} {
		require.NoError(t, search.Detection.Add(i, found, truth))
	}
	want, err := search.measurements()
	require.NoError(t, err)
	assert.Equal(t, 3, want.Images)
	for _, metric := range []string{"map07", "map"} {
		one, ok := want.of(metric)
		require.True(t, ok)
		assert.Positive(t, one.Value)
		assert.NotNil(t, one.Low)
	}
	dir := t.TempDir()
	require.NoError(t, want.save(dir))
	got, err := readMeasurements(dir + "/" + measurementsFile)
	require.NoError(t, err)
	assert.Equal(t, want, got)

	gain, ok, err := gainOf("map07", []*measurements{want}, []*measurements{got})
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Zero(t, gain.Difference)
	_, ok, err = gainOf("psnr", []*measurements{want}, []*measurements{got})
	require.NoError(t, err)
	assert.False(t, ok)
}
