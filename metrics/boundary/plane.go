package boundary

import (
	"cmp"
	"context"
	"fmt"
	"math"

	"transfera/aten"
)

// Plane is a two-dimensional slice of the space of images: its point (u,v) is Origin + u Unit E1 + v Unit E2.
type Plane struct {
	Height, Width int
	// Origin is the image (3,H,W) at (0,0); E1 and E2 are orthogonal to each other and of length 1 in L2.
	Origin, E1, E2 []float32
	// Unit is the L2 length of 1 on both axes.
	Unit float64
}

// Grid is where a plane is looked at: the points (U[c],V[r]) of column c and row r.
type Grid struct{ U, V []float64 }

// Square returns the grid of points x points that reaches from -reach to reach on both axes, ends included. With an odd
// number of points the middle one is the origin.
func Square(reach float64, points int) (Grid, error) {
	if !(reach > 0) || math.IsInf(reach, 0) || points < 2 {
		return Grid{}, fmt.Errorf("grid of %d points per axis up to %v; expected at least 2 and a positive reach", points, reach)
	}
	axis := span(-reach, reach, points)
	return Grid{U: axis, V: axis}, nil
}

// span returns n evenly spaced values from low to high, both included.
func span(low, high float64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		t := float64(i) / float64(n-1)
		values[i] = low*(1-t) + high*t
	}
	return values
}

func (g Grid) points() int { return len(g.U) * len(g.V) }

// LabelMap is the label of every point of a grid, row by row: that of (U[c],V[r]) is Labels[r*Columns+c].
type LabelMap struct {
	Rows, Columns int
	Labels        []int32
}

// LabelMaps returns the label map of each classifier on the same plane and grid. The points are made once for all, no more
// than a batch at a time. Classifiers of different numbers of classes are an error. Progress counts points of the grid.
func LabelMaps(ctx context.Context, p Plane, g Grid, classifiers []Classifier, b Batches) ([]LabelMap, error) {
	maps, err := labelMaps(ctx, p, g, classifiers, b)
	if err != nil {
		return nil, fmt.Errorf("label a plane: %w", err)
	}
	return maps, nil
}

func labelMaps(ctx context.Context, p Plane, g Grid, classifiers []Classifier, b Batches) ([]LabelMap, error) {
	if err := cmp.Or(p.check(), b.check()); err != nil {
		return nil, err
	}
	if g.points() == 0 || len(classifiers) == 0 {
		return nil, fmt.Errorf("%d grid points for %d classifiers; both must be at least 1", g.points(), len(classifiers))
	}
	maps := make([]LabelMap, len(classifiers))
	for k := range maps {
		maps[k] = LabelMap{Rows: len(g.V), Columns: len(g.U), Labels: make([]int32, 0, g.points())}
	}
	scope := aten.NewScope()
	defer scope.Close()
	load := func(values []float32) aten.Tensor { return tensorOf(scope, b.Device, values, 1, 3, p.Height, p.Width) }
	origin, e1, e2 := load(p.Origin), load(p.E1), load(p.E2)
	batch := newPoints(scope, b.Device, min(b.Size, g.points()), p.Height, p.Width)
	for start := 0; start < g.points(); start += b.Size {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		end := min(start+b.Size, g.points())
		var u, v []float64
		for i := start; i < end; i++ {
			u = append(u, p.Unit*g.U[i%len(g.U)])
			v = append(v, p.Unit*g.V[i/len(g.U)])
		}
		batch.fill(0, origin, e1, u)
		batch.add(e2, v)
		if err := appendLabels(maps, classifiers, batch, end-start); err != nil {
			return nil, err
		}
		b.report(end, g.points())
	}
	return maps, nil
}

// appendLabels adds each classifier's labels of the batch's first n images to its map.
func appendLabels(maps []LabelMap, classifiers []Classifier, batch points, n int) error {
	expected := 0
	for k, f := range classifiers {
		labels, classes, err := batch.predict(f, n)
		if err != nil {
			return fmt.Errorf("classifier %d: %w", k, err)
		}
		if k == 0 {
			expected = classes
		}
		if classes != expected {
			return fmt.Errorf("classifier %d knows %d classes, classifier 0 knows %d; compare classifiers of one dataset", k, classes, expected)
		}
		for _, label := range labels {
			maps[k].Labels = append(maps[k].Labels, int32(label))
		}
	}
	return nil
}

func (p Plane) check() error {
	d := 3 * p.Height * p.Width
	if d < 1 || len(p.Origin) != d || len(p.E1) != d || len(p.E2) != d {
		return fmt.Errorf("a plane of %d, %d and %d values; expected images of 3x%dx%d", len(p.Origin), len(p.E1), len(p.E2), p.Height, p.Width)
	}
	if !(p.Unit > 0) || math.IsInf(p.Unit, 0) {
		return fmt.Errorf("axis unit %v; expected a positive length", p.Unit)
	}
	return nil
}

// RegionIoU returns the share of the points to which both maps give the class among those to which either does. ok is false,
// and iou NaN, where neither gives it to any point. Maps of different grids are an error.
func RegionIoU(first, second LabelMap, class int64) (iou float64, ok bool, err error) {
	if first.Rows != second.Rows || first.Columns != second.Columns || len(first.Labels) != len(second.Labels) {
		return 0, false, fmt.Errorf("region overlap: maps of %dx%d and %dx%d points do not pair up", first.Rows, first.Columns, second.Rows, second.Columns)
	}
	both, either := 0, 0
	for i, label := range first.Labels {
		a, b := int64(label) == class, int64(second.Labels[i]) == class
		if a && b {
			both++
		}
		if a || b {
			either++
		}
	}
	return float64(both) / float64(either), either > 0, nil
}
