package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"transfera/runner"
	"transfera/runner/slurm"
)

// toCluster prepares the flags for the executor: on a cluster, each job gives a command of its own.
func (f *suiteFlags) toCluster(executor, path string) error {
	f.options.Executor = executor
	if executor != runner.Slurm {
		return nil
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program, which the jobs are to run: %w", err)
	}
	command := []string{program, "stage", path}
	for _, flag := range []struct{ name, value string }{
		{"profile", f.profile}, {"weights", f.weights}, {"cache", f.options.Cache}, {"device", f.options.Device},
	} {
		if flag.value != "" {
			command = append(command, "--"+flag.name, flag.value)
		}
	}
	for _, assignment := range f.set {
		command = append(command, "--set", assignment)
	}
	for _, assignment := range f.data {
		command = append(command, "--data", assignment)
	}
	if n := f.options.Threads; n > 0 {
		command = append(command, "--threads", strconv.Itoa(n))
	}
	if n := f.options.LoaderWorkers; n > 0 {
		command = append(command, "--loader-workers", strconv.Itoa(n))
	}
	f.options.StageCommand = command
	return nil
}

func newStage() *cobra.Command {
	var f suiteFlags
	var failures string
	c := &cobra.Command{
		Use:   "stage SPEC|FOLDER KEY...",
		Short: "Compute single stages of a plan: what the jobs of a cluster do",
		Long: `stage plans the suite, computes the stages of these keys and keeps their results in the cache. Their inputs
must be there. run --executor slurm submits it; there is no need to give it by hand.`,
		Example: "  transfera stage experiments/smoke 0123456789abcdef0123456789abcdef --failures DIR",
		Args:    cobra.MinimumNArgs(2),
		Hidden:  true,
		RunE: func(c *cobra.Command, args []string) error {
			suite, err := f.load(c, args[0])
			if err != nil {
				return err
			}
			f.options.Progress = c.ErrOrStderr()
			return runner.ComputeStages(c.Context(), suite, f.options, args[1:], failures)
		},
	}
	f.addSuite(c)
	f.addMachine(c)
	c.Flags().StringVar(&failures, "failures", "", "folder for the files KEY.error that say why a stage failed")
	return c
}

func newCancel() *cobra.Command {
	var folder string
	c := &cobra.Command{
		Use:   "cancel",
		Short: "End the Slurm jobs that runs left in the queue",
		Long: `cancel ends all jobs that runs with --executor slurm submitted for a cache and that are still in the queue.
What they had computed stays, and trainings go on from their checkpoints in the next run.`,
		Example: "  transfera cancel --cache results/cache",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := runner.OpenCache(folder)
			if err != nil {
				return err
			}
			tasks, err := slurm.Cancel(c.Context(), s)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%d tasks cancelled\n", tasks)
			return nil
		},
	}
	c.Flags().StringVar(&folder, "cache", "", "folder of what was computed before (default results/cache)")
	return c
}
