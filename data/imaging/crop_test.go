package imaging

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCropCutsTheSamePixelsAsPillow(t *testing.T) {
	for name, want := range golden(t).Crops {
		assert.Equal(t, want.SHA256, sum(cut(t, name).Pix), name)
	}
}

func TestCropRefusesToLeaveTheImage(t *testing.T) {
	m := New(10, 6)
	for _, box := range [][4]int{
		{-1, 0, 2, 2}, {0, -1, 2, 2}, {9, 0, 2, 2}, {0, 5, 2, 2}, {0, 0, 11, 1}, {0, 0, 1, 7},
		{0, 0, 0, 1}, {0, 0, 1, 0}, {0, 0, -3, 1}, {math.MaxInt, 0, 2, 2}, {1, 1, math.MaxInt, 1},
	} {
		_, err := m.Crop(box[0], box[1], box[2], box[3])
		assert.ErrorContains(t, err, "does not lie in the image of 10x6", "%v", box)
	}
	whole, err := m.Crop(0, 0, 10, 6)
	require.NoError(t, err)
	requireSame(t, m, whole, "the whole image")
}

func TestCenterCropPlacesAndPadsAsTorchvision(t *testing.T) {
	for _, want := range golden(t).CenterCrop {
		got := cut(t, want.Crop).CenterCrop(want.Width, want.Height)
		require.Equal(t, []int{want.Width, want.Height}, []int{got.Width, got.Height})
		assert.Equal(t, want.SHA256, sum(got.Pix), "%s to %dx%d", want.Crop, want.Width, want.Height)
	}
}

func TestFlipHorizontalMirrors(t *testing.T) {
	m := source(t)
	flipped := m.FlipHorizontal()
	assert.Equal(t, golden(t).FlipSHA256, sum(flipped.Pix))
	requireSame(t, m, flipped.FlipHorizontal(), "flipped twice")
}

func TestPlanarGivesToTensorsFloats(t *testing.T) {
	m := source(t)
	planes := make([]float32, 3*m.Width*m.Height)
	m.Planar(planes)
	bytes, err := binary.Append(nil, binary.LittleEndian, planes)
	require.NoError(t, err)
	assert.Equal(t, golden(t).Planar.ToTensorSHA256, sum(bytes))
	requireSame(t, m, FromPlanar(planes, m.Width, m.Height), "there and back")
}

func TestFromPlanarRoundsAsSaveImage(t *testing.T) {
	want := golden(t).Planar
	planes := make([]float32, 3*want.Width*want.Height)
	_, err := binary.Decode(readTestdata(t, "planes.f32"), binary.LittleEndian, planes)
	require.NoError(t, err)
	assert.Equal(t, want.SaveImageSHA256, sum(FromPlanar(planes, want.Width, want.Height).Pix))
}

func TestFromPlanarClampsWhatIsNoColour(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	assert.Equal(t, []uint8{0, 255, 0}, FromPlanar([]float32{nan, inf, -inf}, 1, 1).Pix)
}

func TestPlanesOfTheWrongLengthPanic(t *testing.T) {
	const want = "imaging: planes of 5 values for an image of 2x1 pixels; expected 6"
	assert.PanicsWithValue(t, want, func() { New(2, 1).Planar(make([]float32, 5)) })
	assert.PanicsWithValue(t, want, func() { FromPlanar(make([]float32, 5), 2, 1) })
}

func BenchmarkPlanar(b *testing.B) {
	m := cut(b, "crop224")
	planes := make([]float32, 3*m.Width*m.Height)
	for b.Loop() {
		m.Planar(planes)
	}
}

func BenchmarkFromPlanar(b *testing.B) {
	m := cut(b, "crop224")
	planes := make([]float32, 3*m.Width*m.Height)
	m.Planar(planes)
	for b.Loop() {
		FromPlanar(planes, m.Width, m.Height)
	}
}

func BenchmarkFlipHorizontal(b *testing.B) {
	m := cut(b, "crop224")
	for b.Loop() {
		m.FlipHorizontal()
	}
}

func BenchmarkCenterCrop(b *testing.B) {
	m := source(b)
	for b.Loop() {
		m.CenterCrop(224, 224)
	}
}
