package data

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const goldenImageNet = "../testdata/data/imagenet"

func TestFlatFolderHasTheLabelsOfTorchvisionsImageNet(t *testing.T) {
	var want struct {
		Classes []string
		Labels  []int
	}
	require.NoError(t, json.Unmarshal(golden(t, "imagenet.json"), &want))
	in := func(name string) string { return filepath.Join(goldenImageNet, name) }
	for name, options := range map[string]FlatOptions{
		"devkit, class list":        {GroundTruth: in("ILSVRC2012_validation_ground_truth.txt"), ClassList: in("classes.txt")},
		"devkit, training classes":  {GroundTruth: in("ILSVRC2012_validation_ground_truth.txt"), ClassList: in("classes.txt"), Classes: want.Classes},
		"columns, class list":       {GroundTruth: in("LOC_val_solution.csv"), ClassList: in("classes.txt")},
		"columns, training classes": {GroundTruth: in("LOC_val_solution.csv"), Classes: want.Classes},
	} {
		folder, err := OpenFlatFolder(in("val"), options)
		require.NoError(t, err, name)
		assert.Equal(t, want.Classes, folder.Classes(), name)
		require.Equal(t, len(want.Labels), folder.Len(), name)
		for i, label := range want.Labels {
			assert.Equal(t, fmt.Sprintf("ILSVRC2012_val_%08d.JPEG", i+1), folder.Name(i), name)
			assert.Equal(t, label, folder.Label(i), "%s %d", name, i)
		}
		_, err = folder.Image(0)
		assert.NoError(t, err)
	}
}

// flat opens a folder of a.jpg, b.jpg and c.jpg with this ground truth; an empty class list is none.
func flat(t *testing.T, truth, classList string, classes ...string) (*Folder, string, error) {
	t.Helper()
	dir := tree(t, map[string]string{
		"val/a.jpg": "", "val/b.jpg": "", "val/c.jpg": "", "val/readme": "", "truth.txt": truth, "list.txt": classList,
	})
	options := FlatOptions{GroundTruth: filepath.Join(dir, "truth.txt"), Classes: classes}
	if classList != "" {
		options.ClassList = filepath.Join(dir, "list.txt")
	}
	folder, err := OpenFlatFolder(filepath.Join(dir, "val"), options)
	return folder, dir, err
}

func TestGroundTruthIsReadInEveryCommonForm(t *testing.T) {
	for name, truth := range map[string]string{
		"numbers":                "2\n1\n2\n",
		"numbers, no last end":   "2\n1\n2",
		"numbers, Windows":       "2\r\n1\r\n2\r\n\r\n",
		"spaces":                 "a.jpg emu\nb.jpg cat\nc.jpg emu\n",
		"comma":                  "a.jpg,emu\nb.jpg,cat\nc.jpg,emu\n",
		"tab":                    "a.jpg\temu\nb.jpg\tcat\nc.jpg\temu\n",
		"any order":              "c.jpg emu\na.jpg emu\nb.jpg cat\n",
		"header":                 "name,wnid\na.jpg,emu\nb.jpg,cat\nc.jpg,emu\n",
		"no extension, boxes":    "ImageId,PredictionString\na,emu 1 2 3 4\nb,cat 1 2 3 4 cat 5 6 7 8 \nc,emu 0 0 1 1\n",
		"byte order mark":        "\ufeffa.jpg emu\nb.jpg cat\nc.jpg emu\n",
		"comma and space, quiet": "a.jpg, emu\nb.jpg, cat\nc.jpg, emu\n",
	} {
		folder, _, err := flat(t, truth, "cat a pet\nemu a bird\n")
		require.NoError(t, err, name)
		assert.Equal(t, []int32{1, 0, 1}, folder.labels, name)
		assert.Equal(t, []string{"cat", "emu"}, folder.Classes(), name)
	}
}

func TestNumbersMeanLinesOfTheListAndLabelsMeanSortedClasses(t *testing.T) {
	folder, _, err := flat(t, "1\n2\n3\n", "emu\ncat\ndog\n")
	require.NoError(t, err)
	assert.Equal(t, []string{"cat", "dog", "emu"}, folder.Classes())
	assert.Equal(t, []int32{2, 0, 1}, folder.labels)
	folder, _, err = flat(t, "1\n2\n3\n", "emu\ncat\ndog\n", "ant", "cat", "dog", "emu") // as in the training folder
	require.NoError(t, err)
	assert.Equal(t, []int32{3, 1, 2}, folder.labels)
}

