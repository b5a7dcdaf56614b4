package imaging

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEncodeJPEGGivesPillowsFile(t *testing.T) {
	for _, want := range golden(t).EncodeJPEG {
		data, err := cut(t, want.Crop).EncodeJPEG(want.Quality)
		require.NoError(t, err)
		assert.Equal(t, want.FileSHA256, sum(data), "%s at quality %d", want.Crop, want.Quality)
		reloaded, err := Decode(data, want.Crop)
		require.NoError(t, err)
		assert.Equal(t, want.ReloadSHA256, sum(reloaded.Pix), "%s at quality %d, reloaded", want.Crop, want.Quality)
	}
}

func TestEncodeJPEGRefuses(t *testing.T) {
	for _, quality := range []int{-1, 0, 101} {
		_, err := New(8, 8).EncodeJPEG(quality)
		assert.ErrorContains(t, err, "expected 1 to 100")
	}
	_, err := New(65536, 1).EncodeJPEG(10)
	assert.ErrorContains(t, err, "65536x1 pixels")
	_, err = New(8, 8).EncodeJPEG(10)
	assert.NoError(t, err, "after a failure")
}

func TestEncodePNGKeepsEveryPixel(t *testing.T) {
	for name := range golden(t).Crops {
		m := cut(t, name)
		data, err := m.EncodePNG()
		require.NoError(t, err)
		back, err := Decode(data, name)
		require.NoError(t, err)
		requireSame(t, m, back, name)
	}
}

func BenchmarkJPEGQuality10AndBack(b *testing.B) {
	for _, name := range []string{"crop224", "square32"} {
		m := cut(b, name)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				data, err := m.EncodeJPEG(10)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := Decode(data, name); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
