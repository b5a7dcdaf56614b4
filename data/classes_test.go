package data

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestClassExpressionsSelectByNameIndexRangeAndHalf(t *testing.T) {
	pets := []string{"cat", "dog", "emu", "first-half", "gnu"}
	for expression, c := range map[string]struct {
		names []string
		want  []int
	}{
		"cat":              {pets, []int{0}},
		"emu,cat":          {pets, []int{0, 2}},
		" emu , cat ":      {pets, []int{0, 2}},
		"0-4":              {pets, []int{0, 1, 2, 3, 4}},
		"1 - 2, 4":         {pets, []int{1, 2, 4}},
		"second-half":      {pets, []int{3, 4}},
		"first-half":       {pets, []int{3}}, // a name comes before a keyword
		"second-half, cat": {[]string{"cat", "dog"}, []int{0, 1}},
		"first-half,2":     {[]string{"a", "b", "c"}, []int{0, 1, 2}},
		"10":               {[]string{"0", "1", "10", "2"}, []int{2}}, // a name comes before an index
		"3":                {[]string{"0", "1", "10", "2"}, []int{3}},
		"0-1":              {[]string{"x", "0-1"}, []int{1}},
	} {
		classes, err := ParseClasses(expression, c.names)
		require.NoError(t, err, expression)
		assert.Equal(t, c.want, classes, expression)
	}
}

func TestClassExpressionsThatSelectNothingSayWhy(t *testing.T) {
	pets := []string{"cat", "dog", "emu"}
	for expression, words := range map[string]string{
		"":            "nothing stands before or after a comma",
		"cat,":        "nothing stands before or after a comma",
		"dgo":         `no class is called "dgo" (did you mean "dog"?); the classes are cat, dog, emu; a range of indices is written 0-2`,
		"Cat":         `did you mean "cat"?`,
		"firsthalf":   `did you mean "first-half"?`,
		"wildebeest":  `no class is called "wildebeest"; the classes`,
		"2-1":         "the range 2-1 runs backwards",
		"1-3":         "index 3 is outside the 3 classes 0..2",
		"3":           "index 3 is outside the 3 classes 0..2",
		"-1":          `no class is called "-1"`,
		"1-":          `no class is called "1-"`,
		"0-1,dog":     "class dog (1) is selected twice",
		"1-2-3":       `no class is called "1-2-3"`,
		"second-half": "", // valid, against a test that would pass on any text
	} {
		_, err := ParseClasses(expression, pets)
		if words == "" {
			assert.NoError(t, err, expression)
			continue
		}
		assert.ErrorContains(t, err, words, expression)
	}
	_, err := ParseClasses("first-half", []string{"only"})
	assert.ErrorContains(t, err, "first-half needs at least 2 classes, not 1")
}

func TestClassSubsetKeepsItsImagesAndNumbersClassesAnew(t *testing.T) {
	whole := newUneven() // 2, 5 and 20 images of a, b and c
	part, err := ClassSubset(whole, []int{2, 0})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "c"}, part.Classes())
	require.Equal(t, 22, part.Len())
	before := -1
	for i := range part.Len() {
		at := OriginalIndex(part, i)
		assert.Greater(t, at, before, "the parent's order")
		before = at
		assert.Equal(t, map[int]int{0: 0, 2: 1}[whole.Label(at)], part.Label(i))
		assert.NotEqual(t, 1, whole.Label(at))
	}
}

func TestClassSubsetsComposeWithOtherSubsets(t *testing.T) {
	whole := newUneven()
	part, err := ClassSubset(whole, []int{1, 2})
	require.NoError(t, err)
	limited, err := Limit(part, 6, 1)
	require.NoError(t, err)
	assert.Equal(t, []string{"b", "c"}, limited.Classes())
	inner, err := SelectClasses(limited, "c")
	require.NoError(t, err)
	assert.Equal(t, []string{"c"}, inner.Classes())
	require.Equal(t, 3, inner.Len())
	for i := range inner.Len() {
		assert.Equal(t, 0, inner.Label(i))
		assert.Equal(t, 2, whole.Label(OriginalIndex(inner, i)))
	}
	outer, err := Limit(whole, 12, 1)
	require.NoError(t, err)
	reversed, err := ClassSubset(outer, []int{1})
	require.NoError(t, err)
	assert.Equal(t, 5, reversed.Len())
	assert.Equal(t, 1, whole.Label(OriginalIndex(reversed, 4)))
}

func TestClassSubsetsRefuseWhatIsNotThere(t *testing.T) {
	for words, classes := range map[string][]int{
		"at least one image":               {},
		"class 3 is outside the dataset's": {0, 3},
		"class -1 is outside":              {-1},
		"class b is selected twice":        {1, 2, 1},
	} {
		_, err := ClassSubset(newUneven(), classes)
		assert.ErrorContains(t, err, words)
	}
	only, err := ClassSubset(newUneven(), []int{0, 1})
	require.NoError(t, err)
	first, err := NewSubset(only, []int{0})
	require.NoError(t, err)
	_, err = ClassSubset(first, []int{1 - first.Label(0)})
	assert.ErrorContains(t, err, "at least one image", "a class without images")
}

func TestClassSubsetFingerprintsTellSelectionsApart(t *testing.T) {
	fingerprint := func(ds Dataset, err error) string {
		require.NoError(t, err)
		print, err := ds.Fingerprint(t.Context())
		require.NoError(t, err)
		return print
	}
	whole := newUneven()
	seen := map[string]string{}
	for _, expression := range []string{"", "a", "b", "a,b", "0-2"} {
		print := fingerprint(SelectClasses(whole, expression))
		assert.NotContains(t, seen, print, "%q equals %q", expression, seen[print])
		seen[print] = expression
		assert.Equal(t, print, fingerprint(SelectClasses(whole, expression)))
	}
	assert.Equal(t, "a,b", seen[fingerprint(ClassSubset(whole, []int{1, 0}))], "the order of selection does not matter")
	all := make([]int, whole.Len())
	for i := range all {
		all[i] = i
	}
	assert.NotContains(t, seen, fingerprint(NewSubset(whole, all)), "all classes renumbered is not all images")
}
