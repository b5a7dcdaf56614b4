package results

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"transfera/metrics/statistics"
)

// coverage says what the interval of an entry covers.
type coverage int

const (
	coversNothing coverage = iota
	coversImages
	coversSeeds
	coversBoth
)

// String names what is covered, in words for a reader.
func (c coverage) String() string {
	switch c {
	case coversImages:
		return "images (bootstrap)"
	case coversSeeds:
		return "seeds (Student t)"
	case coversBoth:
		return "seeds (Student t) and images (bootstrap)"
	}
	return ""
}

// group is the cells of one entry: equal in everything but the seed.
type group struct {
	cells    []Cell
	mean     float64
	half     float64
	coverage coverage
}

// newGroup checks that the cells are the seeds of one number.
func newGroup(cells []Cell) (*group, error) {
	slices.SortFunc(cells, compareCells)
	for _, axis := range Axes {
		if axis == "seed" {
			continue
		}
		var values []string
		for _, c := range cells {
			if v := label(c.axis(axis)); !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		if len(values) > 1 {
			return nil, fmt.Errorf("holds several %ss (%s): make %s an axis or choose one in where",
				axis, strings.Join(values, ", "), axis)
		}
	}
	for i := 1; i < len(cells); i++ {
		if cells[i].Seed == cells[i-1].Seed && !equalCells(cells[i], cells[i-1]) {
			return nil, fmt.Errorf("seed %d has two values, %v and %v", cells[i].Seed, cells[i-1].Value, cells[i].Value)
		}
	}
	g := &group{cells: slices.CompactFunc(cells, equalCells)} // a repeated row counts once
	g.aggregate()
	return g, nil
}

// equalCells is equality where absent numbers (NaN) are equal.
func equalCells(a, b Cell) bool { return compareCells(a, b) == 0 }

// aggregate sets the mean over seeds and its interval.
//
// With three seeds or more the interval covers both seeds and images: the t
// interval over the seeds' values and the images' interval (mean over seeds)
// combined as the root of their squares. The seeds' part already holds some of
// the images' noise, so the sum errs to the wide side. With fewer seeds the
// interval is over images alone.
func (g *group) aggregate() {
	values := make([]float64, len(g.cells))
	images := 0.0
	for i, c := range g.cells {
		values[i] = c.Value
		images += (c.CIHigh - c.CILow) / 2 / float64(len(g.cells))
	}
	g.mean, g.half = statistics.Mean(values), images
	if !math.IsNaN(images) {
		g.coverage = coversImages
	}
	if len(values) < 3 {
		return
	}
	seeds, ok := statistics.StudentMean(values, statistics.Level)
	switch {
	case !ok:
	case g.coverage == coversImages:
		g.half, g.coverage = math.Hypot(seeds.Half(), images), coversBoth
	default:
		g.half, g.coverage = seeds.Half(), coversSeeds
	}
}

// first stands for the group in everything but the seed.
func (g *group) first() Cell { return g.cells[0] }

// contest is what the methods of a table compete over.
func (g *group) contest() string {
	c := g.first()
	return strings.Join([]string{c.Experiment, c.Task, c.Dataset, c.Evaluator, c.Metric}, "\x00")
}

func (g *group) entry() Entry {
	if math.IsNaN(g.mean) {
		return Entry{}
	}
	return Entry{
		Present: true, Metric: g.first().Metric, Mean: g.mean, Half: g.half, Covers: g.coverage.String(), Place: g.first().Place(),
	}
}
