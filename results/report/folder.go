package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"transfera/results"
)

// Folder is what an output folder holds.
type Folder struct {
	Manifest results.Manifest
	Cells    []results.Cell
	Gains    []results.Gain
	// Boundaries are there where an experiment compares some.
	Boundaries []results.Boundary
	// Experiments in the suite's order, those without results too.
	Experiments []Experiment
	// Tables and Figures in the order of their names.
	Tables  []Table
	Figures []Figure
	// Studies are those whose votes were analyzed, in the order of their experiments' names.
	Studies []Study
}

// Table is a table with the name of its files.
type Table struct {
	Name string
	*results.Table
}

// Read reads an output folder.
func Read(folder string) (*Folder, error) {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s: no such folder; name one that transfera run wrote, such as results/out/embedded", folder)
	}
	f := &Folder{}
	var err error
	if f.Manifest, err = required(folder, "manifest.json", results.ReadManifest); err != nil {
		return nil, err
	}
	if f.Cells, err = required(folder, "cells.csv", results.ReadCells); err != nil {
		return nil, err
	}
	if f.Gains, err = required(folder, "gains.csv", results.ReadGains); err != nil {
		return nil, err
	}
	f.Boundaries, err = results.ReadBoundaries(filepath.Join(folder, "boundaries.csv"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w; %s", err, again)
	}
	if f.Experiments, err = experiments(f.Manifest.Specs, f.Cells); err != nil {
		return nil, fmt.Errorf("%s: %w; %s", filepath.Join(folder, "manifest.json"), err, again)
	}
	if f.Tables, err = readTables(folder); err != nil {
		return nil, err
	}
	if f.Figures, err = readFigures(folder); err != nil {
		return nil, err
	}
	if f.Studies, err = readStudies(folder); err != nil {
		return nil, err
	}
	return f, nil
}

// again is the advice that mends a folder.
const again = "run the suite again to write it anew, what is cached is not computed again"

// required reads a file that every output folder has.
func required[T any](folder, name string, read func(path string) (T, error)) (T, error) {
	value, err := read(filepath.Join(folder, name))
	if errors.Is(err, fs.ErrNotExist) {
		return value, fmt.Errorf("%s is missing, so %s is no complete output folder of transfera run; %s",
			filepath.Join(folder, name), folder, again)
	}
	if err != nil {
		return value, fmt.Errorf("%w; %s", err, again)
	}
	return value, nil
}

// readTables reads every table. A table in another format without its JSON is
// an error, since leaving it out would look as if there were none.
func readTables(folder string) ([]Table, error) {
	names, err := stems(filepath.Join(folder, "tables"))
	if err != nil {
		return nil, err
	}
	var tables []Table
	for _, name := range names {
		table, err := results.ReadTable(filepath.Join(folder, "tables", name+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s is missing beside the table's other formats: the folder is damaged, or older than this file; %s",
				filepath.Join(folder, "tables", name+".json"), again)
		}
		if err != nil {
			return nil, fmt.Errorf("%w; %s", err, again)
		}
		tables = append(tables, Table{Name: name, Table: table})
	}
	return tables, nil
}

// stems lists the names in a folder without their extensions, each once and
// in order; no folder is an empty one.
func stems(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() || strings.HasPrefix(entry.Name(), ".") { // a temporary file of a killed run
			continue
		}
		if name := strings.TrimSuffix(entry.Name(), filepath.Ext(entry.Name())); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// owner is the place among experiments of the one that a table or figure
// belongs to, -1 if there is none: the longest name that the file's name is,
// or begins with before a "-".
func owner(experiments []Experiment, file string) int {
	found := -1
	for i, e := range experiments {
		if (file == e.Name || strings.HasPrefix(file, e.Name+"-")) && (found < 0 || len(e.Name) > len(experiments[found].Name)) {
			found = i
		}
	}
	return found
}
