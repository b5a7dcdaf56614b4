package data

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var everyType = []Option{
	{Name: "count", Default: 3, Min: 1, Max: 9},
	{Name: "share", Default: 0.5, Min: 0, Max: 1},
	{Name: "flip", Default: true},
	{Name: "labels", Default: "fine", Choices: []any{"fine", "coarse"}},
}

func TestOptionsLeftOutHaveTheirDefaults(t *testing.T) {
	options, err := complete("it", everyType, map[string]any{"share": 1, "labels": "coarse"})
	require.NoError(t, err)
	assert.Equal(t, Options{"count": 3, "share": 1.0, "flip": true, "labels": "coarse"}, options)
	options, err = complete("it", everyType, map[string]any{"flip": false, "count": 9})
	require.NoError(t, err)
	assert.Equal(t, Options{"count": 9, "share": 0.5, "flip": false, "labels": "fine"}, options)
}

func TestOptionsOfAnotherTypeOrOutOfBoundsAreErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		value any
		words string
	}{
		{"count", 0, "it: count must lie in 1..9, not 0"},
		{"count", 10, "it: count must lie in 1..9, not 10"},
		{"count", 2.0, "it: count must be a whole number, not 2"},
		{"count", "two", "it: count must be a whole number, not two"},
		{"share", 1.01, "it: share must lie in 0..1, not 1.01"},
		{"share", math.NaN(), "it: share must lie in 0..1, not NaN"},
		{"share", true, "it: share must be a number, not true"},
		{"flip", 1, "it: flip must be true or false, not 1"},
		{"labels", "rough", "it: labels must be one of [fine coarse], not rough"},
		{"labels", nil, "it: labels must be a word, not <nil>"},
		{"label", "fine", `it has no option "label" (did you mean "labels"?); it has count, share, flip, labels`},
		{"seed", 1, `it has no option "seed"; it has count`},
	} {
		_, err := complete("it", everyType, map[string]any{c.name: c.value})
		assert.ErrorContains(t, err, c.words)
	}
}

func TestReadingAnUndeclaredOptionPanics(t *testing.T) {
	options := Options{"count": 3}
	assert.Equal(t, 3, option[int](options, "count"))
	assert.PanicsWithValue(t, `data: option "count" is int, not string`, func() { option[string](options, "count") })
	assert.PanicsWithValue(t, `data: option "size" is <nil>, not int`, func() { option[int](options, "size") })
}
