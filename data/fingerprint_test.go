package data

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
)

var pets = map[string]string{"cat/1.jpg": "one", "cat/2.jpg": "two", "dog/1.jpg": "three"}

// age sets the modification time of every file below dir, far enough back to be remembered.
func age(t *testing.T, dir string, when time.Time) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		require.NoError(t, err)
		return os.Chtimes(path, when, when)
	}))
}

func fingerprintOf(t *testing.T, dir, cache string) string {
	t.Helper()
	folder, err := OpenImageFolder(dir, FolderOptions{FingerprintCache: cache})
	require.NoError(t, err)
	print, err := folder.Fingerprint(t.Context())
	require.NoError(t, err)
	return print
}

func TestFingerprintIsOfContentNotOfPlaceOrTime(t *testing.T) {
	a, b := tree(t, pets), tree(t, pets)
	age(t, b, time.Unix(1_000_000, 0))
	print := fingerprintOf(t, a, "")
	assert.Equal(t, print, fingerprintOf(t, b, ""))
	assert.Equal(t, print, fingerprintOf(t, b, t.TempDir()), "a cache changes nothing")
}

func TestFingerprintChangesWithEveryPartOfTheContent(t *testing.T) {
	original := fingerprintOf(t, tree(t, pets), "")
	for name, change := range map[string]func(dir string) error{
		"other bytes, same length": func(dir string) error { return os.WriteFile(filepath.Join(dir, "cat/1.jpg"), []byte("eno"), 0o644) },
		"a file more":              func(dir string) error { return os.WriteFile(filepath.Join(dir, "cat/3.jpg"), nil, 0o644) },
		"a file less":              func(dir string) error { return os.Remove(filepath.Join(dir, "cat/2.jpg")) },
		"another name": func(dir string) error {
			return os.Rename(filepath.Join(dir, "cat/2.jpg"), filepath.Join(dir, "cat/3.jpg"))
		},
		"another class": func(dir string) error {
			return os.Rename(filepath.Join(dir, "cat/2.jpg"), filepath.Join(dir, "dog/2.jpg"))
		},
		"another class name": func(dir string) error { return os.Rename(filepath.Join(dir, "cat"), filepath.Join(dir, "cow")) },
	} {
		dir := tree(t, pets)
		require.NoError(t, change(dir))
		assert.NotEqual(t, original, fingerprintOf(t, dir, ""), name)
	}
}

// That only size and time are looked at is shown by a change which leaves both alone: it stays unnoticed.
func TestFingerprintReadsAgainOnlyFilesWithAnotherSizeOrTime(t *testing.T) {
	dir, cache, then := tree(t, pets), t.TempDir(), time.Now().Add(-time.Hour)
	age(t, dir, then)
	first := fingerprintOf(t, dir, cache)
	changed := filepath.Join(dir, "cat", "1.jpg")

	require.NoError(t, os.WriteFile(changed, []byte("eno"), 0o644))
	age(t, dir, then)
	assert.Equal(t, first, fingerprintOf(t, dir, cache), "remembered")

	age(t, dir, then.Add(time.Minute))
	second := fingerprintOf(t, dir, cache)
	assert.NotEqual(t, first, second)
	assert.Equal(t, fingerprintOf(t, dir, ""), second)
}

func TestFingerprintDoesNotTrustFilesWrittenAMomentAgo(t *testing.T) {
	dir, cache, now := tree(t, pets), t.TempDir(), time.Now().Add(time.Hour) // however long this takes, they do not settle
	age(t, dir, now)
	first := fingerprintOf(t, dir, cache)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cat", "1.jpg"), []byte("eno"), 0o644))
	age(t, dir, now) // as on a file system with a coarse clock
	assert.NotEqual(t, first, fingerprintOf(t, dir, cache))
}

