package data

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func opened(t *testing.T, d Description, split string) *Opened {
	t.Helper()
	o, err := Open(t.Context(), d, split)
	require.NoError(t, err)
	return o
}

func names(ds Dataset) []string {
	var all []string
	for i := range ds.Len() {
		all = append(all, ds.Name(i))
	}
	return all
}

func TestGeneratedKindsGiveTheDatasetsOfTheirOptions(t *testing.T) {
	options := map[string]any{"seed": 3, "size": 40, "train": 30, "val": 20}
	for kind, build := range map[string]func(GeneratedOptions) (*Generated, error){"shapes": NewShapes, "sketches": NewSketches} {
		train, val, err := OpenBoth(t.Context(), Description{Kind: kind, Options: options})
		require.NoError(t, err)
		wantTrain, err := build(GeneratedOptions{Seed: 3, Size: 40, Split: "train", Count: 30})
		require.NoError(t, err)
		wantVal, err := build(GeneratedOptions{Seed: 3, Size: 40, Split: "val", Count: 20})
		require.NoError(t, err)
		assert.Equal(t, wantTrain.options, train.Dataset.(*Generated).options)
		assert.Equal(t, wantVal.options, val.Dataset.(*Generated).options)
		assert.Equal(t, kind, val.Dataset.(*Generated).look.name)
		assert.Zero(t, train.Loader)
	}
}

func TestClassesAndLimitAreOptionsOfEveryKind(t *testing.T) {
	d := Description{Kind: "sketches", Limit: map[string]int{"val": 6}, Options: map[string]any{"train": 50, "val": 50, "classes": "second-half"}}
	train, val, err := OpenBoth(t.Context(), d)
	require.NoError(t, err)
	assert.Equal(t, figureClasses[5:], train.Dataset.Classes())
	assert.Equal(t, figureClasses[5:], val.Dataset.Classes())
	assert.Equal(t, 25, train.Dataset.Len())
	assert.Equal(t, 6, val.Dataset.Len(), "the limit counts images of the classes kept")
	for i := range val.Dataset.Len() {
		assert.Equal(t, OriginalIndex(val.Dataset, i)%10-5, val.Dataset.Label(i))
	}
	d.Options["classes"] = "0-3,triangel-vertical"
	_, _, err = OpenBoth(t.Context(), d)
	assert.ErrorContains(t, err, `did you mean "triangle-vertical"?`)
}

func TestImageFolderKindOpensTheFoldersThatItsOptionsName(t *testing.T) {
	dir := tree(t, map[string]string{"train/cat/1.jpg": "", "test/cat/2.jpg": "", "test/cat/3.jpg": ""})
	d := Description{Kind: "image-folder", Path: dir, Options: map[string]any{"val": "test", "resize": 40, "crop": 32}}
	train, val, err := OpenBoth(t.Context(), d)
	require.NoError(t, err)
	assert.Equal(t, []string{"cat/1.jpg"}, names(train.Dataset))
	assert.Equal(t, []string{"cat/2.jpg", "cat/3.jpg"}, names(val.Dataset))
	assert.Equal(t, LoaderDefaults{Resize: 40, Crop: 32, Flip: true}, val.Loader)
	d.Options = map[string]any{"val": filepath.Join(dir, "test"), "flip": false}
	other := opened(t, d, "val")
	assert.Equal(t, names(val.Dataset), names(other.Dataset), "an absolute path")
	assert.Equal(t, LoaderDefaults{}, other.Loader)
}

