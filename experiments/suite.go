package experiments

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Suite is the experiments of a folder.
type Suite struct {
	// Name is the folder's, or the experiment's for a suite of one file.
	Name string
	// Dir is the folder.
	Dir string
	// Experiments in the order of their names.
	Experiments []*Experiment
}

// LoadSuite reads every experiment of the folder at path, or the one file there. The
// suite is nil if the diagnostics, of all files together, have errors.
func LoadSuite(path string, names Names, opts Options) (*Suite, Diagnostics) {
	suite, files, diags := find(path)
	for _, file := range files {
		e, more := load(file, names, opts)
		diags = append(diags, more...)
		if e != nil {
			suite.Experiments = append(suite.Experiments, e)
		}
	}
	if diags = diags.tidy(); diags.HasErrors() {
		return nil, diags
	}
	return suite, diags
}

// Profiles are the names of the profiles that the experiments at path have, as far as they can be read.
func Profiles(path string) []string {
	_, files, _ := find(path)
	var names []string
	for _, file := range files {
		root, _, _ := readSpec(file)
		names = append(names, root.get("profiles").keys()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// find lists the experiments at path.
func find(path string) (*Suite, []string, Diagnostics) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, Diagnostics{unreadable(path, nil, err)}
	}
	if !info.IsDir() {
		return &Suite{Name: stem(path), Dir: filepath.Dir(path)}, []string{path}, nil
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, nil, Diagnostics{unreadable(path, nil, err)}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, nil, Diagnostics{unreadable(path, nil, err)}
	}
	suite := &Suite{Name: filepath.Base(absolute), Dir: path}
	var files []string
	var diags Diagnostics
	for _, entry := range entries {
		if entry.IsDir() || !IsExperiment(entry.Name()) {
			continue
		}
		file := filepath.Join(path, entry.Name())
		if n := len(files); n > 0 && stem(files[n-1]) == stem(file) {
			diags = append(diags, Diagnostic{File: file, Summary: fmt.Sprintf("%s is an experiment of the same name", files[n-1])})
			continue
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		diags = append(diags, Diagnostic{
			File: path, Summary: "no experiment in this folder",
			Detail: "an experiment is a .yaml file whose name does not start with base or _",
		})
	}
	return suite, files, diags
}

func stem(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
