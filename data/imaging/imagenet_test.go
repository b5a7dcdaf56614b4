package imaging

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// imagenetSamples opens the archive of photographs that
// scripts/goldens/imaging_imagenet.py took its checksums from. It lies beside
// the repository, or where TRANSFERA_SHARED_DATA says.
func imagenetSamples(t *testing.T) *os.File {
	t.Helper()
	folder := os.Getenv("TRANSFERA_SHARED_DATA")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "data")
	}
	file, err := os.Open(filepath.Join(folder, "imagenet-samples.tar"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no photographs: %v; set TRANSFERA_SHARED_DATA to the folder with imagenet-samples.tar", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	return file
}

func TestPhotographsTakePillowsPath(t *testing.T) {
	samples := imagenetSamples(t)
	var goldens struct {
		Files map[string]map[string]any
	}
	require.NoError(t, json.Unmarshal(readTestdata(t, "imagenet.json"), &goldens))
	compared := 0
	for archive := tar.NewReader(samples); compared < len(goldens.Files); {
		header, err := archive.Next()
		require.NoError(t, err, "compared %d of %d files", compared, len(goldens.Files))
		want, ok := goldens.Files[header.Name]
		if !ok {
			continue
		}
		data, err := io.ReadAll(archive)
		require.NoError(t, err)
		for stage, got := range photographStages(t, data, header.Name) {
			require.Contains(t, want, stage)
			assert.Equal(t, want[stage], got, "%s (%s): %s", header.Name, want["why"], stage)
		}
		compared++
	}
}

// photographStages returns the checksum of every stage from file to network
// input, by the names of the golden file.
func photographStages(t *testing.T, data []byte, name string) map[string]string {
	t.Helper()
	decoded, err := Decode(data, name)
	require.NoError(t, err)
	shorter, err := decoded.ResizeShorter(256, Bilinear)
	require.NoError(t, err)
	crop := shorter.CenterCrop(224, 224)
	low := crop.Resize(56, 56, Bicubic)
	saved, err := crop.EncodeJPEG(10)
	require.NoError(t, err)
	reloaded, err := Decode(saved, name)
	require.NoError(t, err)
	return map[string]string{
		"decode":             sum(decoded.Pix),
		"resize_shorter_256": sum(shorter.Pix),
		"center_crop_224":    sum(crop.Pix),
		"bicubic_56":         sum(low.Pix),
		"bicubic_back_224":   sum(low.Resize(224, 224, Bicubic).Pix),
		"jpeg_q10_file":      sum(saved),
		"jpeg_q10_reload":    sum(reloaded.Pix),
	}
}
