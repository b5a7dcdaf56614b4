package boundary

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/metrics/statistics"
)

// digits is a dataset in which image i is a 1x1 image with the red value i and the label i modulo 3.
func digits(places []int) (Images, []int64, error) {
	x := Images{Height: 1, Width: 1}
	var labels []int64
	for _, i := range places {
		x.Pixels = append(x.Pixels, float32(i), 0, 0)
		labels = append(labels, int64(i%3))
	}
	return x, labels, nil
}

// knows reads digits, but is wrong about the multiples of a number.
func knows(wrongAt int) Classifier {
	return labelled(3, func(image []float32) int {
		i := int(image[0])
		if i%wrongAt == 0 {
			return (i + 1) % 3
		}
		return i % 3
	})
}

func TestDrawKeepsTheFirstThatAllClassifyCorrectly(t *testing.T) {
	classifiers := []Classifier{knows(4), knows(5)}
	want, err := Draw(t.Context(), digits, 300, 40, 7, classifiers, batches(1))
	require.NoError(t, err)
	require.Len(t, want.Places, 40)
	// What is kept and dropped, replayed from the same order.
	kept, dropped, looked := []int{}, 0, 0
	for _, i := range stream(7, "sample").Perm(300) {
		if len(kept) == 40 {
			break
		}
		looked++
		if i%4 == 0 || i%5 == 0 {
			dropped++
		} else {
			kept = append(kept, i)
		}
	}
	assert.Equal(t, kept, want.Places)
	assert.Equal(t, looked, want.LookedAt)
	assert.Equal(t, dropped, want.Dropped)
	assert.Greater(t, want.Dropped, 5)
	assert.Empty(t, want.Warnings)
	for k, i := range want.Places {
		assert.Equal(t, []float32{float32(i), 0, 0}, want.At(k))
		assert.Equal(t, int64(i%3), want.Labels[k])
	}
	for _, size := range []int{3, 40, 1000} {
		got, err := Draw(t.Context(), digits, 300, 40, 7, classifiers, batches(size))
		require.NoError(t, err)
		assert.Equal(t, want, got, "batches of %d", size)
	}
	other, err := Draw(t.Context(), digits, 300, 40, 8, classifiers, batches(10))
	require.NoError(t, err)
	assert.NotEqual(t, want.Places, other.Places, "another seed")
}

func TestDrawWarnsOfASmallDataset(t *testing.T) {
	s, err := Draw(t.Context(), digits, 10, 40, 7, []Classifier{knows(2)}, batches(4))
	require.NoError(t, err)
	assert.ElementsMatch(t, []int{1, 3, 5, 7, 9}, s.Places)
	assert.Equal(t, 10, s.LookedAt)
	assert.Equal(t, 5, s.Dropped)
	require.Len(t, s.Warnings, 1)
	assert.Equal(t, statistics.CodeFewImages, s.Warnings[0].Code)
	assert.Contains(t, s.Warnings[0].Text, "only 5 of the dataset's 10 images")
}

func TestDrawReportsKeptImages(t *testing.T) {
	var seen []int
	b := Batches{Size: 5, Progress: func(done, total int) {
		assert.Equal(t, 12, total)
		seen = append(seen, done)
	}}
	_, err := Draw(t.Context(), digits, 30, 12, 7, []Classifier{knows(1000)}, b)
	require.NoError(t, err)
	if assert.NotEmpty(t, seen) {
		assert.Equal(t, 12, seen[len(seen)-1])
		assert.IsNonDecreasing(t, seen)
	}
}

func TestDrawEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err := Draw(ctx, digits, 300, 40, 7, []Classifier{cancelling(knows(7), cancel, 3, &calls)}, batches(2))
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 3, calls)
}

func TestDrawRefusesBadInput(t *testing.T) {
	good := []Classifier{knows(1000)}
	broken := errors.New("disk full")
	cases := []struct {
		name         string
		source       Source
		size, wanted int
		classifiers  []Classifier
		batch        int
		want         string
	}{
		{"no classifier", digits, 10, 5, nil, 1, "5 images of a dataset of 10 for 0 classifiers"},
		{"nothing wanted", digits, 10, 0, good, 1, "all must be at least 1"},
		{"no dataset", digits, 0, 5, good, 1, "all must be at least 1"},
		{"no batch", digits, 10, 5, good, 0, "the size must be at least 1"},
		{"never right", digits, 10, 5, []Classifier{knows(1)}, 4, "no image is classified correctly by all classifiers"},
		{"labels of another dataset", digits, 10, 5, []Classifier{good[0], halfSpace(0)}, 10, "classifier 1: label 2 of image"},
		{"source that fails", func([]int) (Images, []int64, error) { return Images{}, nil, broken }, 10, 5, good, 1, "disk full"},
		{"source that gives too few", func([]int) (Images, []int64, error) { return digits([]int{1}) }, 10, 5, good, 4,
			"the source gave 1 images for 4 places"},
		{"source without labels", func(p []int) (Images, []int64, error) { x, _, _ := digits(p); return x, nil, nil }, 10, 5, good, 4,
			"0 labels do not match 4 images"},
		{"images of several sizes", func(p []int) (Images, []int64, error) {
			if p[0]%2 == 0 {
				return Images{2, 1, make([]float32, 6)}, []int64{0}, nil
			}
			return digits(p)
		}, 10, 10, good, 1, "in one dataset; expected one size"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Draw(t.Context(), c.source, c.size, c.wanted, 7, c.classifiers, batches(c.batch))
			assert.ErrorContains(t, err, c.want)
		})
	}
}
