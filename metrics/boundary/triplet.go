package boundary

import (
	"cmp"
	"errors"
	"fmt"
	"math"
)

// Triplet is three images by their places in a sample.
type Triplet [3]int

// ErrCollinear is the error where three images lie on a line, or nearly so, and span no plane.
var ErrCollinear = errors.New("the three images lie on a line and span no plane")

// flat is the height of a triangle over its longest side, as a share of that side, below which the three images count as
// being on a line, in whatever order they come.
const flat = 1e-3

// margin is how much the grid reaches beyond the triangle's bounding box on each side, as a share of its width and height.
const margin = 0.1

// Triangle is where the three images lie in their plane: the first at (0,0), the second at (Second,0) and the third at
// Third, in L2.
type Triangle struct {
	Second float64
	Third  [2]float64
}

// ThroughTriplet returns the plane through three images (Somepalli et al. 2022): E1 points from the first to the second, E2
// from the line through them to the third, and 1 on the axes is 1 in L2. It is ErrCollinear where they span none.
func ThroughTriplet(x Images, t Triplet) (Plane, Triangle, error) {
	plane, triangle, err := throughTriplet(x, t)
	if err != nil {
		return Plane{}, Triangle{}, fmt.Errorf("plane through images %v: %w", t, err)
	}
	return plane, triangle, nil
}

func throughTriplet(x Images, t Triplet) (Plane, Triangle, error) {
	for _, i := range t {
		if i < 0 || i >= x.Len() {
			return Plane{}, Triangle{}, fmt.Errorf("there are %d images", x.Len())
		}
	}
	a, b := difference(x.At(t[1]), x.At(t[0])), difference(x.At(t[2]), x.At(t[0]))
	second, third := norm(a), norm(b)
	if second == 0 || third == 0 {
		return Plane{}, Triangle{}, ErrCollinear
	}
	plane := Plane{
		Height: x.Height, Width: x.Width, Unit: 1,
		Origin: x.At(t[0]), E1: make([]float32, len(a)), E2: make([]float32, len(a)),
	}
	scaled(plane.E1, a, 1/second)
	along := removeAlong(b, plane.E1)
	across := norm(b)
	longest := max(second, third, math.Hypot(along-second, across))
	if !(second*across >= flat*longest*longest) { // twice the area, both ways
		return Plane{}, Triangle{}, ErrCollinear
	}
	scaled(plane.E2, b, 1/across)
	return plane, Triangle{Second: second, Third: [2]float64{along, across}}, nil
}

// Grid returns the grid of points x points over the triangle's bounding box, grown by 10 % of its width on the left and
// right and 10 % of its height below and above.
func (t Triangle) Grid(points int) (Grid, error) {
	if points < 2 {
		return Grid{}, fmt.Errorf("grid of %d points per axis; expected at least 2", points)
	}
	left, right := min(0, t.Third[0]), max(t.Second, t.Third[0])
	beside, above := margin*(right-left), margin*t.Third[1]
	return Grid{U: span(left-beside, right+beside, points), V: span(-above, t.Third[1]+above, points)}, nil
}

// Triplets draws as many different triplets as there are to be planes, each of images with pairwise distinct labels and not
// on a line; collinear counts those that were refused for that. The first planes of a longer list are those of a shorter
// one. It is an error where the sample cannot give that many.
func Triplets(x Images, labels []int64, planes int, seed uint64) (triplets []Triplet, collinear int, err error) {
	triplets, collinear, err = drawTriplets(x, labels, planes, seed)
	if err != nil {
		return nil, collinear, fmt.Errorf("draw triplets: %w", err)
	}
	return triplets, collinear, nil
}

func drawTriplets(x Images, labels []int64, planes int, seed uint64) (triplets []Triplet, refused int, err error) {
	if err := cmp.Or(x.check(), checkLabels(labels, x.Len(), 0)); err != nil {
		return nil, 0, err
	}
	if planes < 1 {
		return nil, 0, fmt.Errorf("%d planes; expected at least 1", planes)
	}
	possible := countTriplets(labels)
	if float64(planes) > possible {
		return nil, 0, fmt.Errorf("%d planes, but %d images have %.0f triplets of pairwise distinct labels", planes, len(labels), possible)
	}
	rng := stream(seed, "triplets")
	seen := map[Triplet]bool{}
	// Far more than it takes to see every triplet once, by the coupon collector's argument, unless their share is tiny.
	attempts := 1000 + int(math.Min(1e8, 40*math.Pow(float64(len(labels)), 3)/possible*float64(planes)))
	for ; len(triplets) < planes && attempts > 0; attempts-- {
		t := Triplet{rng.IntN(len(labels)), rng.IntN(len(labels)), rng.IntN(len(labels))}
		p, q, r := labels[t[0]], labels[t[1]], labels[t[2]]
		if p == q || q == r || p == r || seen[t.sorted()] {
			continue
		}
		seen[t.sorted()] = true
		if _, _, err := throughTriplet(x, t); errors.Is(err, ErrCollinear) {
			refused++
			continue
		} else if err != nil {
			return nil, refused, err
		}
		triplets = append(triplets, t)
	}
	if len(triplets) < planes {
		return nil, refused, fmt.Errorf("found only %d of %d planes, refusing %d triplets that lie on a line", len(triplets), planes, refused)
	}
	return triplets, refused, nil
}

// sorted makes the orders of one triplet equal.
func (t Triplet) sorted() Triplet {
	low, high := min(t[0], t[1], t[2]), max(t[0], t[1], t[2])
	return Triplet{low, t[0] + t[1] + t[2] - low - high, high}
}

// countTriplets returns how many sets of three images have pairwise distinct labels: the third elementary symmetric
// polynomial of the classes' sizes.
func countTriplets(labels []int64) float64 {
	sizes := map[int64]float64{}
	for _, label := range labels {
		sizes[label]++
	}
	one, two, three := 0.0, 0.0, 0.0
	for _, n := range sizes { // whole numbers: the order does not matter
		three += two * n
		two += one * n
		one += n
	}
	return three
}
