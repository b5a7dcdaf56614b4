package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"transfera/runner"
	"transfera/runner/dag"
)

func newPlan() *cobra.Command {
	var f suiteFlags
	var all, noProbe bool
	var saveRates string
	var gpus int
	c := &cobra.Command{
		Use:   "plan SPEC|FOLDER",
		Short: "Show what a run would compute, how long it takes and how much disk; run nothing",
		Long: `plan lists the stages of a suite that are still to compute, with --all the cached ones, too. Times come from what
earlier stages of the same sort took on this machine; sorts that never ran are timed on a few images first.

With --gpus it ends in the hours that each experiment's tables take with so many GPUs, one stage on each. To plan here for GPUs that
are elsewhere, run plan there with --save-rates, and here with --rates.`,
		Example: `  transfera plan experiments/embedded
  transfera plan experiments/embedded --set lambda.ra=0.002
  transfera plan experiments/paper --data imagenet=DIR --data other=DIR --data voc=DIR --weights DIR --save-rates h100.json   # there
  transfera plan experiments/paper --data imagenet=DIR --data other=DIR --data voc=DIR --weights DIR --rates h100.json --gpus 8`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			prepared, err := f.prepare(c, args[0])
			if err != nil {
				return err
			}
			if !noProbe {
				if err := prepared.Probe(c.Context()); err != nil {
					return err
				}
			}
			if saveRates != "" {
				if err := prepared.SaveRates(saveRates); err != nil {
					return err
				}
			}
			workers := prepared.Jobs()
			if gpus > 0 {
				workers = gpus
			}
			out := c.OutOrStdout()
			unknown := 0
			for _, stage := range prepared.Plan.Graph.Stages {
				state := prepared.Status.Of(stage)
				note := ""
				if state == dag.Missing {
					seconds, known := prepared.Rates.Seconds(stage)
					switch {
					case known:
						note = "about " + inWords(seconds)
					case stage.Work > 0:
						unknown++
						note = "time unknown"
					}
				}
				if state == dag.Missing || all {
					fmt.Fprintf(out, "%-10s  %-11s  %s  %s  %s\n", state, stage.Kind, stage.Key[:8], stage.Name, note)
				}
			}
			missing := prepared.Status.Count(dag.Missing)
			fmt.Fprintf(out, "%d stages: %d cached, %d to compute, %d not needed\n",
				len(prepared.Plan.Graph.Stages), prepared.Status.Count(dag.Cached), missing, prepared.Status.Count(dag.Unneeded))
			if missing > 0 {
				least := ""
				if unknown > 0 {
					least = fmt.Sprintf(", without %d stages of a sort that was never timed here", unknown)
				}
				fmt.Fprintf(out, "estimate: %s with %d side by side%s; %s of disk for the results\n",
					inWords(dag.Makespan(prepared.Plan.Graph, prepared.Status, prepared.Rates, workers)), workers, least,
					bytesInWords(prepared.Status.Bytes(prepared.Plan.Graph)))
			}
			if gpus > 0 {
				return printForecasts(out, prepared.Forecasts(gpus), gpus)
			}
			return nil
		},
	}
	f.addSuite(c)
	f.addMachine(c)
	c.Flags().BoolVar(&all, "all", false, "list cached stages too")
	c.Flags().IntVar(&gpus, "gpus", 0, "say how many hours each experiment takes with so many GPUs")
	c.Flags().StringVar(&f.options.Rates, "rates", "", "file of another machine's rates, to plan for that machine")
	c.Flags().StringVar(&saveRates, "save-rates", "", "write this machine's rates to a file, to plan elsewhere")
	c.Flags().BoolVar(&noProbe, "no-probe", false, "do not time sorts of stages that never ran here; their time stays unknown")
	return c
}

// printForecasts is a table of what each experiment takes.
func printForecasts(out io.Writer, forecasts []runner.Forecast, gpus int) error {
	_, _ = fmt.Fprintf(out, "\nhours with %d GPUs, one stage on each\n", gpus)
	lines := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(lines, "experiment\tuntil done, alone\tGPU hours\tGPU hours beyond those above\tstages never timed\t")
	var further float64
	for _, f := range forecasts {
		fmt.Fprintf(lines, "%s\t%s\t%s\t%s\t%d\t\n", f.Experiment, hours(f.Alone), hours(f.Work), hours(f.Further), f.Unknown)
		further += f.Further
	}
	fmt.Fprintf(lines, "all\t\t%s\t\t\t\n", hours(further))
	return lines.Flush()
}

func hours(seconds float64) string { return fmt.Sprintf("%.2f", seconds/3600) }

// inWords rounds an estimate to what can be known of it.
func inWords(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Minute:
		return d.Round(time.Second).String()
	case d < time.Hour:
		return d.Round(10 * time.Second).String()
	}
	return fmt.Sprintf("%.1f hours", d.Hours())
}