func TestFingerprintSurvivesADamagedCache(t *testing.T) {
	dir, cache := tree(t, pets), t.TempDir()
	age(t, dir, time.Now().Add(-time.Hour))
	want := fingerprintOf(t, dir, cache)
	entries, err := filepath.Glob(filepath.Join(cache, "*.hashes"))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	whole, err := os.ReadFile(entries[0])
	require.NoError(t, err)
	for name, damaged := range map[string]string{
		"empty":     "",
		"foreign":   "something else\n",
		"cut short": string(whole[:len(whole)-20]),
		"not hex":   strings.Replace(string(whole), "\n", "\nzz", 1),
		"a digit":   otherDigit(string(whole)),
	} {
		require.NoError(t, os.WriteFile(entries[0], []byte(damaged), 0o644))
		assert.Equal(t, want, fingerprintOf(t, dir, cache), name)
	}
	repaired, err := os.ReadFile(entries[0])
	require.NoError(t, err)
	assert.Equal(t, string(whole), string(repaired))
}

// otherDigit changes the first digit of the first hash: the line can still be read.
func otherDigit(hashes string) string {
	at := strings.Index(hashes, "\n") + 1
	other := "0"
	if hashes[at] == '0' {
		other = "1"
	}
	return hashes[:at] + other + hashes[at+1:]
}

func TestImagesThatChangedSinceTheFingerprintAreRefused(t *testing.T) {
	picture, other := jpegOf(t, 40, 30), imaging.New(40, 30)
	changed, err := other.EncodeJPEG(90)
	require.NoError(t, err)
	pictures := tree(t, map[string]string{"cat/1.jpg": picture, "dog/1.jpg": picture})
	folder, err := OpenImageFolder(pictures, FolderOptions{})
	require.NoError(t, err)
	devkit := tree(t, vocFiles(t))
	voc, err := OpenVOC(devkit, VOCOptions{Sets: "VOC2007:trainval"})
	require.NoError(t, err)
	for path, ds := range map[string]Dataset{
		filepath.Join(pictures, "dog", "1.jpg"):                      folder,
		filepath.Join(devkit, "VOC2007", "JPEGImages", "000001.jpg"): voc, // image 1 of its set
	} {
		_, err := ds.Fingerprint(t.Context())
		require.NoError(t, err)
		for i := range ds.Len() {
			_, err := ds.Image(i)
			require.NoError(t, err)
		}
		require.NoError(t, os.WriteFile(path, changed, 0o666))
		_, err = ds.Image(0)
		assert.NoError(t, err)
		_, err = ds.Image(1)
		assert.ErrorIs(t, err, errOtherBytes)
		assert.ErrorContains(t, err, path+": the image file has other bytes")
	}
}

func TestFingerprintStopsWithItsContextAndKeepsWhatItHas(t *testing.T) {
	dir, cache := tree(t, pets), t.TempDir()
	age(t, dir, time.Now().Add(-time.Hour))
	fingerprintOf(t, dir, cache)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dog", "2.jpg"), nil, 0o644))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	folder, err := OpenImageFolder(dir, FolderOptions{FingerprintCache: cache})
	require.NoError(t, err)
	_, err = folder.Fingerprint(ctx)
	require.ErrorIs(t, err, context.Canceled)
	path, err := folder.memory("hashes")
	require.NoError(t, err)
	assert.Len(t, readHashes(path), 3)
}

func TestFingerprintReportsProgressAndUnreadableFiles(t *testing.T) {
	dir := tree(t, pets)
	var last, all int
	folder, err := OpenImageFolder(dir, FolderOptions{Progress: func(done, total int) { last, all = done, total }})
	require.NoError(t, err)
	_, err = folder.Fingerprint(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []int{3, 3}, []int{last, all})

	folder, err = OpenImageFolder(dir, FolderOptions{})
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, "cat", "2.jpg")))
	_, err = folder.Fingerprint(t.Context())
	assert.ErrorContains(t, err, filepath.Join("cat", "2.jpg"))
}
