package data

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
)

func TestWrittenVOCReadsBackWithTheSameObjects(t *testing.T) {
	train, val := scenes(t, GeneratedOptions{Seed: 1, Count: 6}), scenes(t, GeneratedOptions{Seed: 1, Split: "val", Count: 3})
	part, err := NewSubset(train, []int{4, 0})
	require.NoError(t, err)
	parent := filepath.Join(t.TempDir(), "deeper")
	dir := filepath.Join(parent, "scenes")
	require.NoError(t, WriteVOC(t.Context(), dir, []VOCSet{{"trainval", part}, {"test", val}}, 95, nil))
	entries, err := os.ReadDir(parent)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "no temporary folder is left")
	list, err := os.ReadFile(filepath.Join(dir, "ImageSets", "Main", "test.txt"))
	require.NoError(t, err)
	assert.Equal(t, "000002\n000003\n000004\n", string(list))

	for sets, want := range map[string]Dataset{".:trainval": part, ".:test": val} {
		read, err := OpenVOC(dir, VOCOptions{Sets: sets, Classes: figureClasses})
		require.NoError(t, err)
		require.Equal(t, want.Len(), read.Len())
		for i := range want.Len() {
			assert.Equal(t, objectsOf(t, want, i), read.Objects(i))
			assert.Equal(t, want.Label(i), read.Label(i))
			drawn, err := want.Image(i)
			require.NoError(t, err)
			file, err := drawn.EncodeJPEG(95)
			require.NoError(t, err)
			expected, err := imaging.Decode(file, "")
			require.NoError(t, err)
			image, err := read.Image(i)
			require.NoError(t, err)
			assert.Equal(t, expected, image)
		}
	}
	err = WriteVOC(t.Context(), dir, []VOCSet{{"test", val}}, 95, nil)
	assert.ErrorContains(t, err, dir+" exists; name a new folder, or remove it first")
}

func TestWrittenVOCKeepsFlagsFractionsAndImagesWithoutObjects(t *testing.T) {
	ds := marked{width: 20, height: 12, objects: [][]Object{
		{{Class: 1, Box: [4]float64{0, 0, 20, 12}, Difficult: true}, {Class: 0, Box: [4]float64{1.5, 2.25, 3.75, 11}, Truncated: true}},
		nil,
	}}
	dir := filepath.Join(t.TempDir(), "voc")
	require.NoError(t, WriteVOC(t.Context(), dir, []VOCSet{{"all", ds}}, 95, nil))
	read, err := OpenVOC(dir, VOCOptions{Sets: ".:all", Classes: ds.Classes()})
	require.NoError(t, err)
	assert.Equal(t, ds.objects[0], read.Objects(0))
	assert.Empty(t, read.Objects(1))
	annotation, err := os.ReadFile(filepath.Join(dir, "Annotations", "000000.xml"))
	require.NoError(t, err)
	assert.Contains(t, string(annotation), "<xmin>1</xmin>")
	assert.Contains(t, string(annotation), "<folder>voc</folder>\n\t<filename>000000.jpg</filename>")
}

func TestUnwritableVOCLeavesNothing(t *testing.T) {
	good := scenes(t, GeneratedOptions{Count: 1})
	files := vocFiles(t)
	files["VOC2007/JPEGImages/000003.jpg"] = "broken"
	broken := opened(t, vocAt(tree(t, files), nil), "val").Dataset
	for words, sets := range map[string][]VOCSet{
		"at least one image set":                       nil,
		"image set test: the dataset has no objects":   {{"test", shapes(t, GeneratedOptions{Count: 1})}},
		`"a/b" cannot be the name of an image set`:     {{"a/b", good}},
		`"" cannot be the name of an image set`:        {{"", good}},
		`"test" cannot be the name`:                    {{"test", good}, {"test", good}},
		"the splits have different classes":            {{"train", good}, {"test", broken}},
		"000003.jpg: neither JPEG nor PNG: it starts ": {{"test", broken}},
	} {
		parent := t.TempDir()
		assert.ErrorContains(t, WriteVOC(t.Context(), filepath.Join(parent, "new"), sets, 95, nil), words)
		entries, err := os.ReadDir(parent)
		require.NoError(t, err)
		assert.Empty(t, entries, words)
	}
	assert.ErrorContains(t, WriteVOC(t.Context(), filepath.Join(t.TempDir(), "new"), []VOCSet{{"test", good}}, 0, nil), "quality 0")
}
