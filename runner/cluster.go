package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"transfera/aten"
	"transfera/experiments"
	"transfera/results/atomicfile"
	"transfera/runner/dag"
	"transfera/runner/progress"
	"transfera/runner/slurm"
	"transfera/runner/stages"
)

// The executors that Options may name.
const (
	Local = "local"
	Slurm = "slurm"
)

// executor is what computes the stages of p.
func executor(p *Prepared, o Options) dag.Executor {
	if o.Executor != Slurm {
		return dag.Run
	}
	x := &slurm.Executor{
		Command: o.StageCommand, Cluster: p.clusters(), Kind: stages.KindOf, Here: stages.MadeHere, Limit: o.Jobs,
	}
	return x.Run
}

// deviceOf is the device that a plan is made for. A machine that submits to a cluster need not have that of the jobs, and its
// plan is the same on any.
func deviceOf(o Options) (aten.Device, error) {
	if o.Executor == Slurm && (o.Device == "cuda" || strings.HasPrefix(o.Device, "cuda:")) {
		return aten.CPU, nil
	}
	return o.device()
}

// device is what the manifest says.
func (p *Prepared) device() string {
	if p.options.Executor == Slurm {
		return cmp.Or(p.options.Device, "auto") + " of Slurm jobs"
	}
	return p.env.Device.String()
}

// clusters finds the cluster settings of a stage: those of the first experiment that needs it.
func (p *Prepared) clusters() func(*dag.Stage) *experiments.Cluster {
	first := map[*dag.Stage]*experiments.Cluster{}
	for i, table := range p.Plan.Tables {
		var walk func(*dag.Stage)
		walk = func(stage *dag.Stage) {
			if _, known := first[stage]; !known {
				first[stage] = p.suite.Experiments[i].Cluster
				for _, input := range stage.Inputs {
					walk(input)
				}
			}
		}
		walk(table)
		for _, study := range p.Plan.Studies {
			if study.Experiment == p.suite.Experiments[i].Name {
				walk(study.Stage)
			}
		}
	}
	return func(stage *dag.Stage) *experiments.Cluster { return first[stage] }
}

// appear is how long an input may take to be seen here that another node has made.
const appear = 30 * time.Second

// ComputeStages computes the stages of these keys, of which the suite's plan has the inputs in the cache, and keeps their
// results: what a job on a cluster does. Where a stage fails, one sentence on why goes into the file KEY.error of the folder
// failures, unless that is "".
func ComputeStages(ctx context.Context, suite *experiments.Suite, o Options, keys []string, failures string) error {
	o.Jobs = 1
	if cpus, err := strconv.Atoi(os.Getenv("SLURM_CPUS_PER_TASK")); err == nil && o.LoaderWorkers == 0 {
		o.LoaderWorkers = cpus // the job's share of the node
	}
	err := computeStages(ctx, suite, o, keys, failures)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("stopped: %w; the stages are as they were, or have a checkpoint to go on from", err)
	}
	return err
}

func computeStages(ctx context.Context, suite *experiments.Suite, o Options, keys []string, failures string) error {
	p, err := planned(ctx, suite, o)
	if err != nil {
		return err
	}
	p.nameCode()
	var wanted []*dag.Stage
	for _, key := range keys {
		stage := p.Plan.Graph.Find(key)
		if stage == nil {
			return fmt.Errorf("the plan has no stage %s: specs, data or program have changed since it was submitted; run the suite again", key)
		}
		wanted = append(wanted, stage)
	}
	status, err := p.inspect(ctx, wanted)
	if err != nil {
		return err
	}
	rates, err := dag.MeasuredRates(p.env.Store)
	if err != nil {
		return err
	}
	out := o.Progress
	if out == nil {
		out = io.Discard
	}
	reporter := progress.New(wanted, progress.Options{Out: out, Terminal: o.Terminal, Workers: 1, Rates: rates})
	defer reporter.Close()
	outcomes, err := dag.Run(ctx, p.Plan.Graph, p.env.Store, status, dag.Options{Workers: 1, Rates: rates, Watcher: reporter})
	if err != nil {
		return err
	}
	var unwritten error
	for _, outcome := range outcomes {
		if outcome.Err != nil && failures != "" {
			path := filepath.Join(failures, outcome.Stage.Key+slurm.FailureSuffix)
			unwritten = errors.Join(unwritten, atomicfile.Write(path, []byte(outcome.Err.Error()+"\n")))
		}
	}
	return errors.Join(dag.Failures(outcomes), unwritten)
}

// inspect looks the stages up, and waits a little for inputs that other nodes have made: what one node has renamed into place
// another may see later.
func (p *Prepared) inspect(ctx context.Context, wanted []*dag.Stage) (*dag.Status, error) {
	for deadline := time.Now().Add(appear); ; {
		status, err := dag.InspectOnly(p.Plan.Graph, p.env.Store, wanted)
		if err == nil || time.Now().After(deadline) {
			return status, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(time.Second):
		}
	}
}
