package metrics

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGuessesAreRankedAsLogitsAre(t *testing.T) {
	r := NewRanking(4)
	require.NoError(t, r.AddRanked([]int{2, 0}, [][]int{{7, 3}, {1}}, []int64{3, 1}))
	require.NoError(t, r.AddRanked([]int{1, 3}, [][]int{{9, 8, 7, 6, 5, 2}, nil}, []int64{2, 0}))
	summaries, err := r.Summaries()
	require.NoError(t, err)
	assert.Equal(t, []Summary{{"top1", 25, []float64{100, 0, 0, 0}}, {"top5", 50, []float64{100, 0, 100, 0}}}, summaries)
}

func TestRankingsRefuseWhatDoesNotFit(t *testing.T) {
	r := NewRanking(2)
	assert.Error(t, r.AddRanked([]int{0}, nil, []int64{1}))
	require.NoError(t, r.AddRanked([]int{0}, [][]int{{1}}, []int64{1}))
	assert.ErrorContains(t, r.AddRanked([]int{0}, [][]int{{1}}, []int64{1}), "twice")
	_, err := r.Summaries()
	assert.ErrorContains(t, err, "only 1 of 2")
}
