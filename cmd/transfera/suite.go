package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"transfera/experiments"
	"transfera/runner"
	"transfera/runner/ranks"
	"transfera/runner/stages"
)

// suiteFlags are those of every command that works on a suite.
type suiteFlags struct {
	profile, weights string
	set, data        []string
	options          runner.Options
}

// addSuite adds the flags that say which suite, with what, is meant.
func (f *suiteFlags) addSuite(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.profile, "profile", "", "apply this profile of the specs instead of their default one")
	flags.StringArrayVar(&f.set, "set", nil, "override one value, as in training.steps=100 (repeatable)")
	flags.StringArrayVar(&f.data, "data", nil, "say where a dataset is, as in NAME=PATH (repeatable)")
	flags.StringVar(&f.weights, "weights", "", "folder of the recognizers' weights files")
}

// addMachine adds the flags that say where it is computed.
func (f *suiteFlags) addMachine(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.options.Out, "out", "", "folder of the results (default results/out/SUITE)")
	flags.StringVar(&f.options.Cache, "cache", "", "folder of what was computed before (default results/cache)")
	flags.StringVar(&f.options.Device, "device", "auto", "auto, cpu, cuda or cuda:N")
	flags.IntVar(&f.options.Jobs, "jobs", 0, "stages side by side (default one per core, one on a GPU); changes no result")
	flags.IntVar(&f.options.LoaderWorkers, "loader-workers", 0, "images that each stage prepares side by side (default the cores per job); changes no result")
	flags.IntVar(&f.options.Processes, "nproc", 0, "processes that train and evaluate together, each on its own GPU or share of the cores (default 1); changes rounding")
	flags.IntVar(&f.options.Threads, "threads", 0, "threads of each stage's operators (default 1, all cores beside a GPU); changes rounding")
}

// load reads the suite at path and finds its files. Mistakes are shown, all at once.
func (f *suiteFlags) load(c *cobra.Command, path string) (*experiments.Suite, error) {
	data := map[string]string{}
	for _, assignment := range f.data {
		name, place, found := strings.Cut(assignment, "=")
		if !found || name == "" || place == "" {
			return nil, fmt.Errorf("--data %s: write NAME=PATH", assignment)
		}
		data[name] = place
	}
	suite, diagnostics := experiments.LoadSuite(path, stages.Names(), experiments.Options{Profile: f.profile, Set: f.set})
	if !diagnostics.HasErrors() {
		diagnostics = append(diagnostics, suite.Bind(data, f.weights)...)
	}
	_ = diagnostics.Print(c.ErrOrStderr()) // nowhere to complain about stderr
	if diagnostics.HasErrors() {
		return nil, errShown
	}
	return suite, nil
}

// prepare loads a suite and compares it with the cache.
func (f *suiteFlags) prepare(c *cobra.Command, path string) (*runner.Prepared, error) {
	suite, err := f.load(c, path)
	if err != nil {
		return nil, err
	}
	f.options.Abort = abort(c)
	f.options.Progress, f.options.Terminal = c.ErrOrStderr(), isTerminal(c.ErrOrStderr())
	if f.options.Place, err = ranks.FromEnvironment(); err != nil {
		return nil, err
	}
	f.options.Command, f.options.Overrides = append([]string{"transfera"}, os.Args[1:]...), f.set
	return runner.Prepare(c.Context(), suite, f.options)
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
