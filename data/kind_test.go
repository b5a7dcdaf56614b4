package data

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryDatasetKindDescribesItself(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range DatasetKinds() {
		assert.False(t, seen[kind.Name], "%s is listed twice", kind.Name)
		seen[kind.Name] = true
		assert.NotEmpty(t, kind.Doc, kind.Name)
		names := map[string]bool{}
		for _, option := range kind.Options {
			assert.False(t, names[option.Name], "%s has %s twice", kind.Name, option.Name)
			names[option.Name] = true
			assert.NotEmpty(t, option.Doc, option.Name)
			for _, value := range append(option.Choices, option.Default) {
				assert.NoError(t, option.Check(value), "%s %s", kind.Name, option.Name)
			}
		}
		assert.True(t, names["classes"], kind.Name)
	}
	for _, name := range []string{"shapes", "sketches", "image-folder", "imagenet", "cifar10", "cifar100", "voc", "shapes-detection"} {
		assert.True(t, seen[name], name)
	}
}

func TestListingKindsDoesNotChangeThem(t *testing.T) {
	DatasetKinds()[0].Options[0].Name = "changed"
	_, options, err := Description{Kind: "shapes", Options: map[string]any{"seed": 2}}.check()
	require.NoError(t, err)
	assert.Equal(t, Options{"seed": 2, "size": 32, "train": 4000, "val": 1000, "classes": ""}, options)
}

func TestLoaderDefaultsFillOnlyTheirOwnFields(t *testing.T) {
	options := LoaderDefaults{Resize: 256, Crop: 224, Flip: true}.With(LoaderOptions{Batch: 20, Shift: 4, Crop: 8})
	assert.Equal(t, LoaderOptions{Batch: 20, Shift: 4, Resize: 256, Crop: 224, Flip: true}, options)
}

func TestOptionsAreReadFromText(t *testing.T) {
	options, err := ParseOptions("voc", map[string]string{"short_side": "300", "flip": "false", "val": ".:test"})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"short_side": 300, "flip": false, "val": ".:test"}, options)
	for words, given := range map[string][2]string{
		`kind voc has no option "sort_side" (did you mean "short_side"?); it has train, val`: {"sort_side", "300"},
		"kind voc: short_side must be a whole number, not 1.5":                               {"short_side", "1.5"},
		"kind voc: flip must be true or false, not perhaps":                                  {"flip", "perhaps"},
	} {
		_, err := ParseOptions("voc", map[string]string{given[0]: given[1]})
		assert.ErrorContains(t, err, words)
	}
	_, err = ParseOptions("vok", nil)
	assert.ErrorContains(t, err, `unknown kind of dataset "vok" (did you mean "voc"?)`)
}
