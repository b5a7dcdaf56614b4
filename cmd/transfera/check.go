package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"transfera/experiments"
	"transfera/runner/stages"
)

func newCheck() *cobra.Command {
	var f suiteFlags
	c := &cobra.Command{
		Use:   "check SPEC|FOLDER",
		Short: "Check specs, and find their data and weights",
		Long: `check reads the specs and reports every mistake with its file, line and column. Unless --specs-only is
given it also finds the data and weights, opens them, and reports what is missing or damaged.`,
		Example: `  transfera check experiments/embedded
  transfera check experiments/cifar10 --data cifar10=DIR --weights DIR`,
		Args: cobra.ExactArgs(1),
	}
	specsOnly := c.Flags().Bool("specs-only", false, "look at the specs alone, not at data and weights")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *specsOnly {
			suite, diagnostics := experiments.LoadSuite(args[0], stages.Names(), experiments.Options{Profile: f.profile, Set: f.set})
			_ = diagnostics.Print(c.ErrOrStderr()) // nowhere to complain about stderr
			if diagnostics.HasErrors() {
				return errShown
			}
			fmt.Fprintf(c.OutOrStdout(), "%d experiments are right\n", len(suite.Experiments))
			return nil
		}
		prepared, err := f.prepare(c, args[0])
		if err != nil {
			return err
		}
		out := c.OutOrStdout()
		for _, s := range prepared.Plan.Sources {
			fmt.Fprintf(out, "dataset %s, %s: %d images, fingerprint %.12s\n", s.Name, s.Split, s.N, s.Fingerprint)
		}
		for _, warning := range prepared.Plan.Warnings {
			fmt.Fprintln(out, "warning:", warning)
		}
		fmt.Fprintf(out, "%d experiments are right\n", len(prepared.Plan.Tables))
		return nil
	}
	f.addSuite(c)
	f.addMachine(c)
	return c
}

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of specs, for editors",
		Example: `  transfera schema > spec.schema.json
  # then, as the first line of a spec: # yaml-language-server: $schema=spec.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(experiments.Schema(stages.Names()))
			return err
		},
	}
}
