package experiments

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const photos = `extends: BASE
datasets: {photos: {kind: image-folder}}
dataset: photos
cross_dataset: true
`

func suiteOf(t *testing.T, text string) *Suite {
	t.Helper()
	suite, diags := LoadSuite(written(t, text), testNames(), Options{})
	require.NoError(t, diags.Err())
	return suite
}

func TestDatasetsAreBoundToTheirFolders(t *testing.T) {
	folder := t.TempDir()
	suite := suiteOf(t, photos+"evaluators: [resnet-s]")
	e := suite.Experiments[0]
	hash := e.Hash
	require.Empty(t, suite.Bind(map[string]string{"photos": folder}, ""))
	assert.Equal(t, folder, e.Datasets["photos"].Path)
	assert.Equal(t, hash, e.Hash, "where the files lie is no part of the experiment")
}

func TestAPathInASpecIsRelativeToTheFileThatNamesIt(t *testing.T) {
	dir := t.TempDir()
	base, err := filepath.Abs("testdata/base.yaml")
	require.NoError(t, err)
	for _, name := range []string{"defs", "defs/pictures", "specs"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
	}
	writtenIn(t, dir, "defs/base.yaml", "extends: "+base+"\ndatasets: {photos: {kind: image-folder, path: pictures}}\n")
	weights := writtenIn(t, dir, "defs/r.th", "weights")
	spec := writtenIn(t, dir, "specs/a.yaml", "extends: ../defs/base.yaml\ndataset: photos\ncross_dataset: true\nevaluators: [vgg-s]\nrecognizers: {vgg-s: {weights: ../defs/r.th}}\n")
	suite, diags := LoadSuite(spec, testNames(), Options{})
	require.NoError(t, diags.Err())
	require.Empty(t, suite.Bind(nil, ""))
	assert.Equal(t, filepath.Join(dir, "defs/pictures"), suite.Experiments[0].Datasets["photos"].Path)
	assert.Equal(t, weights, suite.Experiments[0].Recognizers["vgg-s"].Weights)
}

func TestWeightsAreSoughtInTheirFolderFirst(t *testing.T) {
	dir := t.TempDir()
	weights := writtenIn(t, dir, "vgg-s.pth", "weights")
	suite := suiteOf(t, "extends: BASE")
	require.Empty(t, suite.Bind(nil, dir))
	assert.Equal(t, weights, suite.Experiments[0].Recognizers["vgg-s"].Weights)
}

func TestMissingFilesAreReportedWhereTheSpecNamesThem(t *testing.T) {
	cases := map[string]struct {
		spec    string
		data    map[string]string
		file    string
		summary string
	}{
		"no path":         {photos + "evaluators: [resnet-s]", nil, "spec.yaml", "dataset photos has no path"},
		"detached path":   {photos + "evaluators: [resnet-s]", map[string]string{"photos": "/nowhere"}, "spec.yaml", "dataset photos is not at /nowhere"},
		"missing weights": {"extends: BASE", nil, "base.yaml", "the weights of vgg-s are nowhere"},
		"unknown dataset": {"extends: BASE\nevaluators: [resnet-s]", map[string]string{"shape": "/tmp"}, "--data", `unknown dataset "shape"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			diags := suiteOf(t, c.spec).Bind(c.data, "")
			require.Len(t, diags, 1, "%v", diags)
			assert.Equal(t, c.file, filepath.Base(diags[0].File))
			assert.Equal(t, c.summary, diags[0].Summary)
			assert.True(t, diags.HasErrors())
			assert.Positive(t, diags[0].Line)
		})
	}
}

func TestPartsHaveTheFilesOfTheWhole(t *testing.T) {
	spec := photos + "dataset: some\nevaluators: [resnet-s]\n"
	spec = strings.Replace(spec, "dataset: photos\n", "", 1)
	spec = strings.Replace(spec, "{kind: image-folder}", "{kind: image-folder}, some: {part_of: photos}", 1)
	folder, other := t.TempDir(), t.TempDir()
	suite := suiteOf(t, spec)
	require.Empty(t, suite.Bind(map[string]string{"photos": folder}, ""))
	assert.Equal(t, folder, suite.Experiments[0].Datasets["some"].Path)
	require.Empty(t, suite.Bind(map[string]string{"photos": folder, "some": other}, ""))
	assert.Equal(t, other, suite.Experiments[0].Datasets["some"].Path, "unless they are elsewhere")
	diags := suiteOf(t, spec).Bind(nil, "")
	require.Len(t, diags, 1)
	assert.Contains(t, diags[0].Detail, "--data photos=PATH")
}

func TestMissingFilesComeWithWhereToGetThem(t *testing.T) {
	for name, spec := range map[string]string{
		"dataset":    strings.Replace(photos, "image-folder", "image-folder, download: from the shelf", 1) + "evaluators: [resnet-s]",
		"recognizer": "extends: BASE\nrecognizers: {vgg-s: {download: from the shelf}}",
	} {
		t.Run(name, func(t *testing.T) {
			diags := suiteOf(t, spec).Bind(nil, "")
			require.Len(t, diags, 1)
			assert.Contains(t, diags[0].Detail, "; to get it: from the shelf")
		})
	}
}

func TestFilesThatNothingUsesNeedNotBeThere(t *testing.T) {
	suite := suiteOf(t, "extends: BASE\ndatasets: {photos: {kind: image-folder}}\nevaluators: source")
	assert.Empty(t, suite.Bind(nil, ""))
}