func TestSplitsWithDifferentClassesAreRefused(t *testing.T) {
	dir := tree(t, map[string]string{"train/cat/1.jpg": "", "train/dog/1.jpg": "", "val/cat/1.jpg": "", "val/emu/1.jpg": "", "val/gnu/1.jpg": ""})
	d := Description{Kind: "image-folder", Name: "pets", Path: dir, Options: map[string]any{"classes": "cat"}}
	_, _, err := OpenBoth(t.Context(), d)
	assert.ErrorContains(t, err, "dataset pets: the splits have different classes")
	assert.ErrorContains(t, err, "train has 2 and val 3; only in train: dog; only in val: emu, gnu")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "train", "dog")))
	_, _, err = OpenBoth(t.Context(), d)
	assert.ErrorContains(t, err, "only in train: none; only in val: emu, gnu")
}

func TestImageNetKindReadsBothLayouts(t *testing.T) {
	folders, err := filepath.Abs(goldenImageNet)
	require.NoError(t, err)
	train := tree(t, map[string]string{
		"n01440764/1.JPEG": "", "n02097047/1.JPEG": "", "n02100735/1.JPEG": "", "n02119789/1.JPEG": "", "n03017168/1.JPEG": "",
	})
	for name, options := range map[string]map[string]any{
		"devkit": {"ground_truth": "ILSVRC2012_validation_ground_truth.txt", "class_list": "classes.txt"},
		"kaggle": {"ground_truth": "LOC_val_solution.csv"},
	} {
		options["train"] = train
		trained, val, err := OpenBoth(t.Context(), Description{Kind: "imagenet", Path: folders, Options: options})
		require.NoError(t, err, name)
		assert.Equal(t, []int{0, 3, 1}, []int{val.Dataset.Label(0), val.Dataset.Label(1), val.Dataset.Label(2)}, name)
		assert.Equal(t, trained.Dataset.Classes(), val.Dataset.Classes(), name)
		assert.Equal(t, LoaderDefaults{Resize: 256, Crop: 224, Flip: true}, val.Loader, name)
	}
	asFolders := opened(t, Description{Kind: "imagenet", Path: photographs(t)}, "val")
	assert.Equal(t, []string{"n01440764/1.JPEG", "n02119789/2.JPEG"}, names(asFolders.Dataset))

	_, err = Open(t.Context(), Description{Kind: "imagenet", Name: "inet", Path: folders}, "val")
	assert.ErrorContains(t, err, "dataset inet: val: data path "+filepath.Join(folders, "val")+" has no class folders")
	assert.ErrorContains(t, err, "name their labels with ground_truth")
	_, err = Open(t.Context(), Description{Kind: "imagenet", Path: folders, Options: map[string]any{
		"ground_truth": "ILSVRC2012_validation_ground_truth.txt", "train": train,
	}}, "val")
	assert.ErrorContains(t, err, "only a class list can tell which classes they mean")
}

func TestCIFARKindsReadThePublishedSizes(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string][]byte{
		"test_batch.bin": make([]byte, 10000*3073), "test.bin": make([]byte, 10000*3074),
		"batches.meta.txt":       []byte(strings.Join(strings.Split("abcdefghij", ""), "\n")),
		"coarse_label_names.txt": bytes.Repeat([]byte("group\n"), 20),
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o644))
	}
	ten := opened(t, Description{Kind: "cifar10", Path: dir, Options: map[string]any{"classes": "a"}}, "val")
	assert.Equal(t, 10000, ten.Dataset.Len())
	assert.Equal(t, LoaderDefaults{Flip: true}, ten.Loader)
	hundred := opened(t, Description{Kind: "cifar100", Path: dir, Options: map[string]any{"labels": "coarse", "flip": false}}, "val")
	assert.Len(t, hundred.Dataset.Classes(), 20)
	assert.Equal(t, LoaderDefaults{}, hundred.Loader)
	_, err := Open(t.Context(), Description{Kind: "cifar100", Name: "c", Path: dir}, "val")
	assert.ErrorContains(t, err, "dataset c: val: class names: open "+filepath.Join(dir, "fine_label_names.txt"))
}

