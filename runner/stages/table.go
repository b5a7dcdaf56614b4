package stages

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"transfera/experiments"
	"transfera/results"
	"transfera/runner/dag"
)

// tableVersion goes up when the code changes what the same settings give.
const tableVersion = 5

// The files of a table stage besides the tables and figures.
const (
	CellsFile = "cells.csv"
	GainsFile = "gains.csv"
	// BoundariesFile is there where the experiment compares boundaries.
	BoundariesFile = "boundaries.csv"
)

// table is the stage that makes what one experiment shows, out of its evaluations.
type table struct {
	env         *Environment
	experiment  *experiments.Experiment
	evaluations []evaluation
	// comparisons are those of boundaries, between the recognizers called compared.
	comparisons []comparison
	compared    []string
	// classes are those of the experiment's dataset.
	classes []string
	// courses are the trainings that a figure draws, and galleries the pictures that one shows, by its place.
	courses   map[int][]*processor
	galleries map[int]*gallery
}

// evaluation is one stage of measurements with its place in the experiment.
type evaluation struct {
	stage *dag.Stage
	// cell is what is known of the stage's cells before anything is measured: everything but metric, value and n.
	cell results.Cell
}

// Outputs lists the files of an experiment's table stage, relative to the output folder.
func Outputs(e *experiments.Experiment) []string {
	files := []string{CellsFile, GainsFile}
	if e.Boundary != nil {
		files = append(files, BoundariesFile)
	}
	for i := range e.Tables {
		for _, extension := range results.TableExtensions {
			files = append(files, "tables/"+tableName(e, i)+extension)
		}
	}
	if e.Boundary != nil {
		for _, suffix := range results.BoundarySuffixes() {
			for _, extension := range results.TableExtensions {
				files = append(files, "tables/"+e.Name+"-"+suffix+extension)
			}
		}
	}
	for i := range e.Figures {
		for _, extension := range []string{".svg", ".png"} {
			files = append(files, "figures/"+figureName(e, i)+extension)
		}
	}
	return files
}

// tableName is the experiment's for the first table, with the number of the others behind it.
func tableName(e *experiments.Experiment, i int) string { return numbered(e.Name, i) }

func figureName(e *experiments.Experiment, i int) string { return numbered(e.Name, i) }

func numbered(name string, i int) string {
	if i == 0 {
		return name
	}
	return fmt.Sprintf("%s-%d", name, i+1)
}

func (t *table) stage() *dag.Stage {
	var inputs []*dag.Stage
	var places []string
	for _, e := range t.evaluations {
		inputs = append(inputs, e.stage)
		c := e.cell
		places = append(places, strings.Join([]string{fmt.Sprint(c.Seed), c.Task, c.Method, c.Lambda, c.Source, c.Evaluator, c.Dataset}, " "))
	}
	for _, c := range t.comparisons {
		inputs = append(inputs, c.stage)
		places = append(places, strings.Join([]string{c.row.Analysis, c.row.Task, c.row.Along, c.row.Source}, " "))
	}
	for i := range t.experiment.Figures {
		for _, p := range t.courses[i] {
			inputs = append(inputs, p.Stage)
		}
		if g := t.galleries[i]; g != nil {
			inputs = append(inputs, g.Stage)
		}
	}
	settings := map[string]any{
		"experiment": t.experiment.Name, "title": t.experiment.Title, "paper": t.experiment.Paper,
		"tables": t.experiment.Tables, "figures": t.experiment.Figures, "metrics": t.experiment.Metrics, "degradations": t.experiment.Degradations,
		"dataset": t.experiment.Dataset, "places": places,
	}
	if t.compared != nil {
		settings["compared"] = t.compared
	}
	return dag.New(dag.Definition{
		Kind: "table", Name: t.experiment.Name, Version: tableVersion, Rate: "table",
		Settings: settings, Inputs: inputs, Files: Outputs(t.experiment), Bytes: 100_000 * int64(len(t.experiment.Tables)+len(t.experiment.Figures)), Compute: t.compute,
	})
}

func (t *table) compute(_ context.Context, job *dag.Job) error {
	work, err := job.Work(job.Stages[0])
	if err != nil {
		return err
	}
	measured := make([]*measurements, len(t.evaluations))
	for i, e := range t.evaluations {
		if measured[i], err = readMeasurements(t.env.Store.File(e.stage.Key, measurementsFile)); err != nil {
			return err
		}
	}
	cells := t.cells(measured)
	gains, err := t.gains(measured)
	if err != nil {
		return err
	}
	if err := results.WriteCells(filepath.Join(work, CellsFile), cells); err != nil {
		return err
	}
	if err := results.WriteGains(filepath.Join(work, GainsFile), gains); err != nil {
		return err
	}
	var rows []results.Boundary
	if t.compared != nil {
		if rows, err = t.boundaryRows(gains); err != nil {
			return err
		}
		if err := results.WriteBoundaries(filepath.Join(work, BoundariesFile), rows); err != nil {
			return err
		}
		for _, made := range results.BoundaryTables(t.experiment.Title, rows) {
			if err := results.WriteTables(filepath.Join(work, "tables"), t.experiment.Name+"-"+made.Suffix, made.Table); err != nil {
				return err
			}
		}
	}
	if err := t.tables(work, cells, gains); err != nil {
		return err
	}
	return t.figures(work, drawn{cells, gains, rows})
}

