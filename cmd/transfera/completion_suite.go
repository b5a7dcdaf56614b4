package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"

	"transfera/experiments"
	"transfera/runner/stages"
)

// The completions below look into the suite that the command line names before them.

// named loads that suite, nil if there is none or it is wrong.
func named(c *cobra.Command, args []string) *experiments.Suite {
	if len(args) == 0 {
		return nil
	}
	profile, _ := c.Flags().GetString("profile")
	suite, _ := experiments.LoadSuite(args[0], stages.Names(), experiments.Options{Profile: profile})
	return suite
}

func profiles(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return experiments.Profiles(args[0]), cobra.ShellCompDirectiveNoFileComp
}

// datasetsOnDisk proposes NAME= of the suite's datasets that have files; the shell goes on with these.
func datasetsOnDisk(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if strings.Contains(typed, "=") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	found := map[string]bool{}
	if suite := named(c, args); suite != nil {
		kinds := stages.Names().Datasets
		for _, e := range suite.Experiments {
			for name, dataset := range e.Datasets {
				if kinds[dataset.Kind].NeedsPath && dataset.PartOf == "" {
					found[name+"="] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// settings proposes KEY= with the value that the suite has, then, for the axes of an experiment, the names that it defines.
func settings(c *cobra.Command, args []string, typed string) (found []string, _ cobra.ShellCompDirective) {
	suite := named(c, args)
	if suite == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if key, _, begun := strings.Cut(typed, "="); begun {
		for _, value := range values(suite, key) {
			found = append(found, key+"="+value)
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
	now := map[string]string{}
	for _, e := range suite.Experiments {
		var document yaml.Node
		if err := yaml.Unmarshal(e.Resolved, &document); err == nil && len(document.Content) == 1 {
			leaves(document.Content[0], "", now)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(now)) {
		if strings.HasPrefix(key, typed) {
			found = append(found, cobra.CompletionWithDesc(key+"=", "now "+now[key]))
		}
	}
	return found, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// leaves collects the values and lists of a spec by their dotted keys; of several specs the first one's counts.
func leaves(n *yaml.Node, key string, into map[string]string) {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			leaves(n.Content[i+1], strings.TrimPrefix(key+"."+n.Content[i].Value, "."), into)
		}
		return
	}
	if _, seen := into[key]; !seen {
		n.Style = yaml.FlowStyle
		text, _ := yaml.Marshal(n)
		into[key] = strings.Join(strings.Fields(string(text)), " ")
	}
}

// values are the names that an axis of the suite may have, written as YAML.
func values(suite *experiments.Suite, axis string) []string {
	found := map[string]bool{}
	for _, e := range suite.Experiments {
		var names []string
		form := "[%s]"
		switch axis {
		case "tasks":
			names = slices.Collect(maps.Keys(e.Degradations))
		case "sources", "evaluators":
			names = slices.Collect(maps.Keys(e.Recognizers))
		case "processor", "transformer":
			names, form = slices.Collect(maps.Keys(e.Processors)), "%s"
		case "dataset":
			names, form = slices.Collect(maps.Keys(e.Datasets)), "%s"
		case "methods":
			for _, method := range stages.Names().Methods {
				names = append(names, method.Name)
			}
		case "metrics":
			for _, metric := range stages.Names().Metrics {
				names = append(names, metric.Name)
			}
		}
		for _, name := range names {
			found[fmt.Sprintf(form, name)] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
