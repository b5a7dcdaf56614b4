package boundary

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"

	"transfera/metrics/statistics"
)

// Agreement is how often each pair of classifiers agrees on each plane. It is small, whatever the planes' resolution.
type Agreement struct {
	// Classifiers is their number m; there are m(m-1)/2 pairs: (0,1), (0,2) ... (0,m-1), (1,2) ...
	Classifiers int
	// Agree[pair][plane] is the share of grid points where the two labels are equal.
	Agree [][]float64
	// Chance[pair][plane] is the share where they would be, were the labels of each classifier spread over the points of this
	// plane at random: the sum over classes of the product of both shares of the class.
	Chance [][]float64
}

// AgreeOnPlanes labels the plane through each triplet of x with every classifier, on a grid of resolution x resolution
// points (Somepalli et al. 2022: 500 planes, resolution 50), and counts where each pair agrees. Label maps are kept of one
// plane at a time. Progress counts grid points over all planes.
func AgreeOnPlanes(ctx context.Context, classifiers []Classifier, x Images, triplets []Triplet, resolution int, b Batches) (*Agreement, error) {
	agreement, err := agreeOnPlanes(ctx, classifiers, x, triplets, resolution, b)
	if err != nil {
		return nil, fmt.Errorf("agreement on planes: %w", err)
	}
	return agreement, nil
}

func agreeOnPlanes(ctx context.Context, classifiers []Classifier, x Images, triplets []Triplet, resolution int, b Batches) (*Agreement, error) {
	if err := cmp.Or(x.check(), b.check()); err != nil {
		return nil, err
	}
	m := len(classifiers)
	if m < 2 || len(triplets) == 0 {
		return nil, fmt.Errorf("%d classifiers on %d planes; expected at least 2 on at least 1", m, len(triplets))
	}
	pairs := m * (m - 1) / 2
	a := &Agreement{Classifiers: m, Agree: make([][]float64, pairs), Chance: make([][]float64, pairs)}
	points := resolution * resolution
	for plane, t := range triplets {
		p, triangle, err := ThroughTriplet(x, t)
		if err != nil {
			return nil, err
		}
		g, err := triangle.Grid(resolution)
		if err != nil {
			return nil, err
		}
		within := b
		within.Progress = func(done, _ int) { b.report(plane*points+done, len(triplets)*points) }
		maps, err := labelMaps(ctx, p, g, classifiers, within)
		if err != nil {
			return nil, err
		}
		a.add(maps)
	}
	return a, nil
}

// add counts one plane.
func (a *Agreement) add(maps []LabelMap) {
	histograms := make([]map[int32]int, len(maps))
	for k, m := range maps {
		histograms[k] = map[int32]int{}
		for _, label := range m.Labels {
			histograms[k][label]++
		}
	}
	pair := 0
	for i := range maps {
		for j := i + 1; j < len(maps); j++ {
			points := float64(len(maps[i].Labels))
			equal, product := 0, 0 // whole numbers: neither the order of the classes nor that of the pair matters
			for k, label := range maps[i].Labels {
				if label == maps[j].Labels[k] {
					equal++
				}
			}
			for label, n := range histograms[i] {
				product += n * histograms[j][label]
			}
			a.Agree[pair] = append(a.Agree[pair], float64(equal)/points)
			a.Chance[pair] = append(a.Chance[pair], float64(product)/(points*points))
			pair++
		}
	}
}

// RegionScore is how far two classifiers divide planes into the same regions.
type RegionScore struct {
	Planes int
	// Score is the mean over planes of the share of grid points with equal labels, in [0,1].
	Score         float64
	ScoreInterval statistics.Interval
	// Kappa is Cohen's: (Score - chance) / (1 - chance), where chance is the mean over planes of what two classifiers with the
	// same regions' sizes would share by accident on that plane. 1 is equal maps, 0 is chance; unlike Score it is not raised by
	// regions that fill a plane. It is NaN, with a warning, where all planes have one label only, the same for both.
	Kappa         float64
	KappaInterval statistics.Interval
	Warnings      []statistics.Warning
}

// Pair returns the score of two classifiers, by their places in the list, in either order. The intervals have the given
// level and come from a bootstrap over planes with statistics.Resamples resamples. Planes share images of the sample, so the
// intervals are of these images' planes and a little too narrow for others'.
func (a *Agreement) Pair(first, second int, level float64, seed uint64) (RegionScore, error) {
	i, j := min(first, second), max(first, second)
	if i < 0 || j >= a.Classifiers || i == j {
		return RegionScore{}, fmt.Errorf("agreement of classifiers %d and %d; expected two different ones of 0..%d", first, second, a.Classifiers-1)
	}
	if !(level > 0 && level < 1) {
		return RegionScore{}, fmt.Errorf("agreement on planes: confidence level %v is not between 0 and 1", level)
	}
	pair := i*a.Classifiers - i*(i+1)/2 + j - i - 1
	agree, chance := a.Agree[pair], a.Chance[pair]
	r := RegionScore{Planes: len(agree), Score: statistics.Mean(agree), Kappa: math.NaN()}
	r.ScoreInterval = overPlanes(statistics.BootstrapMean(agree, level, statistics.Resamples, seed))
	kappa := func(times []int) (float64, bool) {
		beyond, room := 0.0, 0.0
		for plane, n := range times {
			beyond += float64(n) * (agree[plane] - chance[plane])
			room += float64(n) * (1 - chance[plane])
		}
		return beyond / room, room > 0
	}
	once := make([]int, len(agree))
	for plane := range once {
		once[plane] = 1
	}
	var exists bool
	if r.Kappa, exists = kappa(once); exists {
		r.KappaInterval = overPlanes(weightedInterval(len(agree), level, seed, kappa))
	} else {
		r.Kappa = math.NaN()
		r.KappaInterval = statistics.Interval{Low: math.NaN(), High: math.NaN(), N: len(agree)}
		r.Warnings = append(r.Warnings, statistics.Warning{Code: statistics.CodeDegenerate,
			Text: "every plane has one label only: kappa does not exist"})
	}
	return r, nil
}

// overPlanes names what was resampled.
func overPlanes(i statistics.Interval) statistics.Interval {
	i.Method = strings.ReplaceAll(i.Method, "over images", "over planes")
	return i
}
