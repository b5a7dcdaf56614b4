package imaging

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// testdata holds what scripts/goldens/imaging.py made.
const testdata = "../../testdata/imaging"

type goldenDecode struct {
	File          string
	Width, Height int
	SHA256        string
}

type goldens struct {
	SourceSHA256 string `json:"source_sha256"`
	Crops        map[string]struct {
		X, Y, Width, Height int
		SHA256              string
	}
	Resize []struct {
		Crop, Filter  string
		Width, Height int
		SHA256        string
	}
	ResizeShorter []struct {
		Crop                string
		Size, Width, Height int
		SHA256              string
	} `json:"resize_shorter"`
	CenterCrop []struct {
		Crop          string
		Width, Height int
		SHA256        string
	} `json:"center_crop"`
	EncodeJPEG []struct {
		Crop         string
		Quality      int
		FileSHA256   string `json:"file_sha256"`
		ReloadSHA256 string `json:"reload_sha256"`
	} `json:"encode_jpeg"`
	Decode            []goldenDecode
	DecodeDifferently struct {
		File           string
		HighByteSHA256 string `json:"high_byte_sha256"`
		PillowSHA256   string `json:"pillow_sha256"`
	} `json:"decode_differently"`
	CMYKSHA256 string `json:"cmyk_sha256"`
	FlipSHA256 string `json:"flip_sha256"`
	Planar     struct {
		ToTensorSHA256  string `json:"to_tensor_sha256"`
		Width, Height   int
		SaveImageSHA256 string `json:"save_image_sha256"`
	}
}

var loadGoldens = sync.OnceValues(func() (goldens, error) {
	var g goldens
	text, err := os.ReadFile(filepath.Join(testdata, "goldens.json"))
	if err == nil {
		err = json.Unmarshal(text, &g)
	}
	return g, err
})

func golden(t testing.TB) goldens {
	t.Helper()
	g, err := loadGoldens()
	require.NoError(t, err)
	return g
}

// source returns the picture that all goldens were cut from.
func source(t testing.TB) *Image {
	t.Helper()
	m, err := DecodeFile(filepath.Join(testdata, "source.png"))
	require.NoError(t, err)
	return m
}

// cut returns a named crop of the source.
func cut(t testing.TB, name string) *Image {
	t.Helper()
	box, ok := golden(t).Crops[name]
	require.True(t, ok, "no crop %q", name)
	m, err := source(t).Crop(box.X, box.Y, box.Width, box.Height)
	require.NoError(t, err)
	return m
}

func sum(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata, name))
	require.NoError(t, err)
	return data
}

// requireSame compares pixels, and names the first that differs instead of
// printing two whole images.
func requireSame(t testing.TB, want, got *Image, what string, args ...any) {
	t.Helper()
	what = fmt.Sprintf(what, args...)
	require.Equal(t, []int{want.Width, want.Height, len(want.Pix)}, []int{got.Width, got.Height, len(got.Pix)}, what)
	for i, v := range want.Pix {
		if v != got.Pix[i] {
			require.Equal(t, v, got.Pix[i], "%s: channel %d at (%d, %d)", what, i%3, i/3%want.Width, i/3/want.Width)
		}
	}
}
