package data

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bloodCells unpacks BCCD, which lies where the development data lies beside the repository, or in the folder that
// TRANSFERA_SHARED_DATA names.
func bloodCells(t *testing.T) string {
	t.Helper()
	shared := os.Getenv("TRANSFERA_SHARED_DATA")
	if shared == "" {
		shared = "../../shared/data"
	}
	file, err := os.Open(filepath.Join(shared, "bccd-voc.tar.gz"))
	if err != nil {
		t.Skipf("no bccd-voc.tar.gz in %s (set TRANSFERA_SHARED_DATA to its folder)", shared)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	dir, archive := t.TempDir(), tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return filepath.Join(dir, "BCCD")
		}
		require.NoError(t, err)
		if header.Typeflag != tar.TypeReg {
			continue
		}
		require.True(t, filepath.IsLocal(header.Name))
		content, err := io.ReadAll(archive)
		require.NoError(t, err)
		path := filepath.Join(dir, header.Name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, content, 0o644))
	}
}

func TestVOCReadsBloodCells(t *testing.T) {
	train, val, err := OpenBoth(t.Context(), vocAt(bloodCells(t), map[string]any{
		"train": ".:trainval", "val": ".:test", "class_list": "collect",
	}))
	require.NoError(t, err)
	assert.Equal(t, []string{"Platelets", "RBC", "WBC"}, train.Dataset.Classes())
	assert.Equal(t, []int{292, 72}, []int{train.Dataset.Len(), val.Dataset.Len()})
	assert.Equal(t, "JPEGImages/BloodImage_00007.jpg", val.Dataset.Name(0))
	for split, want := range map[*Opened][]int{train: {292, 3350, 301}, val: {69, 805, 71}} { // counted in Python
		counts := make([]int, 3)
		assert.Empty(t, verify(t, split.Dataset), "every image has the size of its annotation")
		for i := range split.Dataset.Len() {
			for _, object := range objectsOf(t, split.Dataset, i) {
				assert.Positive(t, object.area(), split.Dataset.Name(i))
				counts[object.Class]++
			}
		}
		assert.Equal(t, want, counts)
	}
	options := val.Loader.With(LoaderOptions{Batch: 1, Workers: 1, Prefetch: 1})
	options.Multiple = 16
	for batch, err := range newLoader(t, val.Dataset, degradation(t, "sr", nil), options).Eval(t.Context()) {
		require.NoError(t, err)
		assert.Equal(t, []int{600, 800, 608, 800, 152, 200},
			[]int{batch.ValidHeight, batch.ValidWidth, batch.Height, batch.Width, batch.InputHeight, batch.InputWidth})
		for k, object := range objectsOf(t, val.Dataset, 0) { // 640x480 becomes 800x600
			assert.InDelta(t, 1.25*object.Box[2], batch.Objects[0][k].Box[2], 1e-9)
		}
		break
	}
}
