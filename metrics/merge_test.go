package metrics

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
)

// collection is what all three evaluations have in common.
type collection interface {
	Part() ([]byte, error)
	Merge(data []byte) error
	Summaries() ([]Summary, error)
}

// evaluations are by name: a new one of 5 images, and how image i is added.
var evaluations = map[string]struct {
	start func() collection
	add   func(t *testing.T, c collection, i int)
}{
	"quality": {
		func() collection { return NewQuality(5) },
		func(t *testing.T, c collection, i int) {
			target := aten.Full(nil, 0.5, 1, 3, 12, 12)
			require.NoError(t, c.(*Quality).Add([]int{i}, aten.AddScalar(target, 0.01*float64(i+1)), target))
		},
	},
	"recognition": {
		func() collection { return NewRecognition(5) },
		func(t *testing.T, c collection, i int) {
			logits := aten.FromFloats(nil, []float32{1, float32(i), 2, 0, -1, 3.5, 0.1}, 1, 7)
			require.NoError(t, c.(*Recognition).Add([]int{i}, logits, []int64{1}))
		},
	},
	"ranking": {
		func() collection { return NewRanking(5) },
		func(t *testing.T, c collection, i int) {
			require.NoError(t, c.(*Ranking).AddRanked([]int{i}, [][]int{{7, i, 3}}, []int64{3}))
		},
	},
	"detection": {
		func() collection { return NewDetection(5, 2) },
		func(t *testing.T, c collection, i int) {
			var found []DetectedObject // none in the first image
			for k := range i {
				found = append(found, DetectedObject{Class: k % 2, Score: 1 / float64(k+i+2), Box: []Box{left, right, nowhere}[k%3]})
			}
			truth := []TrueObject{{Class: 0, Box: left}, {Class: 1, Box: right, Difficult: i == 2}}
			require.NoError(t, c.(*Detection).Add(i, found, truth))
		},
	},
}

func TestMergedPartsAreTheWholeEvaluation(t *testing.T) {
	for name, e := range evaluations {
		t.Run(name, func(t *testing.T) {
			whole, first, second, none := e.start(), e.start(), e.start(), e.start()
			for i := range 5 {
				e.add(t, whole, i)
				e.add(t, []collection{first, second}[i%2], i)
			}
			_, err := first.Summaries()
			require.Error(t, err, "images are missing")
			for _, other := range []collection{second, none} {
				part, err := other.Part()
				require.NoError(t, err)
				require.NoError(t, first.Merge(part))
			}
			want, err := whole.Summaries()
			require.NoError(t, err)
			got, err := first.Summaries()
			require.NoError(t, err)
			assert.Equal(t, want, got)
			wantPart, err := whole.Part()
			require.NoError(t, err)
			gotPart, err := first.Part()
			require.NoError(t, err)
			assert.Equal(t, wantPart, gotPart, "of every image the same is known")
		})
	}
}

func TestImageInTwoPartsIsRefused(t *testing.T) {
	for name, e := range evaluations {
		t.Run(name, func(t *testing.T) {
			first, second := e.start(), e.start()
			e.add(t, first, 3)
			e.add(t, second, 2)
			e.add(t, second, 3)
			before, err := first.Part()
			require.NoError(t, err)
			part, err := second.Part()
			require.NoError(t, err)
			require.ErrorContains(t, first.Merge(part), "image 3 was evaluated twice")
			after, err := first.Part()
			require.NoError(t, err)
			assert.Equal(t, before, after, "nothing of it was added")
			require.ErrorContains(t, first.Merge([]byte("nonsense")), "part of an evaluation: ")
		})
	}
}
