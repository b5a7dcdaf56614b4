package experiments

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Options say how to read a spec.
type Options struct {
	// Profile to apply; "" is the spec's default_profile, if it has one.
	Profile string
	// Set are overrides "a.b[0].c=value", the value written as YAML.
	Set []string
}

// Experiment is one spec, checked and complete: every default is filled in.
type Experiment struct {
	Spec
	// Name is the file's, without its extension.
	Name string
	// File is the spec's, as given.
	File string
	// Profile is the one that was applied, "" for none.
	Profile string
	// Resolved is the spec as YAML with inheritance, profile, overrides and
	// defaults worked in. Loading it gives the same experiment.
	Resolved []byte
	// Hash is the SHA-256 of Resolved, in hexadecimal.
	Hash string

	root  *node
	names Names
}

// IsExperiment reports whether a file of this name is an experiment, rather than
// definitions for others (base*.yaml, _*.yaml) or something else.
func IsExperiment(name string) bool {
	base := filepath.Base(name)
	return isYAML(base) && !strings.HasPrefix(base, "base") && !strings.HasPrefix(base, "_")
}

// Load reads the experiment in the file at path. The experiment is nil if the
// diagnostics have errors; warnings come with it.
func Load(path string, names Names, opts Options) (*Experiment, Diagnostics) {
	e, diags := load(path, names, opts)
	if diags = diags.tidy(); diags.HasErrors() {
		return nil, diags
	}
	return e, diags
}

// load reads one experiment and returns everything that is wrong with it; the
// experiment is nil where that is no use.
func load(path string, names Names, opts Options) (*Experiment, Diagnostics) {
	if base := filepath.Base(path); isYAML(base) && !IsExperiment(base) {
		return nil, Diagnostics{{File: path, Summary: "this file holds definitions for experiments (base*.yaml, _*.yaml) and is none itself"}}
	}
	if !identifier.MatchString(stem(path)) {
		return nil, Diagnostics{{File: path, Summary: "an experiment's file is named with letters, digits, - and _ only"}}
	}
	root, whole, diags := readSpec(path)
	if root == nil {
		return nil, diags
	}
	profile, more := choose(root, opts)
	diags = append(diags, more...)
	merged := merge(root, root.get("profiles").get(profile))
	for _, text := range opts.Set {
		var more Diagnostics
		merged, more = override(merged, text)
		diags = append(diags, more...)
	}
	e := &Experiment{Name: stem(path), File: path, Profile: profile}
	incomplete := !whole || profile == "" && opts.Profile != ""
	diags = append(diags, e.build(merged, names, incomplete)...)
	diags = append(diags, others(root, profile, e, names, incomplete)...)
	if !diags.HasErrors() {
		e.resolve()
	}
	return e, diags
}

// choose returns the name of the profile to apply, "" for none.
func choose(root *node, opts Options) (string, Diagnostics) {
	profiles := root.get("profiles")
	if opts.Profile == "" {
		name, _ := root.get("default_profile").asText()
		if profiles.get(name) == nil {
			name = "" // the decoder reports it
		}
		return name, nil
	}
	if profiles.get(opts.Profile) != nil {
		return opts.Profile, nil
	}
	return "", Diagnostics{{
		File: "--profile", Line: 1, Column: 1, text: opts.Profile, width: len([]rune(opts.Profile)),
		Summary:    fmt.Sprintf("unknown profile %s", quote(opts.Profile)),
		Detail:     "the profiles are: " + list(profiles.keys()),
		Suggestion: suggest(opts.Profile, profiles.keys()),
	}}
}

// The whole spec is checked once for each profile.
const mostProfiles = 100

// others checks the profiles that are not applied, so that a mistake in one shows
// before someone needs it. Its warnings are of no concern to this run.
func others(root *node, applied string, e *Experiment, names Names, incomplete bool) Diagnostics {
	var diags Diagnostics
	profiles := root.get("profiles")
	if n := len(profiles.keys()); n > mostProfiles {
		return Diagnostics{profiles.here(fmt.Sprintf("%d profiles; a spec may have %d", n, mostProfiles))}
	}
	for _, name := range profiles.keys() {
		if name != applied && profiles.get(name).sort == mapping {
			other := &Experiment{Name: e.Name, File: e.File}
			found := other.build(merge(root, profiles.get(name)), names, incomplete)
			diags = append(diags, slices.DeleteFunc(found, func(d Diagnostic) bool { return d.Severity == Warning })...)
		}
	}
	return diags
}

// build decodes and checks the merged tree.
func (e *Experiment) build(merged *node, names Names, incomplete bool) Diagnostics {
	e.root, e.names = parts(perTask(merged)), names
	d := &decoder{names: &names, root: e.root, incomplete: incomplete}
	var document Document
	d.structure(e.root, reflect.ValueOf(&document).Elem(), "")
	e.Spec = document.Spec
	if e.Title == "" {
		e.Title = e.Name
	}
	c := &checker{decoder: d, e: e}
	c.check()
	return d.diags
}

// perTask completes the training and lambda of every task's settings with the
// experiment's own.
func perTask(root *node) *node {
	tasks := root.get("per_task")
	if tasks == nil {
		return root
	}
	for _, f := range tasks.pairs() {
		settings := f.value
		for _, g := range settings.pairs() {
			if name := g.key.text; (name == "training" || name == "lambda") && g.value.sort == mapping {
				settings = settings.with(g.key, merge(root.get(name), g.value))
			}
		}
		tasks = tasks.with(f.key, settings)
	}
	return root.replace("per_task", tasks)
}

// parts completes every dataset that is part of another one with that one's keys.
func parts(root *node) *node {
	whole := root.get("datasets")
	datasets := whole
	for _, f := range whole.pairs() {
		name, _ := f.value.get("part_of").asText()
		if base := whole.get(name); base != nil && base.sort == mapping && f.value.sort == mapping {
			datasets = datasets.with(f.key, merge(base, f.value))
		}
	}
	if datasets == nil {
		return root
	}
	return root.replace("datasets", datasets)
}

// resolve writes the experiment out and hashes it.
func (e *Experiment) resolve() {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(e.Spec); err != nil {
		panic(fmt.Sprintf("experiments: a checked spec cannot be written: %v", err))
	}
	sum := sha256.Sum256(b.Bytes())
	e.Resolved, e.Hash = b.Bytes(), hex.EncodeToString(sum[:])
}

// At returns an error at the place in the spec that path, of keys (string) and
// indices (int), leads to, or as near as it gets: for what only the caller can
// find out, such as a missing file.
func (e *Experiment) At(summary string, path ...any) Diagnostic {
	return e.root.at(path...).here(summary)
}
