package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"transfera/data"
	"transfera/experiments"
	"transfera/models"
	"transfera/models/processing"
	"transfera/models/recognizers"
	"transfera/runner"
)

// complete tells the shell what an argument or a flag's value may be. Whatever goes wrong while it looks means no proposals.
type complete = cobra.CompletionFunc

// addCompletions gives every command of the tree its completions.
func addCompletions(root *cobra.Command) {
	arguments := map[string]complete{
		"run": first(specFiles), "plan": first(specFiles), "check": first(specFiles), "doctor": first(specFiles), "stage": first(specFiles),
		"cache prune": specFiles, "cache copy": first(cachedKeys),
		"models": first(architectureNames), "generate": first(detectionKinds),
		"report": first(outputFolders), "study build": first(outputFolders),
		"study serve": first(folders), "study invite": first(folders), "study analyze": first(folders),
		"weights inspect": first(weightFiles), "weights convert": first(weightFiles),
	}
	everywhere := map[string]complete{
		"profile": profiles, "set": settings, "out": folders, "cache": folders, "into": outputFolders, "arch": recognizerNames,
		"option": architectureOptions, "device": words("auto", "cpu", "cuda", "cuda:0"), "executor": words("local", "slurm"),
		"format": words("png", "jpeg", "same"), "model": weightFiles, "transformer": weightFiles, "questions": words("labels", "pictures"),
	}
	ofSuites := map[string]complete{"data": datasetsOnDisk, "weights": folders}
	ofOneRecognizer := map[string]complete{"data": folders, "weights": weightFiles}
	for _, c := range runnable(root) {
		path := strings.TrimPrefix(c.CommandPath(), root.Name()+" ")
		c.ValidArgsFunction = arguments[path]
		if c.ValidArgsFunction == nil {
			c.ValidArgsFunction = cobra.NoFileCompletions
		}
		own := ofOneRecognizer
		if c.Flags().Lookup("profile") != nil {
			own = ofSuites
		}
		for _, flags := range []map[string]complete{everywhere, own} {
			for name, values := range flags {
				if c.Flags().Lookup(name) == nil {
					continue
				}
				if err := c.RegisterFlagCompletionFunc(name, values); err != nil {
					panic(err) // the flag is there, and has none yet
				}
			}
		}
	}
}

// runnable are the commands under c that do something.
func runnable(c *cobra.Command) (all []*cobra.Command) {
	for _, sub := range c.Commands() {
		if sub.Runnable() {
			all = append(all, sub)
		}
		all = append(all, runnable(sub)...)
	}
	return all
}

// first proposes nothing after the first argument.
func first(values complete) complete {
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return values(c, args, typed)
	}
}

func words(all ...string) complete {
	return cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp)
}

func folders(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

func weightFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"safetensors", "pth", "th"}, cobra.ShellCompDirectiveFilterFileExt
}

// specFiles proposes the suites and experiments of the folder that is typed, without a space behind them, since one may go on
// into a folder. Where nothing is typed yet, these are the suites of experiments/.
func specFiles(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	if typed == "" {
		typed = "experiments/"
	}
	folder, begun := filepath.Split(typed)
	entries, _ := os.ReadDir(filepath.Join(folder, "."))
	var found []string
	for _, entry := range entries {
		path := folder + entry.Name()
		switch {
		case !strings.HasPrefix(entry.Name(), begun), entry.Name() == "testdata":
		case entry.IsDir() && len(specsIn(path)) > 0:
			found = append(found, cobra.CompletionWithDesc(path, fmt.Sprintf("suite of %d", len(specsIn(path)))))
		case entry.IsDir() && !strings.HasPrefix(entry.Name(), "."):
			found = append(found, path+"/")
		case experiments.IsExperiment(entry.Name()):
			found = append(found, path)
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func specsIn(folder string) (names []string) {
	entries, _ := os.ReadDir(folder)
	for _, entry := range entries {
		if !entry.IsDir() && experiments.IsExperiment(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names
}

// outputFolders proposes what runs left, and what comes with the repository.
func outputFolders(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	var found []string
	for _, pattern := range []string{"results/out/*/manifest.json", "results/snapshots/*/manifest.json", typed + "*/manifest.json"} {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			if folder := filepath.Dir(path); strings.HasPrefix(folder, typed) && !slices.Contains(found, folder) {
				found = append(found, folder)
			}
		}
	}
	if len(found) == 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// cachedKeys proposes the keys of results with the names of their stages.
func cachedKeys(c *cobra.Command, _ []string, _ string) (found []string, _ cobra.ShellCompDirective) {
	folder, _ := c.Flags().GetString("cache")
	if folder == "" {
		folder = filepath.Join("results", "cache")
	}
	if _, err := os.Stat(folder); err == nil { // opening it would make it
		if s, err := runner.OpenCache(folder); err == nil {
			records, _ := s.List()
			for _, r := range records {
				found = append(found, cobra.CompletionWithDesc(r.Key[:8], r.Kind+" "+r.Name))
			}
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

func described(architectures []models.Architecture) (found []string) {
	for _, a := range architectures {
		found = append(found, cobra.CompletionWithDesc(a.Name, a.Doc))
	}
	return found
}

func recognizerNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return described(recognizers.Architectures), cobra.ShellCompDirectiveNoFileComp
}

func architectureNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return append(described(recognizers.Architectures), described(processing.Architectures)...), cobra.ShellCompDirectiveNoFileComp
}

// architectureOptions proposes those of the architecture that --arch names, or of the kind of dataset that is to be written.
func architectureOptions(c *cobra.Command, args []string, _ string) (found []string, _ cobra.ShellCompDirective) {
	if arch, err := c.Flags().GetString("arch"); err == nil {
		a, _ := recognizers.Named(arch)
		for _, o := range a.Options {
			found = append(found, cobra.CompletionWithDesc(o.Name+"=", o.Doc))
		}
	}
	for _, kind := range data.DatasetKinds() {
		if len(args) == 1 && kind.Name == args[0] {
			for _, o := range kind.Options {
				found = append(found, cobra.CompletionWithDesc(o.Name+"=", o.Doc))
			}
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// detectionKinds are the datasets that generate can write.
func detectionKinds(*cobra.Command, []string, string) (found []string, _ cobra.ShellCompDirective) {
	for _, kind := range data.DatasetKinds() {
		if kind.Objects && !kind.NeedsPath {
			found = append(found, cobra.CompletionWithDesc(kind.Name, kind.Doc))
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}
