package main

import (
	"cmp"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"transfera/runner/doctor"
)

func newDoctor() *cobra.Command {
	var f suiteFlags
	c := &cobra.Command{
		Use:   "doctor [SPEC|FOLDER]",
		Short: "Examine the installation and the machine",
		Long: `doctor computes with libtorch on the chosen device, compares libjpeg-turbo's bytes with Pillow's, and looks at processes,
cores, memory, disk and locks. Each line is ok, limited (it works, with less than there could be) or broken, and says what to
do. With a SPEC or FOLDER it also looks for that one's data and weights, as transfera check does. The exit status is 1 if
anything is broken.`,
		Example: `  transfera doctor
  transfera doctor experiments/cifar10 --data cifar10=DIR --weights DIR`,
		Args: cobra.MaximumNArgs(1),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		out, broken := c.OutOrStdout(), false
		findings := doctor.Examine(doctor.Options{
			Device: f.options.Device,
			Cache:  cmp.Or(f.options.Cache, filepath.Join("results", "cache")),
			Out:    cmp.Or(f.options.Out, filepath.Join("results", "out")),
		})
		for _, finding := range findings {
			fmt.Fprintf(out, "%-8s %-10s %s\n", finding.State, finding.Of, finding.Words)
			if finding.State != doctor.Fine {
				fmt.Fprintf(out, "%-8s %-10s -> %s\n", "", "", finding.Advice)
			}
			broken = broken || finding.State == doctor.Broken
		}
		if len(args) == 1 && !broken {
			prepared, err := f.prepare(c, args[0])
			if err != nil {
				return err
			}
			for _, s := range prepared.Plan.Sources {
				fmt.Fprintf(out, "%-8s %-10s %s, %s: %d images\n", doctor.Fine, "data", s.Name, s.Split, s.N)
			}
			fmt.Fprintf(out, "%-8s %-10s %s: %d experiments are right\n", doctor.Fine, "specs", args[0], len(prepared.Plan.Tables))
		}
		if broken {
			return errShown
		}
		return nil
	}
	f.addSuite(c)
	f.addMachine(c)
	return c
}
