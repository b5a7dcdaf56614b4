package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"transfera/runner"
)

// follow takes part in the run of another process. Signals are left to that one, which ends this one in turn.
func follow(c *cobra.Command, prepared *runner.Prepared) error {
	err := prepared.Follow(context.WithoutCancel(c.Context()))
	if err != nil { // a computation that waits for the other process might never return
		abort(c)(err)
	}
	return err
}

// abort ends this process at once, with a sentence.
func abort(c *cobra.Command) func(error) {
	return func(err error) {
		fmt.Fprintln(c.ErrOrStderr(), "transfera:", err)
		os.Exit(1)
	}
}
