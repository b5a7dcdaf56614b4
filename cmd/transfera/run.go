package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
)

func newRun() *cobra.Command {
	var f suiteFlags
	var executor string
	c := &cobra.Command{
		Use:   "run SPEC|FOLDER",
		Short: "Run an experiment or a suite",
		Long: `run computes what is not cached and writes cells.csv, gains.csv, tables, figures, manifest.json and report.html.

A stopped or killed run goes on where it was when the same command is given again.

With --nproc N, or started by torchrun, N processes train and evaluate together, each with a part of every batch. Batches
are those of the spec however many processes share them, so results differ by rounding only.

With --executor slurm the stages become jobs of a Slurm cluster, with the resources that the specs give under cluster;
tables are made here. Jobs stay in the queue when the command ends before they do: give it again to follow them, or
transfera cancel to end them. --device is that of the jobs, and --jobs how many of one array run side by side.`,
		Example: `  transfera run experiments/embedded
  transfera run experiments/cifar10/sr.yaml --data cifar10=DIR --weights DIR --set training.steps=200
  transfera run experiments/paper/quality.yaml --data imagenet=DIR --weights DIR --nproc 4
  transfera run experiments/paper --executor slurm --device cuda --data imagenet=DIR --data other=DIR --data voc=DIR --weights DIR`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := f.toCluster(executor, args[0]); err != nil {
				return err
			}
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
				text, readErr := os.ReadFile(file)
				if readErr != nil {
					return errors.Join(err, readErr)
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
	c.Flags().StringVar(&executor, "executor", "local", "local computes here, slurm as jobs of a cluster that shares this folder and the cache")
	return c
}
