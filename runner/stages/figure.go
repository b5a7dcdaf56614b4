package stages

import (
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"transfera/experiments"
	"transfera/metrics/boundary"
	"transfera/models/weights"
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
	// prepare adds to the plan what figure i needs, or says what the experiment lacks; nil where nothing is needed.
	prepare func(x *experiment, i int) error
	draw    func(t *table, i int, d drawn) (*results.Figure, error)
}

// Figures lists the kinds of figures, by the name that specs use.
var Figures = map[string]FigureKind{
	"lambda-curve":       {Doc: "The trade-off that lambda sets: metrics against lambda.", draw: lambdaCurve},
	"transfer-matrix":    {Doc: "Gain over plain by source and evaluator, one panel per task.", draw: transferMatrix},
	"training-curves":    {Doc: "The terms of the loss in the course of each training of the first seed.", prepare: courses, draw: trainingCurves},
	"picture-grid":       {Doc: "Images that plain loses and ra wins, as each method leaves them, with the evaluators' answers.", prepare: pictureGallery, draw: pictureGrid},
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
	var runs []results.Run
	for _, p := range t.courses[i] {
		run, err := readCourse(t.env.Store.File(p.Key, courseFile))
		if err != nil {
			return nil, err
		}
		run.Name = p.Name
		runs = append(runs, run)
	}
	return results.TrainingCurves(runs, results.CurvesSpec{Title: t.title(t.experiment.Figures[i].Title)})
}

// readCourse reads what training.Course.WriteCSV wrote.
func readCourse(path string) (run results.Run, err error) {
	file, err := os.Open(path)
	if err != nil {
		return run, err
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return run, fmt.Errorf("%s: %w", path, err)
	}
	for _, name := range records[0][1:] {
		run.Terms = append(run.Terms, results.Term{Name: name})
	}
	for _, record := range records[1:] {
		step, err := strconv.Atoi(record[0])
		if err != nil {
			return run, fmt.Errorf("%s: %w", path, err)
		}
		run.Steps = append(run.Steps, step)
		for k, text := range record[1:] {
			value := math.NaN()
			if text != "" {
				if value, err = strconv.ParseFloat(text, 64); err != nil {
					return run, fmt.Errorf("%s: %w", path, err)
				}
			}
			run.Terms[k].Values = append(run.Terms[k].Values, value)
		}
	}
	return run, nil
}

// needsBoundary refuses figures of boundaries where none are compared.
func needsBoundary(x *experiment, i int) error {
	if x.Boundary == nil {
		return fmt.Errorf("figure %d, %s, needs the key boundary, which says how boundaries are compared", i+1, x.Figures[i].Kind)
	}
	return nil
}

// boundaryDistances draws the distances of the first source, and of the first task where processing is the direction.
func boundaryDistances(t *table, i int, _ drawn) (*results.Figure, error) {
	source := t.experiment.Sources[0]
	var panels []results.DistancePanel
	for _, c := range t.comparisons {
		if c.row.Analysis != results.AnalysisDistance || c.row.Source != "" && c.row.Source != source {
			continue
		}
		distances, _, err := readDistances(t.env.Store.File(c.stage.Key, boundaryFile))
		if err != nil {
			return nil, err
		}
		name := c.row.Along
		if c.row.Task != results.TaskClean {
			name += ", " + c.row.Task
		}
		panels = append(panels, t.distancePanel(name, distances, slices.Index(t.compared, source)))
	}
	return results.DistanceDistributions(panels, t.title(t.experiment.Figures[i].Title))
}

