package data

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const goldenFolder = "../testdata/data/folder"

// tree writes files, by slash-separated names with their content, below a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if filepath.Base(path) != ".keep" {
			require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
		}
	}
	return dir
}

func TestFolderHasTorchvisionsClassesFilesAndOrder(t *testing.T) {
	var want struct {
		Classes, Files []string
		Labels         []int
	}
	require.NoError(t, json.Unmarshal(golden(t, "folder.json"), &want))
	folder, err := OpenImageFolder(goldenFolder, FolderOptions{})
	require.NoError(t, err)
	assert.Equal(t, want.Classes, folder.Classes())
	require.Equal(t, len(want.Files), folder.Len())
	for i := range folder.Len() {
		assert.Equal(t, want.Files[i], folder.Name(i))
		assert.Equal(t, want.Labels[i], folder.Label(i))
	}
}

func TestFoldersThatCannotBeUsedSayWhyAndWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		words []string
	}{
		"no class folders":   {map[string]string{"a.jpg": ""}, []string{"no class folders", "--data cifar10=PATH"}},
		"empty class folder": {map[string]string{"cat/1.jpg": "", "dog/.keep": "", "emu/readme.txt": ""}, []string{"no images in class folder dog, emu"}},
		"parent of splits":   {map[string]string{"train/cat/1.jpg": "", "test/cat/1.jpg": ""}, []string{"splits test, train", "--data cifar10="}},
	} {
		dir := tree(t, c.files)
		_, err := OpenImageFolder(dir, FolderOptions{Name: "cifar10"})
		require.Error(t, err, name)
		for _, word := range append(c.words, dir) {
			assert.ErrorContains(t, err, word, name)
		}
	}
}

func TestDetachedDataPathSaysHowToNameAnother(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	_, err := OpenImageFolder(dir, FolderOptions{Name: "imagenet"})
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.ErrorContains(t, err, dir+" does not exist")
	assert.ErrorContains(t, err, "--data imagenet=PATH")
}

func TestAFileInPlaceOfTheFolderIsAnError(t *testing.T) {
	dir := tree(t, map[string]string{"archive.tar": "x"})
	_, err := OpenImageFolder(filepath.Join(dir, "archive.tar"), FolderOptions{})
	assert.ErrorContains(t, err, "archive.tar is no readable folder")
}

func TestSymbolicLinksAreFollowedButNotInCircles(t *testing.T) {
	dir := tree(t, map[string]string{"cat/1.jpg": "", "elsewhere/2.jpg": "", "elsewhere/sub/3.jpg": ""})
	classes := filepath.Join(dir, "cat")
	require.NoError(t, os.Symlink(filepath.Join(dir, "elsewhere"), filepath.Join(classes, "linked")))
	folder, err := OpenImageFolder(dir, FolderOptions{})
	require.NoError(t, err)
	assert.Equal(t, []string{"cat/1.jpg", "cat/linked/2.jpg", "cat/linked/sub/3.jpg", "elsewhere/2.jpg", "elsewhere/sub/3.jpg"}, folder.files)

	require.NoError(t, os.Symlink(classes, filepath.Join(classes, "self")))
	_, err = OpenImageFolder(dir, FolderOptions{})
	assert.ErrorContains(t, err, filepath.Join("cat", "self")+" is a symbolic link to a folder that contains it")
}

func TestATextFileNamedJPGFailsWithItsName(t *testing.T) {
	dir := tree(t, map[string]string{"cat/fake.jpg": "I am not a picture"})
	folder, err := OpenImageFolder(dir, FolderOptions{})
	require.NoError(t, err)
	_, err = folder.Image(0)
	assert.ErrorContains(t, err, filepath.Join(dir, "cat", "fake.jpg"))
}