// cells are the measurements at their places, of the metrics that the experiment asks for.
func (t *table) cells(measured []*measurements) []results.Cell {
	var cells []results.Cell
	for i, e := range t.evaluations {
		for _, m := range measured[i].Metrics {
			if !slices.Contains(t.experiment.Metrics, m.Metric) {
				continue
			}
			cell := e.cell
			cell.Metric, cell.Value, cell.CILow, cell.CIHigh = m.Metric, m.Value, bound(m.Low), bound(m.High)
			cell.N, cell.Key = measured[i].Images, e.stage.Key
			cells = append(cells, cell)
		}
	}
	return cells
}

// gains compares every trained method with plain, on the same images and seeds.
func (t *table) gains(measured []*measurements) ([]results.Gain, error) {
	// Indices of the evaluations that differ in nothing but the seed, in the order of the seeds.
	series := map[results.Cell][]int{}
	var order []results.Cell
	for i, e := range t.evaluations {
		place := e.cell
		place.Seed = 0
		if series[place] == nil {
			order = append(order, place)
		}
		series[place] = append(series[place], i)
	}
	var gains []results.Gain
	for _, place := range order {
		if place.Task == results.TaskClean || place.Method == results.MethodNone || place.Method == results.MethodPlain {
			continue
		}
		plain := place
		plain.Method, plain.Lambda, plain.Source = results.MethodPlain, results.FormatLambda(0), ""
		for _, metric := range t.experiment.Metrics {
			gain, ok, err := gainOf(metric, pick(measured, series[plain]), pick(measured, series[place]))
			if err != nil {
				return nil, fmt.Errorf("gain of %s on %s: %w", place.Method, place.Task, err)
			}
			if !ok {
				continue
			}
			cell := place
			cell.Metric = metric
			gains = append(gains, results.NewGain(cell, gain))
		}
	}
	return results.CorrectGains(gains), nil
}

// pick is the measurements at these places.
func pick(measured []*measurements, at []int) []*measurements {
	var picked []*measurements
	for _, i := range at {
		picked = append(picked, measured[i])
	}
	return picked
}

func (t *table) tables(work string, cells []results.Cell, gains []results.Gain) error {
	published, err := results.LoadPublished()
	if err != nil {
		return err
	}
	for i, spec := range t.experiment.Tables {
		built, err := results.Build(t.tableSpec(spec), cells, gains, published, t.notes())
		if err != nil {
			return err
		}
		if err := results.WriteTables(filepath.Join(work, "tables"), tableName(t.experiment, i), built); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Join(work, "tables"), 0o777)
}

// tableSpec lays a table out as its spec says, with values in the experiment's order.
func (t *table) tableSpec(spec experiments.Table) results.TableSpec {
	layout := results.TableSpec{
		Title: t.title(spec.Title), Rows: spec.Rows, Columns: spec.Columns[0], Metrics: spec.Metric, Where: spec.Where,
		Order: t.order(), Published: spec.Published, Tasks: map[string]string{},
	}
	if layout.Columns == "metric" && len(spec.Columns) > 1 {
		layout.Columns = spec.Columns[1]
	}
	if len(layout.Metrics) == 0 {
		layout.Metrics = t.experiment.Metrics
	}
	for _, task := range t.experiment.Tasks {
		var words []string
		options := t.experiment.Degradations[task].Options
		for _, name := range slices.Sorted(maps.Keys(options)) {
			words = append(words, fmt.Sprintf("%s=%v", name, options[name]))
		}
		layout.Tasks[task] = strings.Join(words, " ")
	}
	return layout
}

func (t *table) title(own string) string {
	if own == "" {
		return t.experiment.Title
	}
	return own
}

// order is the experiment's own order of what it lists.
func (t *table) order() map[string][]string {
	return map[string][]string{
		"task": t.experiment.Tasks, "method": t.experiment.Methods, "source": t.experiment.Sources,
		"evaluator": t.experiment.AllEvaluators(), "dataset": t.experiment.JudgedDatasets(),
	}
}

// notes say what stands for the whole experiment.
func (t *table) notes() []string {
	var notes []string
	if t.experiment.Paper != "" {
		notes = append(notes, "after the paper's "+t.experiment.Paper)
	}
	if judged := t.experiment.JudgedDatasets(); !slices.Equal(judged, []string{t.experiment.Dataset}) {
		note := fmt.Sprintf("P was trained on %s", t.experiment.Dataset)
		for _, evaluator := range t.experiment.AllEvaluators() {
			note += fmt.Sprintf("; %s judges images of %s", evaluator, t.experiment.JudgedBy(evaluator))
		}
		notes = append(notes, note)
	}
	return notes
}
