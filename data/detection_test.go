package data

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
)

// marked is a detection dataset with given objects; its images hold the coordinates of their pixels.
type marked struct {
	objects       [][]Object
	width, height int
}

func (m marked) Len() int                                    { return len(m.objects) }
func (m marked) Classes() []string                           { return []string{"a", "b", "c"} }
func (m marked) Label(i int) int                             { return largestClass(m.objects[i]) }
func (m marked) Name(i int) string                           { return fmt.Sprint("marked ", i) }
func (m marked) Fingerprint(context.Context) (string, error) { return "marked", nil }
func (m marked) Objects(i int) []Object                      { return m.objects[i] }

func (m marked) Image(int) (*imaging.Image, error) {
	image := imaging.New(m.width, m.height)
	for i := range m.width * m.height {
		image.Pix[3*i], image.Pix[3*i+1] = uint8(i%m.width), uint8(i/m.width)
	}
	return image, nil
}

// box is an object of a class in a square at (x, x).
func box(class int, x, side float64) Object {
	return Object{Class: class, Box: [4]float64{x, x, x + side, x + side}}
}

var someMarked = marked{width: 20, height: 20, objects: [][]Object{
	{box(2, 0, 4), box(0, 5, 6)},
	nil,
	{box(1, 1, 3)},
	{box(1, 2, 8), box(2, 0, 5), box(2, 7, 5)},
}}

func TestTheLargestObjectIsTheLabel(t *testing.T) {
	for want, objects := range map[int][]Object{
		0: nil,
		1: {box(0, 0, 2), box(1, 3, 5), box(2, 1, 5)}, // the first of equal ones
		2: {box(2, 0, 9), box(1, 0, 8)},
	} {
		assert.Equal(t, want, largestClass(objects))
	}
}

func TestSubsetsKeepTheirImagesObjects(t *testing.T) {
	outer, err := NewSubset(someMarked, []int{3, 1, 0})
	require.NoError(t, err)
	inner, err := NewSubset(outer, []int{2, 0})
	require.NoError(t, err)
	assert.True(t, IsDetection(inner))
	for i, want := range []int{0, 3} {
		objects, ok := ObjectsOf(inner, i)
		assert.True(t, ok)
		assert.Equal(t, someMarked.objects[want], objects)
		assert.Equal(t, someMarked.Label(want), inner.Label(i))
		assert.Equal(t, want, OriginalIndex(inner, i))
	}
	objects, ok := ObjectsOf(outer, 1)
	assert.True(t, ok, "an image without objects")
	assert.Empty(t, objects)
	rest, err := WithoutBad(someMarked, []BadImage{{Index: 0}, {Index: 1}})
	require.NoError(t, err)
	objects, _ = ObjectsOf(rest, 1)
	assert.Equal(t, someMarked.objects[3], objects)

	_, ok = ObjectsOf(newUneven(), 0)
	assert.False(t, ok)
	assert.False(t, IsDetection(newUneven()))
}

func TestSelectedClassesDropOtherObjectsAndImagesWithoutAny(t *testing.T) {
	part, err := SelectClasses(someMarked, "c,a")
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "c"}, part.Classes())
	require.Equal(t, 2, part.Len())
	first, _ := ObjectsOf(part, 0)
	assert.Equal(t, []Object{box(1, 0, 4), box(0, 5, 6)}, first)
	last, _ := ObjectsOf(part, 1)
	assert.Equal(t, []Object{box(1, 0, 5), box(1, 7, 5)}, last)
	assert.Equal(t, []int{0, 1}, []int{part.Label(0), part.Label(1)})
	assert.Equal(t, 3, OriginalIndex(part, 1))

	again, err := SelectClasses(part, "c")
	require.NoError(t, err)
	last, _ = ObjectsOf(again, 1)
	assert.Equal(t, []Object{box(0, 0, 5), box(0, 7, 5)}, last)
	_, err = ClassSubset(marked{objects: [][]Object{nil}}, []int{0})
	assert.ErrorContains(t, err, "at least one image")
}

func TestLimitDrawsDetectionImagesWhateverTheirLabels(t *testing.T) {
	whole := marked{objects: make([][]Object, 30)} // all labels are 0
	choose := func(n int, seed uint64) []int {
		subset, err := Limit(whole, n, seed)
		require.NoError(t, err)
		return subset.indices
	}
	assert.Len(t, choose(7, 1), 7)
	assert.Equal(t, choose(7, 1), choose(7, 1))
	assert.NotEqual(t, choose(7, 1), choose(7, 2))
	assert.IsIncreasing(t, choose(12, 1))
	assert.Subset(t, choose(12, 1), choose(7, 1))
	assert.Len(t, choose(99, 1), 30)
}
