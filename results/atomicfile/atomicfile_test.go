package atomicfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results/atomicfile"
)

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	var found []string
	for _, entry := range entries {
		found = append(found, entry.Name())
	}
	return found
}

func TestWriteReplacesAndMakesFolders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tables", "deep", "a.txt")
	require.NoError(t, atomicfile.Write(path, []byte("old and longer")))
	require.NoError(t, atomicfile.Write(path, []byte("new")))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "new", string(data))
	assert.Equal(t, []string{"a.txt"}, names(t, filepath.Dir(path)))
}

func TestFailedWriteLeavesTheOldFileAndNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	require.NoError(t, atomicfile.Write(path, []byte("old")))
	disk := errors.New("disk full")
	err := atomicfile.Stream(path, func(w io.Writer) error {
		_, err := io.WriteString(w, "half of the n")
		require.NoError(t, err)
		return disk
	})
	assert.ErrorIs(t, err, disk)
	assert.EqualError(t, err, "write "+path+": disk full")
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "old", string(data))
	assert.Equal(t, []string{"a.txt"}, names(t, filepath.Dir(path)))
}

func TestTheFileIsNotThereUntilItIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	require.NoError(t, atomicfile.Stream(path, func(w io.Writer) error {
		_, err := io.WriteString(w, "data")
		assert.NoFileExists(t, path)
		return err
	}))
	assert.FileExists(t, path)
}

func TestWriteOntoAFolderFails(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "sub")
	require.NoError(t, os.MkdirAll(filepath.Join(path, "full"), 0o777))
	assert.ErrorContains(t, atomicfile.Write(path, nil), "write "+path)
	assert.Equal(t, []string{"sub"}, names(t, folder))

	file := filepath.Join(folder, "file")
	require.NoError(t, atomicfile.Write(file, nil))
	assert.ErrorContains(t, atomicfile.Write(filepath.Join(file, "below"), nil), "make the folder of")
}
