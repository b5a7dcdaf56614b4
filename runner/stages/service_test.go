package stages

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/runner/blackbox"
)

func TestLabelsMeanClassesByATable(t *testing.T) {
	classes := []string{"cat", "dog"}
	table := func(t *testing.T, text string) string {
		path := filepath.Join(t.TempDir(), "classes.csv")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		return path
	}
	t.Run("without a table", func(t *testing.T) {
		meaning, err := readMeaning("", classes)
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"cat": 0, "dog": 1}, meaning)
	})
	t.Run("several labels of one class", func(t *testing.T) {
		meaning, err := readMeaning(table(t, "tabby,cat\n\"lion, young\",cat\npoodle,dog\n"), classes)
		require.NoError(t, err)
		assert.Equal(t, map[string]int{"tabby": 0, "lion, young": 0, "poodle": 1}, meaning)
	})
	for text, want := range map[string]string{
		"tabby,cat\npoodle,wolf\n": `:2: label "poodle" means "wolf", which is no class of the dataset; its classes are cat, dog`,
		"tabby,cat\ntabby,dog\n":   `:2: label "tabby" is there twice`,
		"tabby\n":                  "wrong number of fields",
		"":                         "is empty",
	} {
		t.Run(want, func(t *testing.T) {
			_, err := readMeaning(table(t, text), classes)
			assert.ErrorContains(t, err, want)
		})
	}
}

func TestLabelsWithoutAClassArePassedOver(t *testing.T) {
	s := &service{meaning: map[string]int{"tabby": 0, "lion": 0, "poodle": 1}}
	answer := blackbox.Answer{Labels: []blackbox.Label{{Name: "indoors"}, {Name: "poodle"}, {Name: "lion"}, {Name: "tabby"}}}
	assert.Equal(t, []int{1, 0}, s.ranked(answer))
	assert.Empty(t, s.ranked(blackbox.Answer{}))
}
