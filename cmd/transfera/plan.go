package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"transfera/runner/dag"
)

func newPlan() *cobra.Command {
	var f suiteFlags
	var all, noProbe bool
	c := &cobra.Command{
		Use:   "plan SPEC|FOLDER",
		Short: "Show what a run would compute, how long it takes and how much disk; run nothing",
		Long: `plan lists the stages of a suite with what is cached. Times come from what earlier stages of the same sort
took on this machine; sorts that never ran are timed on a few images first.`,
		Example: `  transfera plan experiments/embedded
  transfera plan experiments/embedded --set lambda.ra=0.002`,
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
					inWords(dag.Makespan(prepared.Plan.Graph, prepared.Status, prepared.Rates, prepared.Jobs())), prepared.Jobs(), least,
					bytesInWords(prepared.Status.Bytes(prepared.Plan.Graph)))
			}
			return nil
		},
	}
	f.addSuite(c)
	f.addMachine(c)
	c.Flags().BoolVar(&all, "all", false, "list cached stages too")
	c.Flags().BoolVar(&noProbe, "no-probe", false, "do not time sorts of stages that never ran here; their time stays unknown")
	return c
}

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
