package dag

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"transfera/runner/store"
)

// Job is one call of Compute.
type Job struct {
	// Stages to compute: one, or several of a group.
	Stages []*Stage
	Store  *store.Store
	// Progress tells how far the job is, as a share of its work, with a few words on the present state.
	Progress func(share float64, words string)
}

// Work is the working folder of one of the job's stages: its files go there, under the names that the stage promised.
func (j *Job) Work(stage *Stage) (string, error) { return j.Store.Work(stage.Key) }

// Watcher is told what a run does. Its methods may be called from many goroutines at once.
type Watcher interface {
	Started(stages []*Stage)
	Progress(stages []*Stage, share float64, words string)
	Finished(stages []*Stage, seconds float64)
	Failed(stage *Stage, err error)
	// Dropped are stages that need no computing any more: another run has done it, or what they need has failed.
	Dropped(stages []*Stage)
	Note(text string)
}

// Options say how to run a graph.
type Options struct {
	// Workers is how many jobs are computed side by side, at least 1.
	Workers int
	Rates   Rates
	Watcher Watcher
}

// Outcome is what became of one stage of a run.
type Outcome struct {
	Stage *Stage
	// Record is the stage's result; nil if there is none.
	Record *store.Record
	// Cached says that the result was there before.
	Cached bool
	// Err says why there is no result though one was needed: its own failure, or, with Blocked, another stage's.
	Err     error
	Blocked bool
}

// Executor computes what status says is missing of g, and returns the outcome of every stage, in the graph's order. A stage
// that fails stops only those that depend on it. The error is not nil if ctx ended the run, or if there is no computing at
// all; what was not reached has no outcome then.
type Executor func(ctx context.Context, g *Graph, s *store.Store, status *Status, o Options) ([]Outcome, error)

// Run is the Executor that computes in this process, o.Workers jobs side by side.
func Run(ctx context.Context, g *Graph, s *store.Store, status *Status, o Options) ([]Outcome, error) {
	r := &run{store: s, options: o, queue: newQueue(g, status, o.Rates), done: map[*Stage]float64{}, outcomes: map[*Stage]*Outcome{}}
	for _, stage := range g.Stages {
		if record := status.Record(stage); record != nil {
			r.outcomes[stage] = &Outcome{Stage: stage, Record: record, Cached: true}
		}
	}
	results := make(chan result)
	active := 0
	for {
		for active < max(o.Workers, 1) && ctx.Err() == nil {
			stages := r.queue.take(r.done)
			if stages == nil {
				break
			}
			active++
			go func() { results <- r.compute(ctx, stages) }()
		}
		if active == 0 {
			break
		}
		r.settle(<-results)
		active--
	}
	var outcomes []Outcome
	for _, stage := range g.Stages {
		if outcome := r.outcomes[stage]; outcome != nil {
			outcomes = append(outcomes, *outcome)
		}
	}
	return outcomes, context.Cause(ctx)
}

type run struct {
	store    *store.Store
	options  Options
	queue    *queue
	done     map[*Stage]float64
	outcomes map[*Stage]*Outcome
}

// result is what one job came to.
type result struct {
	outcomes []*Outcome
	retry    []*Stage // members of a failed group, to be tried one by one
}

// settle enters a result and gives up what waited for a failed stage.
func (r *run) settle(result result) {
	for _, stage := range result.retry {
		r.queue.alone[stage] = true
		r.queue.waiting = slices.Insert(r.queue.waiting, 0, stage)
	}
	for _, outcome := range result.outcomes {
		r.outcomes[outcome.Stage] = outcome
		if outcome.Err == nil {
			r.done[outcome.Stage] = 0
			continue
		}
		r.block(outcome)
	}
}

func (r *run) block(failed *Outcome) {
	for _, stage := range slices.Clone(r.queue.waiting) {
		if slices.Contains(stage.Inputs, failed.Stage) {
			r.queue.remove(stage)
			blocked := &Outcome{Stage: stage, Err: fmt.Errorf("needs %s, which failed", failed.Stage), Blocked: true}
			r.outcomes[stage] = blocked
			r.options.Watcher.Dropped([]*Stage{stage})
			r.block(blocked)
		}
	}
}

// compute does one job under the locks of its stages.
func (r *run) compute(ctx context.Context, stages []*Stage) (res result) {
	failed := func(stage *Stage, err error) *Outcome {
		r.options.Watcher.Failed(stage, err)
		return &Outcome{Stage: stage, Err: err}
	}
	fail := func(err error) result {
		switch {
		case ctx.Err() != nil: // ended from outside, not failed
		case len(stages) > 1:
			res.retry = stages
		default:
			res.outcomes = append(res.outcomes, failed(stages[0], err))
		}
		return res
	}
	unlock, err := r.lock(ctx, stages)
	defer unlock()
	if err != nil {
		return fail(err)
	}
	var left []*Stage // what no other process has computed meanwhile
	for _, stage := range stages {
		if record, found, _ := r.store.Find(stage.Key); found {
			res.outcomes = append(res.outcomes, &Outcome{Stage: stage, Record: record, Cached: true})
			r.options.Watcher.Dropped([]*Stage{stage})
		} else {
			left = append(left, stage)
		}
	}
	if len(left) == 0 {
		return res
	}
	stages = left
	started := time.Now()
	r.options.Watcher.Started(stages)
	job := &Job{Stages: stages, Store: r.store, Progress: func(share float64, words string) {
		r.options.Watcher.Progress(stages, share, words)
	}}
	if err := stages[0].Compute(ctx, job); err != nil {
		return fail(err)
	}
	seconds := time.Since(started).Seconds()
	work := 0.0
	for _, stage := range stages {
		work += stage.Work
	}
	var kept []*Stage
	for _, stage := range stages {
		record := &store.Record{
			Key: stage.Key, Kind: stage.Kind, Name: stage.Name, Settings: stage.Settings, Inputs: keys(stage.Inputs),
			Rate: stage.Rate, Work: stage.Work, Seconds: seconds, Created: time.Now(),
		}
		if work > 0 {
			record.Seconds *= stage.Work / work
		}
		if err := r.store.Commit(record, stage.Files); err != nil {
			res.outcomes = append(res.outcomes, failed(stage, fmt.Errorf("keep the result: %w", err)))
			continue
		}
		res.outcomes = append(res.outcomes, &Outcome{Stage: stage, Record: record})
		kept = append(kept, stage)
	}
	if len(kept) > 0 {
		r.options.Watcher.Finished(kept, seconds)
	}
	return res
}

// lock takes the locks in the order of the keys, so that two runs cannot wait for each other.
func (r *run) lock(ctx context.Context, stages []*Stage) (unlock func(), err error) {
	var held []func()
	unlock = func() {
		for _, free := range held {
			free()
		}
	}
	sorted := slices.Clone(stages)
	slices.SortFunc(sorted, func(a, b *Stage) int { return strings.Compare(a.Key, b.Key) })
	for _, stage := range sorted {
		free, err := r.store.Lock(ctx, stage.Key, func() {
			r.options.Watcher.Note(fmt.Sprintf("waiting for another run that computes %s", stage))
		})
		if err != nil {
			return unlock, err
		}
		held = append(held, free)
	}
	return unlock, nil
}

// Failures joins the errors of stages that failed themselves, each with the stage's name.
func Failures(outcomes []Outcome) error {
	var all []error
	for _, o := range outcomes {
		if o.Err != nil && !o.Blocked {
			all = append(all, fmt.Errorf("%s: %w", o.Stage, o.Err))
		}
	}
	return errors.Join(all...)
}
