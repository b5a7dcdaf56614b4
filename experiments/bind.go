package experiments

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Bind finds the files that the experiments use and makes their paths absolute: the
// Path of every dataset that needs one, from data (name to path) or else from the
// spec, and the Weights and Backbone of every recognizer, in the folder weights if it is not "", or
// else beside the spec. A file that is used and does not exist is an error where the
// spec names it; so is a name in data that no experiment defines, or that needs no path.
func (s *Suite) Bind(data map[string]string, weights string) Diagnostics {
	var diags Diagnostics
	var defined []string
	for _, e := range s.Experiments {
		defined = append(defined, sortedKeys(e.Datasets)...)
		diags = append(diags, e.bind(data, weights)...)
	}
	for _, name := range sortedKeys(data) {
		problem := Diagnostic{File: "--data", Line: 1, Column: 1, text: name + "=" + data[name], width: len([]rune(name))}
		switch {
		case !slices.Contains(defined, name):
			known := slices.Compact(slices.Sorted(slices.Values(defined)))
			problem.Summary, problem.Suggestion = fmt.Sprintf("unknown dataset %s", quote(name)), suggest(name, known)
			problem.Detail = "the datasets are: " + list(known)
		case !slices.ContainsFunc(s.Experiments, func(e *Experiment) bool { return e.names.Datasets[e.Datasets[name].Kind].NeedsPath }):
			problem.Summary, problem.Detail = fmt.Sprintf("dataset %s has no path", name), "its images are generated; leave the flag out"
		default:
			continue
		}
		diags = append(diags, problem)
	}
	return diags.tidy()
}

func (e *Experiment) bind(data map[string]string, weights string) Diagnostics {
	var diags Diagnostics
	usedRecognizers, usedDatasets := e.used()
	e.Datasets, e.Recognizers = maps.Clone(e.Datasets), maps.Clone(e.Recognizers)
	for _, name := range sortedKeys(e.Datasets) {
		d := e.Datasets[name]
		if !e.names.Datasets[d.Kind].NeedsPath {
			continue
		}
		whole := name // whose files these are
		if d.PartOf != "" {
			whole = d.PartOf
		}
		candidates := e.candidates(d.Path, "", "datasets", name, "path")
		for _, called := range []string{whole, name} {
			if path, ok := data[called]; ok {
				candidates = []string{path}
			}
		}
		path, found := first(candidates)
		if !found && slices.Contains(usedDatasets, name) {
			problem := e.At(fmt.Sprintf("dataset %s has no path", name), "datasets", name)
			if len(candidates) > 0 {
				problem = e.At(fmt.Sprintf("dataset %s is not at %s", name, candidates[0]), "datasets", name, "path")
			}
			problem.Detail = obtain(fmt.Sprintf("say where it is: --data %s=PATH", whole), d.Download)
			diags = append(diags, problem)
		}
		d.Path = path
		e.Datasets[name] = d
	}
	for _, name := range sortedKeys(e.Recognizers) {
		r := e.Recognizers[name]
		if r.Service != nil {
			diags = append(diags, e.bindClasses(name, &r, slices.Contains(usedRecognizers, name))...)
		}
		for _, file := range []struct {
			key, what string
			path      *string
		}{{"weights", "weights of %s are", &r.Weights}, {"backbone", "backbone of %s is", &r.Backbone}} {
			if *file.path == "" || file.key == "backbone" && e.BackboneOf(name) != "" {
				continue
			}
			candidates := e.candidates(*file.path, weights, "recognizers", name, file.key)
			path, found := first(candidates)
			if !found && slices.Contains(usedRecognizers, name) {
				problem := e.At(fmt.Sprintf("the "+file.what+" nowhere", name), "recognizers", name, file.key)
				problem.Detail = obtain(fmt.Sprintf("not found: %s; say in which folder they are: --weights DIR", list(candidates)), r.Download)
				diags = append(diags, problem)
			}
			*file.path = path
		}
		e.Recognizers[name] = r
	}
	return diags
}

// bindClasses finds the table of classes of the service called name.
func (e *Experiment) bindClasses(name string, r *Recognizer, used bool) Diagnostics {
	if r.Service.Classes == "" {
		return nil
	}
	service := *r.Service
	candidates := e.candidates(service.Classes, "", "recognizers", name, "service", "classes")
	path, found := first(candidates)
	service.Classes, r.Service = path, &service
	if found || !used {
		return nil
	}
	problem := e.At(fmt.Sprintf("the classes of %s are nowhere", name), "recognizers", name, "service", "classes")
	problem.Detail = fmt.Sprintf("not found: %s; each line of the file is a label of the service, a comma, and a class", list(candidates))
	return Diagnostics{problem}
}

// obtain adds where to get what is missing, if the spec says.
func obtain(advice, download string) string {
	if download == "" {
		return advice
	}
	return advice + "; to get it: " + download
}

// used lists the recognizers that the experiment asks for, and the datasets: its own, those judged
// and those on which these recognizers are trained.
func (e *Experiment) used() (recognizers, datasets []string) {
	recognizers = slices.Concat(e.Sources, e.AllEvaluators())
	for _, name := range recognizers {
		if backbone := e.BackboneOf(name); backbone != "" {
			recognizers = append(recognizers, backbone)
		}
	}
	datasets = append([]string{e.Dataset}, e.JudgedDatasets()...)
	for _, name := range recognizers {
		if r := e.Recognizers[name]; r.Train != nil {
			datasets = append(datasets, r.Dataset)
		}
	}
	return recognizers, datasets
}

// candidates lists where the file called name, which stands at path in the spec, may
// be: in dir, if any, then beside the spec that names it. None if name is "".
func (e *Experiment) candidates(name, dir string, path ...any) []string {
	if name == "" {
		return nil
	}
	if filepath.IsAbs(name) {
		return []string{name}
	}
	var all []string
	if dir != "" {
		all = append(all, filepath.Join(dir, name))
	}
	beside := "." // of --set: the working folder
	if src := e.root.at(path...).src; src.path != "" {
		beside = filepath.Dir(src.path)
	}
	return append(all, filepath.Join(beside, name))
}

// first returns the absolute path of the first candidate that exists; else that of
// the first one.
func first(candidates []string) (string, bool) {
	for _, candidate := range candidates {
		if _, err := os.Stat(candidate); err == nil {
			return absolute(candidate), true
		}
	}
	if len(candidates) == 0 {
		return "", false
	}
	return absolute(candidates[0]), false
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path // the working folder is gone; the path still says what was meant
}
