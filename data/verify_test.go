package data

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// photographs is a tree in ImageNet's layout: two good colour images, a grey-scale and a CMYK one, and a file cut short.
func photographs(t *testing.T) string {
	t.Helper()
	sample := func(name string) string {
		content, err := os.ReadFile(filepath.Join("..", "testdata", "imaging", "decode", name))
		require.NoError(t, err)
		return string(content)
	}
	rgb := sample("rgb-420.jpg")
	return tree(t, map[string]string{
		"train/n01440764/n01440764_1.JPEG": rgb,
		"train/n01440764/n01440764_2.JPEG": sample("grey.jpg"),
		"train/n02119789/n02119789_1.JPEG": sample("cmyk.jpg"),
		"train/n02119789/n02119789_2.JPEG": rgb[:len(rgb)/2],
		"train/n02119789/n02119789_3.JPEG": sample("ycck.jpg"),
		"val/n01440764/1.JPEG":             rgb,
		"val/n02119789/2.JPEG":             rgb,
	})
}

func openPhotographs(t *testing.T, dir, cache string) *Folder {
	t.Helper()
	folder, err := OpenImageFolder(filepath.Join(dir, "train"), FolderOptions{FingerprintCache: cache})
	require.NoError(t, err)
	return folder
}

func verify(t *testing.T, ds Dataset) []BadImage {
	t.Helper()
	bad, err := Verify(t.Context(), ds, nil)
	require.NoError(t, err)
	return bad
}

func TestVerifyListsOnlyImagesThatCannotBeDecoded(t *testing.T) {
	dir := photographs(t)
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "train", "n01440764", "gone.jpg")))
	var last, all int
	bad, err := Verify(t.Context(), openPhotographs(t, dir, ""), func(done, total int) { last, all = done, total })
	require.NoError(t, err)
	assert.Equal(t, []int{6, 6}, []int{last, all})
	require.Len(t, bad, 2)
	assert.Equal(t, []int{0, 4}, []int{bad[0].Index, bad[1].Index})
	assert.Equal(t, "n01440764/gone.jpg", bad[0].Name)
	assert.Contains(t, bad[0].Reason, "no such file")
	assert.Equal(t, "n02119789/n02119789_2.JPEG", bad[1].Name)
	assert.Contains(t, bad[1].Reason, filepath.Join(dir, "train", "n02119789", "n02119789_2.JPEG"))
}

func TestWithoutBadKeepsTheRestInOrder(t *testing.T) {
	folder := openPhotographs(t, photographs(t), "")
	rest, err := WithoutBad(folder, verify(t, folder))
	require.NoError(t, err)
	require.Equal(t, 4, rest.Len())
	assert.Equal(t, 4, OriginalIndex(rest, 3))
	assert.Equal(t, []int{0, 0, 1, 1}, []int{rest.Label(0), rest.Label(1), rest.Label(2), rest.Label(3)})
	assert.Empty(t, verify(t, rest))

	whole := shapes(t, GeneratedOptions{Count: 10})
	same, err := WithoutBad(whole, verify(t, whole))
	require.NoError(t, err)
	assert.Same(t, whole, same)
	broken, err := NewSubset(folder, []int{3})
	require.NoError(t, err)
	_, err = WithoutBad(broken, verify(t, broken))
	assert.ErrorContains(t, err, "none of the 1 images can be decoded; the first: "+folder.fullPath(3))
}

// That only size and time are looked at is shown by a change which leaves both alone: it stays unnoticed.
func TestVerifyDecodesAgainOnlyFilesWithAnotherSizeOrTime(t *testing.T) {
	dir, cache, then := photographs(t), t.TempDir(), time.Now().Add(-time.Hour)
	age(t, dir, then)
	first := verify(t, openPhotographs(t, dir, cache))
	require.Len(t, first, 1)

	good := filepath.Join(dir, "train", "n01440764", "n01440764_1.JPEG")
	content, err := os.ReadFile(good)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(good, make([]byte, len(content)), 0o644))
	age(t, dir, then)
	assert.Equal(t, first, verify(t, openPhotographs(t, dir, cache)), "remembered")
	assert.Len(t, verify(t, openPhotographs(t, dir, "")), 2, "without memory")

	age(t, dir, then.Add(time.Minute))
	assert.Len(t, verify(t, openPhotographs(t, dir, cache)), 2)
}

func TestVerifyDoesNotTrustFilesWrittenAMomentAgo(t *testing.T) {
	dir, cache, now := photographs(t), t.TempDir(), time.Now().Add(time.Hour) // however long this takes, they do not settle
	age(t, dir, now)
	require.Len(t, verify(t, openPhotographs(t, dir, cache)), 1)
	file := filepath.Join(dir, "train", "n01440764", "n01440764_1.JPEG")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, make([]byte, info.Size()), 0o644))
	age(t, dir, now)
	assert.Len(t, verify(t, openPhotographs(t, dir, cache)), 2)
}

func TestVerifyingAPartAddsToWhatIsRemembered(t *testing.T) {
	dir, cache := photographs(t), t.TempDir()
	age(t, dir, time.Now().Add(-time.Hour))
	folder := openPhotographs(t, dir, cache)
	path, err := folder.memory("checks")
	require.NoError(t, err)
	for k, indices := range [][]int{{3}, {0, 3}, {4, 1, 2}} {
		part, err := NewSubset(folder, indices)
		require.NoError(t, err)
		bad := verify(t, part)
		assert.Len(t, bad, []int{1, 1, 0}[k])
		assert.Len(t, readChecks(path), []int{1, 2, 5}[k])
	}
	assert.Equal(t, 3, verify(t, folder)[0].Index)
}

func TestVerifySurvivesADamagedMemory(t *testing.T) {
	dir, cache := photographs(t), t.TempDir()
	age(t, dir, time.Now().Add(-time.Hour))
	folder := openPhotographs(t, dir, cache)
	want := verify(t, folder)
	path, err := folder.memory("checks")
	require.NoError(t, err)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, damaged := range map[string]string{
		"empty":     "",
		"foreign":   "something else\n",
		"cut short": string(whole[:len(whole)-2]),
		"no number": checksHeader + "\nx 1 \"a\" \"\"\n",
		"no name":   checksHeader + "\n1 1 a\n",
	} {
		require.NoError(t, os.WriteFile(path, []byte(damaged), 0o644))
		assert.Equal(t, want, verify(t, folder), name)
		repaired, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, string(whole), string(repaired), name)
	}
}

func TestVerifyStopsWithItsContextAndAtFilesOfNoUse(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := photographs(t)
	_, err := Verify(ctx, openPhotographs(t, dir, ""), nil)
	assert.ErrorIs(t, err, context.Canceled)

	folder := openPhotographs(t, dir, "")
	folder.files[0] += "/below-a-file.jpg" // the operating system's error is not about the image
	_, err = Verify(t.Context(), folder, nil)
	assert.ErrorContains(t, err, "not a directory")
}
