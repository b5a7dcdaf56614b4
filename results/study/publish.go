package study

import (
	"encoding/json"
	"os"
	"path/filepath"

	"transfera/results"
	"transfera/results/atomicfile"
)

const (
	// PreferenceName is the name of the table's and the figure's files, without extension.
	PreferenceName = "preference"
	analysisFile   = "analysis.json"
)

// Publish writes an analysis into OUT/study/EXPERIMENT: analysis.json, the table in every format and the figure.
func (a *Analysis) Publish(out string) error {
	folder := filepath.Join(out, Folder, a.Experiment)
	figure, err := a.Figure()
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		return err
	}
	if err := results.WriteTables(folder, PreferenceName, a.Table()); err != nil {
		return err
	}
	if err := results.WriteFigure(folder, PreferenceName, figure); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(folder, analysisFile), append(data, '\n'))
}

// Analyzed tells whether a folder holds any of what Publish writes: a study itself, kept beside its material, does not.
func Analyzed(folder string) bool {
	for _, name := range []string{analysisFile, PreferenceName + ".json"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			return true
		}
	}
	return false
}

// ReadAnalysis reads what Publish wrote of an experiment.
func ReadAnalysis(folder string) (*Analysis, error) {
	a := &Analysis{}
	return a, readJSON(filepath.Join(folder, analysisFile), a)
}

// Figure shows the shares of each group.
func (a *Analysis) Figure() (*results.Figure, error) {
	p := results.Preference{Title: "User study: " + a.title(), Left: a.Other, Right: a.Base}
	for _, g := range a.Groups {
		p.Groups = append(p.Groups, results.PreferenceGroup{
			Name: g.describe(), Votes: g.Votes, Left: g.Other.Votes, Right: g.Base.Votes,
			LeftInterval: limits(g.Other), RightInterval: limits(g.Base),
		})
	}
	return results.PreferenceBars(p)
}

func limits(s Share) [2]float64 {
	if s.Low == nil || s.High == nil {
		return [2]float64{}
	}
	return [2]float64{*s.Low, *s.High}
}
