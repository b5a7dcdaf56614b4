// Command transfera reproduces "Transferable Recognition-Aware Image Processing" from declarative specs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills
	if err := run(ctx, os.Stdout, os.Stderr, os.Args[1:]); err != nil {
		os.Exit(1)
	}
}

// errShown is the error of commands that have told what is wrong themselves.
var errShown = errors.New("")

// run executes one command line and tells the user about its error.
func run(ctx context.Context, stdout, stderr io.Writer, args []string) error {
	root := newRoot()
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, errShown) {
		fmt.Fprintln(stderr, "transfera:", err)
	}
	return err
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "transfera",
		Short: "Trains and judges recognition-aware image processing",
		Long: `transfera trains image processors (super-resolution, denoising, JPEG-deblocking) plainly and
recognition-aware, judges them by recognizers that took no part, and writes the paper's tables.

An experiment is a YAML file, a suite a folder of them:

  transfera run experiments/embedded
  transfera plan experiments/cifar10 --data cifar10=DIR --weights DIR`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newRun(), newPlan(), newCheck(), newSchema(), newReport(), newEvaluate(), newServe(), newStudy(), newProcess(),
		newExport(), newDoctor(), newModels(), newWeights(), newCache(), newGenerate(), newStage(), newCancel())
	addCompletions(root)
	return root
}

// flagError says what is wrong with a flag in words of its own kind, not of Go's parsers.
func flagError(c *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	var number *strconv.NumError
	switch {
	case errors.As(err, &invalid) && errors.As(err, &number):
		kind := "number"
		if number.Func == "ParseInt" {
			kind = "whole number"
		}
		return fmt.Errorf("--%s %s: %q is not a %s", invalid.GetFlag().Name, invalid.GetValue(), number.Num, kind)
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s %s: %w", invalid.GetFlag().Name, invalid.GetValue(), errors.Unwrap(err))
	}
	return fmt.Errorf("%w; %s --help lists the flags", err, c.CommandPath())
}
