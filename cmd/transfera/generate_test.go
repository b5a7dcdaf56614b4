package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data"
)

func TestGeneratedScenesAreReadAsTheSpecSays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scenes")
	got := transfera(t, "generate", "shapes-detection", "--out", dir, "--option", "train=4,val=2", "--option", "seed=9")
	require.NoError(t, got.err, got.stderr)
	classes := "circle-horizontal,circle-vertical,square-horizontal,square-vertical,triangle-horizontal,triangle-vertical," +
		"cross-horizontal,cross-vertical,star-horizontal,star-vertical"
	assert.Equal(t, fmt.Sprintf("%s: 4 images in the set trainval, 2 in test\n"+
		"in a spec: {kind: voc, path: %s, options: {train: \".:trainval\", val: \".:test\", class_list: %q}}\n", dir, dir, classes), got.stdout)

	drawn := data.Description{Kind: "shapes-detection", Options: map[string]any{"train": 4, "val": 2, "seed": 9}}
	written := data.Description{Kind: "voc", Path: dir, Options: map[string]any{"train": ".:trainval", "val": ".:test", "class_list": classes}}
	for _, split := range []string{"train", "val"} {
		want, err := data.Open(t.Context(), drawn, split)
		require.NoError(t, err)
		read, err := data.Open(t.Context(), written, split)
		require.NoError(t, err)
		assert.Equal(t, want.Dataset.Classes(), read.Dataset.Classes())
		require.Equal(t, want.Dataset.Len(), read.Dataset.Len())
		for i := range want.Dataset.Len() {
			objects, _ := data.ObjectsOf(want.Dataset, i)
			again, _ := data.ObjectsOf(read.Dataset, i)
			assert.Equal(t, objects, again)
		}
	}
}

func TestMistakesInGenerateEndInASentenceAndWriteNothing(t *testing.T) {
	parent := t.TempDir()
	occupied := filepath.Join(parent, "occupied")
	require.NoError(t, os.Mkdir(occupied, 0o755))
	dir := filepath.Join(parent, "new")
	for want, args := range map[string][]string{
		"transfera: required flag(s) \"out\" not set\n":                                                                             {"shapes-detection"},
		"transfera: shapes has no objects to detect, which the layout of VOC is for; generate shapes-detection\n":                   {"shapes", "--out", dir},
		"transfera: kind shapes-detection has no option \"sed\" (did you mean \"seed\"?); it has seed, size, train, val, classes\n": {"shapes-detection", "--out", dir, "--option", "sed=1"},
		"transfera: kind shapes-detection: seed must be a whole number, not one\n":                                                  {"shapes-detection", "--out", dir, "--option", "seed=one"},
		"transfera: dataset shapes-detection: kind shapes-detection: size must lie in 64..1024, not 8\n":                            {"shapes-detection", "--out", dir, "--option", "size=8"},
		"transfera: " + occupied + " exists; name a new folder, or remove it first\n":                                               {"shapes-detection", "--out", occupied, "--option", "train=1"},
		"transfera: dataset voc: kind voc needs the folder of its files; name it with path or --data voc=PATH\n":                    {"voc", "--out", dir},
	} {
		got := transfera(t, append([]string{"generate"}, args...)...)
		assert.Error(t, got.err)
		assert.Equal(t, want, got.stderr)
		assert.Empty(t, filesBelow(t, parent))
	}
}
