package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
)

func newRun() *cobra.Command {
	var f suiteFlags
	c := &cobra.Command{
		Use:   "run SPEC|FOLDER",
		Short: "Run an experiment or a suite",
		Long: `run computes what is not cached and writes cells.csv, gains.csv, tables, figures, manifest.json and report.html.

A stopped or killed run goes on where it was when the same command is given again.

With --nproc N, or started by torchrun, N processes train and evaluate together, each with a part of every batch. Batches
are those of the spec however many processes share them, so results differ by rounding only.`,
		Example: `  transfera run experiments/embedded
  transfera run experiments/paper --data imagenet=DIR --weights DIR --nproc 4
  transfera run experiments/cifar10/sr.yaml --data cifar10=DIR --weights DIR --set training.steps=200`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			prepared, err := f.prepare(c, args[0])
			if err != nil {
				return err
			}
			if f.options.Place.Rank > 0 {
				return follow(c, prepared)
			}
			summary, err := prepared.Run(c.Context())
			if summary == nil {
				return err
			}
			for _, file := range summary.Tables {
				text, err := os.ReadFile(file)
				if err != nil {
					return err
				}
				fmt.Fprintf(c.OutOrStdout(), "%s\n", text)
			}
			fmt.Fprintf(c.OutOrStdout(), "%d stages computed, %d cached, in %s; results in %s\n", summary.Computed, summary.Cached,
				time.Duration(summary.Seconds*float64(time.Second)).Round(100*time.Millisecond), prepared.Out())
			return err
		},
	}
	f.addSuite(c)
	f.addMachine(c)
	return c
}
