package study_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results/study"
	"transfera/results/study/studytest"
)

// build makes a study of n items per task.
func build(t *testing.T, n int, o study.BuildOptions) *study.Study {
	t.Helper()
	out := t.TempDir()
	studytest.Publish(t, out, n)
	folder := filepath.Join(t.TempDir(), "study")
	_, err := study.BuildFile(study.MaterialPath(out, "transfer"), folder, o)
	require.NoError(t, err)
	s, err := study.Open(folder)
	require.NoError(t, err)
	return s
}

// items are what a study asks, as question and item.
func items(s *study.Study) []string {
	var list []string
	for _, c := range s.Comparisons {
		list = append(list, c.Question+" "+s.Key.Sides[c.ID].Item)
	}
	slices.Sort(list)
	return list
}

func TestItemsWithoutADifferenceAreLeftOutAndCounted(t *testing.T) {
	s := build(t, 3, study.BuildOptions{Seed: 1})
	assert.Equal(t, []string{
		"labels dn-0000", "labels dn-0001", "labels dn-0002", "labels sr-0001", "labels sr-0002",
		"pictures dn-0001", "pictures dn-0002", "pictures sr-0000", "pictures sr-0001", "pictures sr-0002",
	}, items(s))
	assert.Equal(t, []study.LeftOut{
		{Question: "labels", Why: "the two lists are equal", N: 1}, {Question: "pictures", Why: "the two pictures are equal", N: 1},
	}, s.Key.LeftOut)
}

func TestSeedChoosesComparisonsAndTheSecretTheSides(t *testing.T) {
	o := study.BuildOptions{Seed: 7, Size: 20}
	first, second := build(t, 20, o), build(t, 20, o)
	assert.Equal(t, items(first), items(second), "the same seed")
	assert.Len(t, first.Comparisons, 20)
	count := map[string]int{}
	for _, c := range first.Comparisons {
		count[c.Question+" "+first.Key.Sides[c.ID].Task]++
	}
	assert.Equal(t, map[string]int{"labels sr": 5, "labels dn": 5, "pictures sr": 5, "pictures dn": 5}, count)
	o.Seed = 8
	assert.NotEqual(t, items(first), items(build(t, 20, o)), "another seed")
	assert.NotEqual(t, first.Key.Secret, second.Key.Secret)
	assert.NotEqual(t, firsts(first), firsts(second), "sides of the same comparisons")
}

// firsts are the methods of the first sides, in the order of the items.
func firsts(s *study.Study) map[string]string {
	m := map[string]string{}
	for _, c := range s.Comparisons {
		m[c.Question+" "+s.Key.Sides[c.ID].Item] = s.Key.Sides[c.ID].First
	}
	return m
}

