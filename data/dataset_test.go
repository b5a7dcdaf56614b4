package data

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
)

// uneven has 2, 5 and 20 images of its three classes, in mixed order.
type uneven struct{ labels []int }

func newUneven() uneven {
	var labels []int
	for class, count := range []int{2, 5, 20} {
		labels = append(labels, slices.Repeat([]int{class}, count)...)
	}
	mixed := make([]int, len(labels))
	for i, j := range newStream("test mix").permutation(len(labels)) {
		mixed[i] = labels[j]
	}
	return uneven{mixed}
}

func (u uneven) Len() int                                    { return len(u.labels) }
func (u uneven) Classes() []string                           { return []string{"a", "b", "c"} }
func (u uneven) Label(i int) int                             { return u.labels[i] }
func (u uneven) Name(int) string                             { return "uneven" }
func (u uneven) Image(int) (*imaging.Image, error)           { return imaging.New(16, 16), nil }
func (u uneven) Fingerprint(context.Context) (string, error) { return "uneven", nil }

func TestLimitBalancesClassesAsFarAsTheyReach(t *testing.T) {
	for _, c := range []struct {
		n    int
		want []int // images per class
	}{
		{1, []int{1, 0, 0}},
		{3, []int{1, 1, 1}},
		{6, []int{2, 2, 2}},
		{9, []int{2, 4, 3}},
		{20, []int{2, 5, 13}},
		{27, []int{2, 5, 20}},
		{1000, []int{2, 5, 20}},
	} {
		subset, err := Limit(newUneven(), c.n, 3)
		require.NoError(t, err)
		counts := make([]int, 3)
		for i := range subset.Len() {
			counts[subset.Label(i)]++
		}
		assert.Equal(t, c.want, counts, "limit %d", c.n)
		assert.True(t, slices.IsSorted(subset.indices), "limit %d keeps the parent's order", c.n)
		assert.Len(t, slices.Compact(slices.Clone(subset.indices)), subset.Len(), "limit %d repeats no image", c.n)
	}
}

func TestLimitDependsOnTheSeedAndGrowsByAdding(t *testing.T) {
	choose := func(n int, seed uint64) []int {
		subset, err := Limit(newUneven(), n, seed)
		require.NoError(t, err)
		return subset.indices
	}
	assert.Equal(t, choose(9, 3), choose(9, 3))
	assert.NotEqual(t, choose(9, 3), choose(9, 4))
	for _, i := range choose(6, 3) {
		assert.Contains(t, choose(12, 3), i)
	}
}

func TestSubsetsRefuseWhatIsNotThere(t *testing.T) {
	for name, indices := range map[string][]int{"nothing": {}, "negative": {0, -1}, "beyond": {27}} {
		_, err := NewSubset(newUneven(), indices)
		assert.Error(t, err, name)
	}
	_, err := Limit(newUneven(), 0, 0)
	assert.ErrorContains(t, err, "at least 1")
}

func TestSubsetsOfSubsetsKnowTheOriginalIndex(t *testing.T) {
	outer, err := NewSubset(newUneven(), []int{20, 4, 9})
	require.NoError(t, err)
	inner, err := NewSubset(outer, []int{2, 0})
	require.NoError(t, err)
	assert.Equal(t, 9, OriginalIndex(inner, 0))
	assert.Equal(t, 20, OriginalIndex(inner, 1))
	assert.Equal(t, newUneven().Label(20), inner.Label(1))
}

func TestSubsetFingerprintsTellSelectionsApart(t *testing.T) {
	fingerprint := func(indices ...int) string {
		subset, err := NewSubset(newUneven(), indices)
		require.NoError(t, err)
		print, err := subset.Fingerprint(t.Context())
		require.NoError(t, err)
		return print
	}
	assert.Equal(t, fingerprint(1, 2), fingerprint(1, 2))
	assert.NotEqual(t, fingerprint(1, 2), fingerprint(2, 1))
	assert.NotEqual(t, fingerprint(1, 2), fingerprint(12))
}
