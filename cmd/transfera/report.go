package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"transfera/results/report"
)

func newReport() *cobra.Command {
	return &cobra.Command{
		Use:   "report DIR",
		Short: "Write report.html of an output folder again",
		Long: `report makes DIR/report.html out of what a run left in DIR: cells.csv, gains.csv, manifest.json, tables/*.json and
the pictures in figures/. It computes nothing and needs neither cache nor data, so that it works on results from
another machine. Every run writes the report itself; this command is for older or copied folders, and after a figure
or table was added to one.

The report is one file that loads nothing: open it in a browser. Its tables sort by any column, and a number chosen in
them shows its seeds, settings, test, stages and weights.`,
		Example: `  transfera run experiments/embedded
  transfera report results/out/embedded

  transfera report results/snapshots/embedded   # results that come with the repository`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			path, err := report.Write(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), path)
			return err
		},
	}
}