func TestGroundTruthThatCannotBeUsedNamesFileAndLine(t *testing.T) {
	for _, c := range []struct {
		truth, list string
		classes     []string
		words       string // DIR is the folder of the files
	}{
		{"", "cat\n", nil, "DIR/truth.txt is empty; expected the labels of 3 images"},
		{"1\n1\n1\n", "", []string{"cat"}, "DIR/truth.txt: its labels are numbers, and only a class list can tell"},
		{"a.jpg cat\n", "", nil, "the classes of the images in DIR/val are unknown"},
		{"1\n1\n", "cat\n", nil, "DIR/truth.txt: 2 labels for the 3 images in DIR/val"},
		{"1\n2\n1\n", "cat\n", nil, `DIR/truth.txt:2: "2" is no number in 1..1`},
		{"1\n0\n1\n", "cat\n", nil, `DIR/truth.txt:2: "0" is no number in 1..1`},
		{"1\n1\ncat\n", "cat\n", nil, `DIR/truth.txt:3: "cat" is no number in 1..1`},
		{"1\n\n1\n", "cat\n", nil, `DIR/truth.txt:2: "" is no number in 1..1`},
		{"1\n2\n1\n", "cat\nemu\n", []string{"cat", "dog"}, "DIR/truth.txt:2: number 2 is class emu, which is none of the 2 classes"},
		{"cat\n", "cat\n", nil, `DIR/truth.txt:1: "cat"; expected the name of an image and its class`},
		{"a.jpg cat\nb.jpg\n", "cat\n", nil, `DIR/truth.txt:2: "b.jpg"; expected the name of an image and its class`},
		{"a.jpg cat\nb.jpg dgo\n", "cat\n", nil, "DIR/truth.txt:2: image b.jpg has the class dgo"},
		{"a.jpg cat\nname wnid\n", "cat\n", nil, "DIR/truth.txt:2: image name is not in DIR/val"},
		{"d.jpg cat\n", "cat\n", nil, "DIR/truth.txt:1: image d.jpg is not in DIR/val"},
		{"a.jpg dog\n", "cat\n", nil, "DIR/truth.txt:1: image a.jpg has the class dog"},
		{"a.jpg cat\na cat\n", "cat\n", nil, "DIR/truth.txt:2: image a has a label already"},
		{"b.jpg cat\n", "cat\n", nil, "DIR/truth.txt: no line for 2 of the 3 images in DIR/val: a.jpg, c.jpg"},
		{"1\n1\n1\n", "cat\ndog\ncat\n", nil, "class list DIR/list.txt:3: class cat is that of line 1 already"},
		{"1\n1\n1\n", "cat\n\ndog\n", nil, "class list DIR/list.txt:2: empty line"},
		{"1\n1\n1\n", "\n", nil, "class list DIR/list.txt is empty"},
	} {
		_, dir, err := flat(t, c.truth, c.list, c.classes...)
		assert.ErrorContains(t, err, filepath.FromSlash(strings.ReplaceAll(c.words, "DIR", dir)))
	}
}

func TestDevkitNumbersWithAnAlphabeticalListOfAThousandClassesAreRefused(t *testing.T) {
	classes := make([]string, ilsvrcClasses)
	for k := range classes {
		classes[k] = fmt.Sprintf("n%08d", k)
	}
	_, _, err := flat(t, "3\n2\n1\n", strings.Join(classes, "\n"))
	assert.ErrorContains(t, err, "list the classes by ILSVRC2012_ID")
	slices.Reverse(classes)
	folder, _, err := flat(t, "3\n2\n1\n", strings.Join(classes, "\n"))
	require.NoError(t, err)
	assert.Equal(t, []int32{997, 998, 999}, folder.labels)
}

func TestAMissingILSVRCImageIsNoticedByItsNumber(t *testing.T) {
	dir := tree(t, map[string]string{
		"val/ILSVRC2012_val_00000001.JPEG": "", "val/ILSVRC2012_val_00000003.JPEG": "", "truth.txt": "1\n1\n", "list.txt": "cat\n",
	})
	_, err := OpenFlatFolder(filepath.Join(dir, "val"), FlatOptions{
		GroundTruth: filepath.Join(dir, "truth.txt"), ClassList: filepath.Join(dir, "list.txt"),
	})
	assert.ErrorContains(t, err, "truth.txt:2: belongs to image 2, but number 2")
	assert.ErrorContains(t, err, "ILSVRC2012_val_00000003.JPEG; is an image missing?")
}

func TestImagesOfTheSameStemNeedTheirExtension(t *testing.T) {
	dir := tree(t, map[string]string{
		"val/a.jpg": "", "val/a.png": "", "list.txt": "cat\n",
		"both.txt": "a.jpg cat\na.png cat\n", "stem.txt": "a cat\na.png cat\n",
	})
	open := func(truth string) error {
		_, err := OpenFlatFolder(filepath.Join(dir, "val"), FlatOptions{
			GroundTruth: filepath.Join(dir, truth), ClassList: filepath.Join(dir, "list.txt"),
		})
		return err
	}
	assert.NoError(t, open("both.txt"))
	assert.ErrorContains(t, open("stem.txt"), "stem.txt:1: image a is not in")
}

func TestFlatFoldersThatCannotBeUsedSayWhy(t *testing.T) {
	dir := tree(t, map[string]string{"classes/cat/1.jpg": "", "empty/readme": "", "flat/1.jpg": "", "list.txt": "cat\n"})
	list := filepath.Join(dir, "list.txt")
	for folder, words := range map[string]string{
		"classes": "holds the folder cat; with a ground truth, all images must lie in one folder",
		"empty":   "holds no images",
		"gone":    "--data imagenet=PATH",
		"flat":    "ground truth: open " + filepath.Join(dir, "gone.txt"),
	} {
		_, err := OpenFlatFolder(filepath.Join(dir, folder), FlatOptions{
			FolderOptions: FolderOptions{Name: "imagenet"}, GroundTruth: filepath.Join(dir, "gone.txt"), ClassList: list,
		})
		assert.ErrorContains(t, err, words)
	}
	_, err := OpenFlatFolder(filepath.Join(dir, "flat"), FlatOptions{ClassList: filepath.Join(dir, "none.txt")})
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, "class list")
}

func TestFlatFingerprintIsOfImagesAndLabels(t *testing.T) {
	fingerprint := func(truth, list string) string {
		folder, _, err := flat(t, truth, list)
		require.NoError(t, err)
		print, err := folder.Fingerprint(t.Context())
		require.NoError(t, err)
		return print
	}
	whole := fingerprint("1\n2\n1\n", "cat\nemu\n")
	assert.Equal(t, whole, fingerprint("a cat\nb emu\nc cat\n", "emu\ncat\n"), "another way to say the same")
	assert.NotEqual(t, whole, fingerprint("1\n2\n2\n", "cat\nemu\n"), "another label")
	assert.NotEqual(t, whole, fingerprint("1\n2\n1\n", "cat\ngnu\n"), "another class")
}