func TestServedFilesSayNothingOfMethodsAndTasks(t *testing.T) {
	s := build(t, 3, study.BuildOptions{Seed: 1})
	design, err := os.ReadFile(filepath.Join(s.Path, "study.json"))
	require.NoError(t, err)
	for _, word := range []string{"plain", `"ra"`, "sr", "dn", "transfer", "resnet", "val/", "0001-"} {
		assert.NotContains(t, string(design), word)
	}
	info, err := os.Stat(filepath.Join(s.Path, "key.json"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(s.PictureFolder())
	require.NoError(t, err)
	assert.Len(t, entries, 5+2*5, "a target per labels, two sides per pictures")
	for _, entry := range entries {
		assert.Regexp(t, `^[0-9a-f]{32}\.png$`, entry.Name())
		data, err := os.ReadFile(filepath.Join(s.PictureFolder(), entry.Name()))
		require.NoError(t, err)
		for _, kind := range chunks(data) {
			assert.Contains(t, []string{"IHDR", "IDAT", "IEND"}, kind, "no chunk that could say more")
		}
	}
}

// chunks are the kinds of a PNG's chunks.
func chunks(data []byte) []string {
	var kinds []string
	for data = data[8:]; len(data) >= 12; {
		n := binary.BigEndian.Uint32(data)
		kinds = append(kinds, string(data[4:8]))
		data = data[12+n:]
	}
	return kinds
}

func TestMetadataOfPicturesIsNotServed(t *testing.T) {
	m, pictures := studytest.Material(t, 2)
	for name, data := range pictures { // a text chunk before the first of the others
		chunk := []byte("\x00\x00\x00\x0btEXtMethod\x00" + name[len(name)-8:len(name)-4])
		chunk = append(chunk, 0, 0, 0, 0)
		binary.BigEndian.PutUint32(chunk[len(chunk)-4:], crc(chunk[4:len(chunk)-4]))
		pictures[name] = slices.Concat(data[:33], chunk, data[33:])
		require.Contains(t, chunks(pictures[name]), "tEXt")
	}
	path := filepath.Join(t.TempDir(), "transfer.zip")
	require.NoError(t, study.WriteMaterial(path, m, pictures))
	s, err := study.BuildFile(path, filepath.Join(t.TempDir(), "study"), study.BuildOptions{})
	require.NoError(t, err)
	entries, err := os.ReadDir(s.PictureFolder())
	require.NoError(t, err)
	require.NotEmpty(t, entries)
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(s.PictureFolder(), entry.Name()))
		require.NoError(t, err)
		assert.False(t, bytes.Contains(data, []byte("Method")))
	}
}

func TestNothingElseIsOverwritten(t *testing.T) {
	out := t.TempDir()
	studytest.Publish(t, out, 2)
	rebuild := func(folder string) error {
		_, err := study.BuildFile(study.MaterialPath(out, "transfer"), folder, study.BuildOptions{Seed: 1})
		return err
	}
	s := build(t, 2, study.BuildOptions{Seed: 1})
	require.NoError(t, rebuild(s.Path), "a study without votes")
	s, err := study.Open(s.Path)
	require.NoError(t, err)
	cast(t, s, "ann", 1)
	before := files(t, s.Path)
	assert.ErrorContains(t, rebuild(s.Path), "has votes, which a new study would lose")
	assert.Equal(t, before, files(t, s.Path))

	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "thesis.tex"), nil, 0o666))
	assert.ErrorContains(t, rebuild(other), "holds something else than a study")
	assert.Equal(t, []string{"thesis.tex"}, files(t, other))
	left, err := filepath.Glob(filepath.Join(filepath.Dir(s.Path), ".study-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestServedStudyIsNotReplaced(t *testing.T) {
	out := t.TempDir()
	studytest.Publish(t, out, 2)
	s := build(t, 2, study.BuildOptions{Seed: 1})
	log, err := study.OpenLog(s)
	require.NoError(t, err)
	defer log.Close()
	_, err = study.BuildFile(study.MaterialPath(out, "transfer"), s.Path, study.BuildOptions{})
	assert.ErrorContains(t, err, "is served already")
}

// files are the names in a folder.
func files(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestMistakesInBuildAreNamed(t *testing.T) {
	out := t.TempDir()
	_, err := study.FindMaterial(out, "")
	assert.ErrorContains(t, err, "no material for a study")
	studytest.Publish(t, out, 2)
	path, err := study.FindMaterial(out, "")
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(path, "transfer.zip"))
	_, err = study.FindMaterial(out, "transfr")
	assert.ErrorContains(t, err, "there is transfer")
	_, err = study.FindMaterial(out, "../transfer")
	assert.ErrorContains(t, err, "no such name")
	for want, o := range map[string]study.BuildOptions{
		`question "sounds"; there is labels, pictures`: {Questions: []string{"sounds"}},
		"size -1": {Size: -1},
	} {
		folder := filepath.Join(t.TempDir(), "new")
		_, err := study.BuildFile(path, folder, o)
		assert.ErrorContains(t, err, want)
		assert.NoDirExists(t, folder)
	}
}