func TestBadImagesFailWhenMetOrAreSkippedAndReported(t *testing.T) {
	dir := photographs(t)
	for _, kind := range []string{"image-folder", "imagenet"} {
		d := Description{Kind: kind, Path: dir, Options: map[string]any{"on_bad_image": "fail"}}
		failing := opened(t, d, "train")
		assert.Equal(t, 5, failing.Dataset.Len())
		assert.Empty(t, failing.Bad)
		var failure error
		loader := newLoader(t, failing.Dataset, nil, LoaderOptions{Batch: 5, Resize: 32, Crop: 32})
		for _, err := range loader.Eval(t.Context()) {
			failure = err
		}
		assert.ErrorContains(t, failure, "n02119789_2.JPEG")

		d.Options["on_bad_image"] = "skip"
		var doing string
		d.Progress = func(what string, _, _ int) { doing = what }
		skipping := opened(t, d, "train")
		assert.Equal(t, "verify", doing)
		require.Len(t, skipping.Bad, 1)
		assert.Equal(t, "n02119789/n02119789_2.JPEG", skipping.Bad[0].Name)
		assert.NotEmpty(t, skipping.Bad[0].Reason)
		loader = newLoader(t, skipping.Dataset, nil, LoaderOptions{Batch: 4, Resize: 32, Crop: 32})
		for batch, err := range loader.Eval(t.Context()) {
			require.NoError(t, err)
			assert.Equal(t, []int64{0, 0, 1, 1}, batch.Labels)
		}
		whole, err := failing.Dataset.Fingerprint(t.Context())
		require.NoError(t, err)
		part, err := skipping.Dataset.Fingerprint(t.Context())
		require.NoError(t, err)
		assert.NotEqual(t, whole, part)
		assert.Empty(t, opened(t, d, "val").Bad)
	}
}

func TestDescriptionsThatCannotBeOpenedSayWhy(t *testing.T) {
	for words, d := range map[string]Description{
		`dataset x: unknown kind of dataset "shape" (did you mean "shapes"?); known are shapes, sketches`: {Kind: "shape"},
		`dataset x: kind shapes has no option "sise" (did you mean "size"?)`:                              {Kind: "shapes", Options: map[string]any{"sise": 4}},
		"dataset x: kind shapes: size must lie in 16..1024, not 8":                                        {Kind: "shapes", Options: map[string]any{"size": 8}},
		`has no option "on_bad_image"`:                                                                    {Kind: "shapes", Options: map[string]any{"on_bad_image": "skip"}},
		"on_bad_image must be one of [fail skip], not ignore":                                             {Kind: "imagenet", Path: "p", Options: map[string]any{"on_bad_image": "ignore"}},
		"labels must be one of [fine coarse], not rough":                                                  {Kind: "cifar100", Path: "p", Options: map[string]any{"labels": "rough"}},
		"kind cifar10 needs the folder of its files; name it with path or --dat":                          {Kind: "cifar10"},
		"kind shapes is generated and has no path; remove p":                                              {Kind: "shapes", Path: "p"},
		`dataset x: limit: there is no split "test"; known are train and val`:                             {Kind: "shapes", Limit: map[string]int{"test": 3}},
		"dataset x: train: a dataset cannot be limited to -1 images":                                      {Kind: "shapes", Limit: map[string]int{"train": -1}},
		"dataset x: train: classes \"12\": index 12 is outside":                                           {Kind: "shapes", Options: map[string]any{"classes": "12"}},
		"dataset x: train: data path " + filepath.Join("gone", "train"):                                   {Kind: "image-folder", Path: "gone"},
	} {
		d.Name = "x"
		_, _, err := OpenBoth(t.Context(), d)
		assert.ErrorContains(t, err, words)
		_, err = Open(t.Context(), d, "train")
		assert.ErrorContains(t, err, words)
	}
	_, err := Open(t.Context(), Description{Kind: "shapes", Name: "x"}, "test")
	assert.ErrorContains(t, err, `dataset x: there is no split "test"; known are train and val`)
}
