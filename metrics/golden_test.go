package metrics

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/aten/atentest"
)

type qualityCase struct {
	Name             string
	Shape            []int
	MSE, PSNR        []float64
	PSNRBatch        float64 `json:"psnr_batch"`
	PSNRBatchFloat32 float64 `json:"psnr_batch_float32"`
	SSIM             []float64
	SSIMFloat32      []float64 `json:"ssim_float32"`
	Skimage          []float64
	SkimageMap       []float64 `json:"skimage_map"`

	outputs, targets []float32
}

func (c qualityCase) tensors(t testing.TB, s *aten.Scope) (output, target aten.Tensor) {
	device := atentest.Device(t)
	return aten.FromFloats(s, c.outputs, c.Shape...).To(device), aten.FromFloats(s, c.targets, c.Shape...).To(device)
}

type recognitionCase struct {
	Name                string
	Shape               []int
	Logits              []float32
	Labels              []int64
	Top1, Top5          []bool
	CrossEntropy        []float64 `json:"cross_entropy"`
	CrossEntropyFloat32 []float64 `json:"cross_entropy_float32"`
}

type goldens struct {
	Quality     []qualityCase
	Batches     qualityCase
	Recognition []recognitionCase
}

// golden reads what scripts/goldens/metrics.py wrote.
func golden(t *testing.T) goldens {
	t.Helper()
	var g goldens
	text, err := os.ReadFile("../testdata/metrics/golden.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &g))
	images, err := os.ReadFile("../testdata/metrics/images.f32")
	require.NoError(t, err)
	take := func(shape []int) []float32 {
		values := make([]float32, shape[0]*shape[1]*shape[2]*shape[3])
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(images[4*i:]))
		}
		images = images[4*len(values):]
		return values
	}
	for i := range g.Quality {
		c := &g.Quality[i]
		c.outputs, c.targets = take(c.Shape), take(c.Shape)
	}
	g.Batches.outputs, g.Batches.targets = take(g.Batches.Shape), take(g.Batches.Shape)
	require.Empty(t, images, "images.f32 and golden.json belong together")
	return g
}

func TestQualityEqualsPyTorch(t *testing.T) {
	for _, c := range golden(t).Quality {
		t.Run(c.Name, func(t *testing.T) {
			s := aten.NewScope()
			defer s.Close()
			output, target := c.tensors(t, s)

			errors, err := MSE(output, target)
			require.NoError(t, err)
			assert.InDeltaSlice(t, c.MSE, errors, 1e-12)
			values, err := PSNR(output, target)
			require.NoError(t, err)
			assert.InDeltaSlice(t, c.PSNR, values, 1e-9)
			batch, err := PSNRBatch(output, target)
			require.NoError(t, err)
			assert.InDelta(t, c.PSNRBatch, batch, 1e-9)
			assert.InDelta(t, c.PSNRBatchFloat32, batch, 1e-5, "what a single-precision program prints")

			similarity, err := SSIM(output, target)
			require.NoError(t, err)
			assert.InDeltaSlice(t, c.SSIM, similarity, 1e-9)
			assert.InDeltaSlice(t, c.SSIMFloat32, similarity, 1e-4, "what a single-precision program prints")
		})
	}
}

// The two implementations differ by the border alone: scikit-image leaves out the 5 pixels where its padding (mirrored)
// would have mattered, the reference code pads with zeros and averages over all pixels.
func TestSSIMDiffersFromScikitImageByTheBorderOnly(t *testing.T) {
	compared := 0
	for _, c := range golden(t).Quality {
		if c.Skimage == nil {
			continue // scikit-image refuses pictures smaller than its window
		}
		compared++
		t.Run(c.Name, func(t *testing.T) {
			s := aten.NewScope()
			defer s.Close()
			output, target := c.tensors(t, s)
			height, width := c.Shape[2]-2*ssimRadius, c.Shape[3]-2*ssimRadius
			inner := aten.Narrow(aten.Narrow(ssimMap(output.Cast(aten.Double), target), 2, ssimRadius, height), 3, ssimRadius, width)
			assert.InDeltaSlice(t, c.SkimageMap, inner.Doubles(), 1e-8)
			assert.InDeltaSlice(t, c.Skimage, aten.Mean(inner, 1, 2, 3).Doubles(), 1e-8)
		})
	}
	assert.Equal(t, 5, compared)

	noisy := golden(t).Quality[0]
	assert.InDelta(t, 0.836, noisy.SSIM[0], 1e-3, "zero-padded, all pixels: the reference's and ours")
	assert.InDelta(t, 0.774, noisy.Skimage[0], 1e-3, "without the border")
}

func TestRecognitionEqualsPyTorch(t *testing.T) {
	for _, c := range golden(t).Recognition {
		t.Run(c.Name, func(t *testing.T) {
			s := aten.NewScope()
			defer s.Close()
			logits := aten.FromFloats(s, c.Logits, c.Shape...)
			top1, err := TopK(logits, c.Labels, 1)
			require.NoError(t, err)
			assert.Equal(t, c.Top1, top1)
			top5, err := TopK(logits, c.Labels, 5)
			require.NoError(t, err)
			assert.Equal(t, c.Top5, top5)
			values, err := CrossEntropy(logits, c.Labels)
			require.NoError(t, err)
			assert.InDeltaSlice(t, c.CrossEntropy, values, 1e-12)
			assert.InDeltaSlice(t, c.CrossEntropyFloat32, values, 1e-4, "what a single-precision program prints")

			r := NewRecognition(len(c.Labels))
			indices := make([]int, len(c.Labels))
			for i := range indices {
				indices[i] = i
			}
			require.NoError(t, r.Add(indices, logits, c.Labels))
			assert.Equal(t, c.Top1, r.Top1)
			assert.Equal(t, c.Top5, r.Top5)
			assert.Equal(t, values, r.CrossEntropy)
		})
	}
}

func TestBatchPSNRIsTheReferencesWhateverTheBatches(t *testing.T) {
	c := golden(t).Batches
	s := aten.NewScope()
	defer s.Close()
	output, target := c.tensors(t, s)
	n := c.Shape[0]
	for _, size := range []int{1, 7, 20, n} {
		q := NewQuality(n)
		for start := (n - 1) / size * size; start >= 0; start -= size { // from the last batch to the first
			batch := min(size, n-start)
			indices := make([]int, batch)
			for i := range indices {
				indices[i] = start + i
			}
			require.NoError(t, q.Add(indices, aten.Narrow(output, 0, start, batch), aten.Narrow(target, 0, start, batch)))
		}
		summaries, err := q.Summaries()
		require.NoError(t, err)
		assert.Equal(t, "psnr_batch", summaries[1].Metric)
		assert.InDelta(t, c.PSNRBatch, summaries[1].Value, 1e-9, "batches of %d", size)
		assert.Greater(t, summaries[0].Value, summaries[1].Value+1, "the mean over images is another number")
	}
}
