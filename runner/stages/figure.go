package stages

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"transfera/experiments"
	"transfera/metrics/boundary"
	"transfera/results"
)

// drawn is what figures are drawn of, besides what their kinds read themselves.
type drawn struct {
	cells []results.Cell
	gains []results.Gain
	rows  []results.Boundary
}

// FigureKind is one way to draw an experiment.
type FigureKind struct {
	Doc string
	// Keys are the spec's, besides title and where, that the kind looks at.
	Keys []string
	// prepare adds to the plan what figure i needs, or says what the experiment lacks; nil where nothing is needed.
	prepare func(x *experiment, i int) error
	draw    func(t *table, i int, d drawn) (*results.Figure, error)
}

// Figures lists the kinds of figures, by the name that specs use.
var Figures = map[string]FigureKind{
	"lambda-curve":       {Doc: "The trade-off that lambda sets: metrics against lambda.", Keys: []string{"x", "y", "series", "panels"}, draw: lambdaCurve},
	"transfer-matrix":    {Doc: "Gain over plain by source and evaluator, one panel per task.", Keys: []string{"y", "panels"}, draw: transferMatrix},
	"training-curves":    {Doc: "The terms of the loss in the course of each training of the first seed.", prepare: courses, draw: trainingCurves},
	"picture-grid":       {Doc: "Images that plain loses and ra wins, as each method leaves them, with the evaluators' answers.", Keys: []string{"images"}, prepare: pictureGallery, draw: pictureGrid},
	"boundary-distances": {Doc: "How far boundaries are from images and from each other, by direction.", prepare: needsBoundary, draw: boundaryDistances},
	"decision-regions":   {Doc: "The regions of each recognizer in the first plane through one image.", prepare: needsBoundary, draw: decisionRegions},
	"gain-similarity":    {Doc: "Transferred gain against the similarity of boundaries.", prepare: needsBoundary, draw: gainSimilarity},
}

func (t *table) figures(work string, d drawn) error {
	for i, spec := range t.experiment.Figures {
		figure, err := Figures[spec.Kind].draw(t, i, d)
		if err != nil {
			return err
		}
		if err := results.WriteFigure(filepath.Join(work, "figures"), figureName(t.experiment, i), figure); err != nil {
			return err
		}
	}
	return nil
}

func lambdaCurve(t *table, i int, d drawn) (*results.Figure, error) {
	spec := t.experiment.Figures[i]
	return results.LambdaCurve(d.cells, results.FigureSpec{
		Title: t.title(spec.Title), Metrics: spec.Y, Lines: spec.Series, Where: spec.Where, Order: t.order(),
	})
}

func transferMatrix(t *table, i int, d drawn) (*results.Figure, error) {
	spec := t.experiment.Figures[i]
	matrix := results.MatrixSpec{Title: t.title(spec.Title), Gains: true, Where: spec.Where, Order: t.order()}
	if len(spec.Y) > 0 {
		matrix.Metric = spec.Y[0]
	}
	if spec.Panels != "" {
		matrix.Panels = []string{spec.Panels}
	}
	return results.TransferMatrix(d.cells, d.gains, matrix)
}

// courses has the trainings of the first seed drawn, of those that the figure does not leave out.
func courses(x *experiment, i int) error {
	where := x.Figures[i].Where
	keeps := func(axis, value string) bool { return where[axis] == nil || slices.Contains(where[axis], value) }
	for _, p := range x.trained {
		c := p.cell
		if c.Seed == x.Seeds[0] && keeps("task", c.Task) && keeps("method", c.Method) && (c.Source == "" || keeps("source", c.Source)) && keeps("lambda", c.Lambda) {
			x.table.courses[i] = append(x.table.courses[i], p.processor)
		}
	}
	if x.table.courses[i] == nil {
		return fmt.Errorf("figure %d draws the course of trainings, but there are none like that", i+1)
	}
	return nil
}

func trainingCurves(t *table, i int, _ drawn) (*results.Figure, error) {
	figure := results.Courses{Title: t.title(t.experiment.Figures[i].Title)}
	for _, p := range t.courses[i] {
		series, err := readCourse(t.env.Store.File(p.Key, courseFile))
		if err != nil {
			return nil, err
		}
		for _, one := range series {
			one.Run, _, _ = strings.Cut(p.Name, ", seed") // all have the first
			figure.Series = append(figure.Series, one)
		}
	}
	return results.TrainingCurves(figure)
}

