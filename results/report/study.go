package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"transfera/results"
	"transfera/results/study"
)

// Study is what people preferred.
type Study struct {
	*study.Analysis
	Table  *results.Table
	Figure Figure
}

// readStudies reads every study of an output folder that was analyzed; material that nobody was asked about yet is none.
func readStudies(folder string) ([]Study, error) {
	folder = filepath.Join(folder, study.Folder)
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var studies []Study
	for _, entry := range entries {
		if !entry.IsDir() || !study.Analyzed(filepath.Join(folder, entry.Name())) {
			continue
		}
		s, err := readStudy(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("%w; remove the folder and run transfera study analyze again", err)
		}
		studies = append(studies, s)
	}
	return studies, nil
}

func readStudy(folder string) (Study, error) {
	analysis, err := study.ReadAnalysis(folder)
	if err != nil {
		return Study{}, err
	}
	table, err := results.ReadTable(filepath.Join(folder, study.PreferenceName+".json"))
	if err != nil {
		return Study{}, err
	}
	figure, err := readPicture(folder, study.PreferenceName)
	if err != nil {
		return Study{}, err
	}
	if figure == nil {
		return Study{}, fmt.Errorf("%s: the figure is missing", folder)
	}
	figure.Caption = Caption{
		Title: figure.Title, Alt: "Shares of votes for " + analysis.Other + ", for no difference and for " + analysis.Base + "; the table above has the numbers.",
	}
	return Study{analysis, table, *figure}, nil
}

// studyView is a study as the page shows it.
type studyView struct {
	Experiment string
	Findings   []string
	Table      tableView
	Figure     Figure
}

func (s Study) view(c *catalog) studyView {
	table := c.view(Table{Name: "study-" + s.Experiment, Table: s.Table})
	table.Titled = true
	return studyView{Experiment: s.Experiment, Findings: s.Findings(), Table: table, Figure: s.Figure}
}
