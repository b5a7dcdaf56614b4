// Package slurm computes the stages of a graph as jobs of a Slurm cluster.
//
// Every missing stage, or group of stages that are cheaper together, becomes a task of a job array. All are submitted at once,
// with what they wait for as dependencies of their jobs, and followed until each has left the queue. What counts as success is the
// result in the store, never what Slurm says. What was submitted is written down beside the results, so that a run that goes
// on after another was killed follows the jobs of that one. The package knows sbatch, squeue, scontrol and scancel; sacct, which
// needs a database, is not needed. Of what stages do it knows nothing.
package slurm

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"transfera/experiments"
	"transfera/runner/dag"
	"transfera/runner/store"
)

// FailureSuffix ends the name, KEY.error, of the file that says why the stage of KEY failed.
const FailureSuffix = ".error"

// lockKey is what runs lock in the store while they submit.
const lockKey = "slurm"

// Executor computes on a cluster. Its method Run is a dag.Executor.
type Executor struct {
	// Command is a program with its arguments. With the keys of stages after it, it computes these under their locks and keeps the
	// results in the same store, and does nothing about those that are there. Where one fails it writes a sentence into the
	// file KEY.error of the folder that it is given as --failures, and exits with another code than 0. It does so too, but
	// writes nothing, where it was ended from outside or lacks an input.
	Command []string
	// Cluster is what the spec of a stage says, and Kind the word for the stage there. Nil asks for one core.
	Cluster func(*dag.Stage) *experiments.Cluster
	Kind    func(*dag.Stage) string
	// Here tells which stages are computed in this process, once all jobs have ended that these need. No other stage may
	// need them.
	Here func(*dag.Stage) bool
	// Limit is how many tasks of one array may run at the same time; 0 sets no limit.
	Limit int
	// Interval between two looks at the queue, and Grace, how long a result may take to appear here after its job has left the
	// queue. 0 are two seconds, growing to thirty, and twenty seconds.
	Interval, Grace time.Duration
}

// Workers is told how many jobs run side by side; watchers may have it.
type Workers interface{ Workers(n int) }

// Run is a dag.Executor. If ctx ends the run, jobs stay in the queue, and the error says so. The options' Workers count for what
// is computed here alone.
func (x *Executor) Run(ctx context.Context, g *dag.Graph, s *store.Store, status *dag.Status, o dag.Options) ([]dag.Outcome, error) {
	r := &run{
		Executor: x, graph: g, store: s, options: o, folder: Folder(s),
		outcomes: map[*dag.Stage]*dag.Outcome{}, unitOf: map[*dag.Stage]*unit{},
	}
	var jobs []*dag.Stage
	for _, stage := range g.Stages {
		switch status.Of(stage) {
		case dag.Cached:
			r.outcomes[stage] = &dag.Outcome{Stage: stage, Record: status.Record(stage), Cached: true}
		case dag.Missing:
			if r.missing = append(r.missing, stage); !x.Here(stage) {
				jobs = append(jobs, stage)
			}
		}
	}
	if len(jobs) > 0 && ctx.Err() == nil {
		var err error
		if r.cluster, err = connect(ctx); err != nil {
			return nil, err
		}
		if err := r.place(ctx, unitsOf(jobs)); err != nil {
			return nil, err
		}
	}
	err := r.follow(ctx)
	if err == nil && len(jobs) > 0 {
		err = r.tidy(ctx)
	}
	var outcomes []dag.Outcome
	for _, stage := range g.Stages {
		if outcome := r.outcomes[stage]; outcome != nil {
			outcomes = append(outcomes, *outcome)
		}
	}
	return outcomes, err
}

// Folder is where the jobs of a store are written down.
func Folder(s *store.Store) string { return filepath.Join(s.Root(), "slurm") }

// run is one call of Run.
type run struct {
	*Executor
	graph    *dag.Graph
	store    *store.Store
	options  dag.Options
	folder   string
	cluster  *cluster
	missing  []*dag.Stage
	outcomes map[*dag.Stage]*dag.Outcome
	unitOf   map[*dag.Stage]*unit
	units    []*unit // that are not done
	silent   time.Time
}

// needs are the units that have to end before u can be computed.
func (r *run) needs(u *unit) []*unit {
	var needs []*unit
	seen := map[*unit]bool{u: true}
	for _, stage := range u.stages {
		for _, input := range stage.Inputs {
			if n := r.unitOf[input]; n != nil && r.outcomes[input] == nil && !seen[n] {
				seen[n] = true
				needs = append(needs, n)
			}
		}
	}
	return needs
}

func (r *run) request(u *unit) []string {
	var kinds []string
	for _, stage := range u.stages {
		kinds = append(kinds, r.Kind(stage))
	}
	return request(r.Cluster(u.stages[0]), kinds)
}

// Cancel ends every job of a store that is still in the queue, and returns how many tasks that were. Runs that follow them
// report their stages as failed.
func Cancel(ctx context.Context, s *store.Store) (tasks int, err error) {
	unlock, err := s.Lock(ctx, lockKey, func() {}) // what is just being submitted is meant too
	if err != nil {
		return 0, err
	}
	defer unlock()
	all, err := batches(Folder(s))
	if err != nil || len(all) == 0 {
		return 0, err
	}
	c, err := connect(ctx)
	if err != nil {
		return 0, err
	}
	queue, err := c.queue(ctx, jobNames(all))
	if err != nil {
		return 0, err
	}
	for _, b := range all {
		left := b.left(c, queue)
		if len(left) == 0 {
			continue
		}
		if err := b.markCancelled(); err != nil {
			return tasks, err
		}
		if err := c.cancel(ctx, left[0].Job); err != nil {
			return tasks, fmt.Errorf("cancel job %s: %w", left[0].Job, err)
		}
		tasks += len(left)
	}
	return tasks, nil
}
