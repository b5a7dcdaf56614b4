package data

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tiny is a layout with the few records per file that the goldens have.
func tiny(layout cifarLayout, train, val int) cifarLayout {
	splits := map[string][]cifarFile{}
	for split, files := range layout.splits {
		for _, file := range files {
			splits[split] = append(splits[split], cifarFile{file.name, map[string]int{"train": train, "val": val}[split]})
		}
	}
	layout.splits = splits
	return layout
}

var tiny10, tiny100 = tiny(cifar10, 2, 3), tiny(cifar100, 4, 3)

const testdata = "../testdata/data"

func TestCIFAREqualsTorchvisions(t *testing.T) {
	var goldens map[string]struct {
		Classes, SHA256 []string
		Labels          []int
	}
	require.NoError(t, json.Unmarshal(golden(t, "cifar.json"), &goldens))
	for name, c := range map[string]struct {
		layout  cifarLayout
		options CIFAROptions
	}{
		"cifar10-train":         {tiny10, CIFAROptions{}},
		"cifar10-val":           {tiny10, CIFAROptions{Split: "val"}},
		"cifar100-fine-train":   {tiny100, CIFAROptions{}},
		"cifar100-fine-val":     {tiny100, CIFAROptions{Split: "val"}},
		"cifar100-coarse-train": {tiny100, CIFAROptions{Labels: "coarse"}},
		"cifar100-coarse-val":   {tiny100, CIFAROptions{Split: "val", Labels: "coarse"}},
	} {
		want := goldens[name]
		for _, dir := range []string{testdata, filepath.Join(testdata, c.layout.folder)} {
			ds, err := openCIFAR(c.layout, dir, c.options)
			require.NoError(t, err)
			assert.Equal(t, want.Classes, ds.Classes(), name)
			require.Equal(t, len(want.Labels), ds.Len(), name)
			for i := range ds.Len() {
				image, err := ds.Image(i)
				require.NoError(t, err)
				sum := sha256.Sum256(image.Pix)
				assert.Equal(t, want.SHA256[i], hex.EncodeToString(sum[:]), "%s %d", name, i)
				assert.Equal(t, want.Labels[i], ds.Label(i), "%s %d", name, i)
			}
		}
	}
}

func TestCIFARImagesAreNamedByFileAndPosition(t *testing.T) {
	ds, err := openCIFAR(tiny10, testdata, CIFAROptions{})
	require.NoError(t, err)
	assert.Equal(t, "data_batch_1.bin/00001", ds.Name(1))
	assert.Equal(t, "data_batch_2.bin/00000", ds.Name(2))
	assert.Equal(t, "data_batch_5.bin/00001", ds.Name(9))
}

// copyOf is a copy of a folder of goldens in which one file is changed.
func copyOf(t *testing.T, folder, file string, change func(content []byte) []byte) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cifar")
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(testdata, folder))))
	path := filepath.Join(dir, file)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, change(content), 0o644))
	return dir
}

func TestDamagedCIFARFilesAreNamedWithTheOffset(t *testing.T) {
	label := func(offset int, value byte) func([]byte) []byte {
		return func(content []byte) []byte { content[offset] = value; return content }
	}
	for _, c := range []struct {
		layout cifarLayout
		file   string
		change func([]byte) []byte
		words  string
	}{
		{tiny10, "data_batch_3.bin", func(b []byte) []byte { return b[:6000] }, "data_batch_3.bin: ends at offset 6000; expected 6146 bytes"},
		{tiny10, "data_batch_1.bin", func(b []byte) []byte { return append(b, 0) }, "data_batch_1.bin: ends at offset 6147; expected 6146 bytes"},
		{tiny10, "data_batch_5.bin", func([]byte) []byte { return nil }, "data_batch_5.bin: ends at offset 0"},
		{tiny10, "data_batch_2.bin", label(3073, 10), "data_batch_2.bin: offset 3073: fine label 10 is outside 0..9"},
		{tiny100, "train.bin", label(2*3074, 20), "train.bin: offset 6148: coarse label 20 is outside 0..19"},
		{tiny100, "train.bin", label(2*3074+1, 100), "train.bin: offset 6149: fine label 100 is outside 0..99"},
		{tiny10, "batches.meta.txt", func([]byte) []byte { return []byte("cat dog") }, "batches.meta.txt: 2 class names; expected 10"},
	} {
		dir := copyOf(t, c.layout.folder, c.file, c.change)
		_, err := openCIFAR(c.layout, dir, CIFAROptions{})
		assert.ErrorContains(t, err, filepath.Join(dir, c.words))
	}
}

func TestMissingCIFARFilesAndFoldersAreNamed(t *testing.T) {
	empty := t.TempDir()
	_, err := OpenCIFAR10(empty, CIFAROptions{})
	assert.ErrorContains(t, err, filepath.Join(empty, "batches.meta.txt"))
	_, err = OpenCIFAR100(filepath.Join(empty, "gone"), CIFAROptions{Name: "c100"})
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, "--data c100=PATH")
	dir := copyOf(t, cifar10.folder, "test_batch.bin", func(b []byte) []byte { return b })
	require.NoError(t, os.Remove(filepath.Join(dir, "data_batch_4.bin")))
	_, err = openCIFAR(tiny10, dir, CIFAROptions{})
	assert.ErrorContains(t, err, "data_batch_4.bin")
	_, err = openCIFAR(tiny10, dir, CIFAROptions{Split: "val"})
	assert.NoError(t, err, "the training files are not needed for the test images")
}

func TestCIFARRefusesUnknownSplitsAndLabels(t *testing.T) {
	_, err := OpenCIFAR10(testdata, CIFAROptions{Split: "test"})
	assert.ErrorContains(t, err, `CIFAR-10 has no split "test"`)
	_, err = OpenCIFAR10(testdata, CIFAROptions{Labels: "coarse"})
	assert.ErrorContains(t, err, `CIFAR-10 has no "coarse" labels`)
	_, err = OpenCIFAR10(testdata, CIFAROptions{})
	assert.ErrorContains(t, err, "expected 30730000 bytes", "the published files have 10,000 images each")
}

func TestCIFARFingerprintIsOfContent(t *testing.T) {
	fingerprint := func(layout cifarLayout, dir string, options CIFAROptions) string {
		ds, err := openCIFAR(layout, dir, options)
		require.NoError(t, err)
		print, err := ds.Fingerprint(t.Context())
		require.NoError(t, err)
		return print
	}
	same := func(b []byte) []byte { return b }
	whole := fingerprint(tiny100, testdata, CIFAROptions{})
	assert.Equal(t, whole, fingerprint(tiny100, copyOf(t, cifar100.folder, "test.bin", same), CIFAROptions{}), "wherever it is")
	changed := copyOf(t, cifar100.folder, "train.bin", func(b []byte) []byte { b[100]++; return b })
	renamed := copyOf(t, cifar100.folder, "fine_label_names.txt", func(b []byte) []byte { b[0]++; return b })
	for name, other := range map[string]string{
		"another pixel":      fingerprint(tiny100, changed, CIFAROptions{}),
		"another class name": fingerprint(tiny100, renamed, CIFAROptions{}),
		"other labels":       fingerprint(tiny100, testdata, CIFAROptions{Labels: "coarse"}),
		"another split":      fingerprint(tiny100, testdata, CIFAROptions{Split: "val"}),
	} {
		assert.NotEqual(t, whole, other, name)
	}
}