func (t *table) distancePanel(name string, distances [][]boundary.Distance, source int) results.DistancePanel {
	panel := results.DistancePanel{Name: name}
	for _, d := range distances[source] {
		switch d.Outcome {
		case boundary.Crossed:
			panel.MinDist = append(panel.MinDist, d.Value)
		case boundary.Censored:
			panel.Censored++
		case boundary.Skipped:
			panel.Skipped++
		}
	}
	for other, evaluator := range t.compared {
		if other == source {
			continue
		}
		series := results.DistanceSeries{Name: evaluator}
		for k, d := range distances[other] {
			first := distances[source][k]
			switch {
			case d.Outcome == boundary.Crossed && first.Outcome == boundary.Crossed:
				series.InterDist = append(series.InterDist, math.Abs(d.Value-first.Value))
			case d.Outcome != boundary.Skipped:
				series.Censored++
			}
		}
		panel.Evaluators = append(panel.Evaluators, series)
	}
	return panel
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
	spec := results.RegionsSpec{
		Title: t.title(t.experiment.Figures[i].Title), Reach: t.experiment.Boundary.Reach, Points: planes[0][0].Rows,
		Truth: int(sample.Labels[0]), Classes: t.classes,
	}
	for k, m := range planes[0] {
		spec.Maps = append(spec.Maps, results.RegionMap{Recognizer: t.compared[k], Labels: m.Labels})
	}
	return results.DecisionRegions(spec)
}

func gainSimilarity(t *table, i int, d drawn) (*results.Figure, error) {
	spec := results.SimilaritySpec{Title: t.title(t.experiment.Figures[i].Title), Metric: t.recognitionMetric()}
	var points []results.SimilarityPoint
	for _, s := range similarities() {
		panel := results.SimilarityPanel{Measure: s.along, Rho: math.NaN(), Low: math.NaN(), High: math.NaN()}
		for _, row := range d.rows {
			if row.Analysis == results.AnalysisExplanation && row.Along == s.along && row.Task == "" && row.Measure == spearman {
				panel.Rho, panel.Low, panel.High, panel.N = row.Value, row.CILow, row.CIHigh, row.N
			}
		}
		spec.Panels = append(spec.Panels, panel)
		for _, p := range t.pairs(s, d.rows, d.gains) {
			points = append(points, results.SimilarityPoint{
				Measure: s.along, Similarity: p.Similarity, SimilarityLow: p.Low, SimilarityHigh: p.High,
				Gain: p.Gain.Gain, GainLow: p.CILow, GainHigh: p.CIHigh, Task: p.Task, Label: p.Source + " -> " + p.Evaluator,
			})
		}
	}
	return results.GainAgainstSimilarity(points, spec)
}

func pictureGrid(t *table, i int, _ drawn) (*results.Figure, error) {
	g := t.galleries[i]
	all, pictures, err := readGallery(t.env.Store.File(g.Key, galleryFile))
	if err != nil {
		return nil, err
	}
	spec := results.GridSpec{Title: t.title(t.experiment.Figures[i].Title), Columns: []string{"input"}}
	for _, p := range g.processors {
		spec.Columns = append(spec.Columns, p.method.Name)
	}
	spec.Columns = append(spec.Columns, "target")
	for _, r := range g.judges {
		spec.Evaluators = append(spec.Evaluators, r.name)
	}
	classes := g.images.Classes()
	for k, one := range all.Images {
		row := results.GridRow{Name: one.Name, Truth: classes[one.Label]}
		for c, answers := range one.Answers {
			row.Pictures = append(row.Pictures, picture(pictures, k, c))
			var said []results.Answer
			for _, a := range answers {
				said = append(said, results.Answer{Class: classes[a.Class], Confidence: a.Confidence, Right: int64(a.Class) == one.Label})
			}
			row.Answers = append(row.Answers, said)
		}
		spec.Rows = append(spec.Rows, row)
	}
	return results.PictureGrid(spec)
}

// picture is one of the pictures (images,columns,3,H,W).
func picture(pictures weights.Tensor, k, c int) image.Image {
	high, wide := int(pictures.Shape[3]), int(pictures.Shape[4])
	plane := high * wide
	values := pictures.Data[(k*int(pictures.Shape[1])+c)*3*plane:]
	m := image.NewRGBA(image.Rect(0, 0, wide, high))
	for i := range plane {
		m.Set(i%wide, i/wide, color.RGBA{values[i], values[plane+i], values[2*plane+i], 255})
	}
	return m
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