// readCourse reads what training.Course.WriteCSV wrote, but for terms without a value.
func readCourse(path string) ([]results.CourseSeries, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var all []results.CourseSeries
	for column, term := range records[0][1:] {
		series := results.CourseSeries{Term: term}
		for _, record := range records[1:] {
			if record[column+1] == "" {
				continue
			}
			step, err := strconv.Atoi(record[0])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			value, err := strconv.ParseFloat(record[column+1], 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			series.Steps, series.Values = append(series.Steps, step), append(series.Values, value)
		}
		if series.Steps != nil {
			all = append(all, series)
		}
	}
	return all, nil
}

// needsBoundary refuses figures of boundaries where none are compared.
func needsBoundary(x *experiment, i int) error {
	if x.Boundary == nil {
		return fmt.Errorf("figure %d, %s, needs the key boundary, which says how boundaries are compared", i+1, x.Figures[i].Kind)
	}
	return nil
}

// boundaryDistances draws the distances of the first source to every evaluator; where processing is the direction, of the
// first task unless where names another.
func boundaryDistances(t *table, i int, _ drawn) (*results.Figure, error) {
	source := t.experiment.Sources[0]
	task := figureWhere(t.experiment.Figures[i], "task", t.experiment.Tasks)
	figure := results.Distances{Title: t.title(t.experiment.Figures[i].Title)}
	for _, c := range t.comparisons {
		ofSource := c.row.Source == "" || c.row.Source == source
		ofTask := c.row.Task == results.TaskClean || c.row.Task == task
		if c.row.Analysis != results.AnalysisDistance || !ofSource || !ofTask {
			continue
		}
		distances, _, err := readDistances(t.env.Store.File(c.stage.Key, boundaryFile))
		if err != nil {
			return nil, err
		}
		direction := c.row.Along
		if c.row.Task != results.TaskClean {
			direction += ", " + c.row.Task
		}
		first := slices.Index(t.compared, source)
		for other, name := range t.compared {
			if other != first {
				set := distanceSet(distances[first], distances[other])
				set.Direction, set.First, set.Second = direction, source, name
				figure.Sets = append(figure.Sets, set)
			}
		}
	}
	return results.DistanceDistributions(figure)
}

// distanceSet is the distances of two recognizers' boundaries along the same rays.
func distanceSet(first, second []boundary.Distance) results.DistanceSet {
	var set results.DistanceSet
	for k, p := range first {
		q := second[k]
		if p.Outcome == boundary.Skipped {
			set.Skipped++
			continue
		}
		if p.Outcome == boundary.Censored {
			set.CensoredFirst++
		}
		if q.Outcome == boundary.Censored {
			set.CensoredSecond++
		}
		switch {
		case p.Outcome == boundary.Crossed && q.Outcome == boundary.Crossed:
			set.MinDist = append(set.MinDist, p.Value)
			set.InterDist = append(set.InterDist, math.Abs(p.Value-q.Value))
		case p.Outcome == q.Outcome:
			set.CensoredBoth++
		}
	}
	return set
}

func decisionRegions(t *table, i int, _ drawn) (*results.Figure, error) {
	at := slices.IndexFunc(t.comparisons, func(c comparison) bool { return c.row.Analysis == results.AnalysisRegion })
	planes, sample, err := readRegions(t.env.Store.File(t.comparisons[at].stage.Key, boundaryFile))
	if err != nil {
		return nil, err
	}
	if len(planes) == 0 {
		return nil, fmt.Errorf("figure %d: no image of the sample has a gradient, so there is no plane to draw", i+1)
	}
	grid, err := boundary.Square(t.experiment.Boundary.Reach, planes[0][0].Rows)
	if err != nil {
		return nil, err
	}
	regions := results.Regions{
		Title: t.title(t.experiment.Figures[i].Title), U: grid.U, V: grid.V, Truth: int32(sample.Labels[0]), Classes: t.classes,
	}
	for k, m := range planes[0] {
		regions.Maps = append(regions.Maps, results.RegionMap{Recognizer: t.compared[k], Labels: m.Labels})
	}
	return results.DecisionRegions(regions)
}

// gainSimilarity draws one panel per measure of similarity, with a colour per task.
func gainSimilarity(t *table, i int, d drawn) (*results.Figure, error) {
	figure := results.Similarities{Title: t.title(t.experiment.Figures[i].Title)}
	for _, s := range similarities() {
		for _, p := range t.pairs(s, d.rows, d.gains) {
			figure.Points = append(figure.Points, results.SimilarityPoint{
				Panel: s.along, Group: p.Task, Similarity: p.Similarity, Gain: p.Gain.Gain, Low: p.CILow, High: p.CIHigh,
			})
		}
	}
	return results.GainAgainstSimilarity(figure)
}

// figureWhere is the only value that a figure keeps on an axis, or else the first of all.
func figureWhere(f experiments.Figure, axis string, all []string) string {
	if kept := f.Where[axis]; len(kept) > 0 {
		return kept[0]
	}
	if len(all) == 0 {
		return ""
	}
	return all[0]
}
