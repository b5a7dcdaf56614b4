package slurm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"transfera/runner/dag"
)

const (
	// mostLost is how often a task may be lost, and mostKilled how often Slurm may give it up for what it depends on,
	// which always follows from another loss or failure, before its stages count as failed.
	mostLost, mostKilled = 2, 10
	// longestSilence is how long the cluster may not answer.
	longestSilence = 15 * time.Minute
)

// follow watches the jobs until all have ended, submits again what was lost, and computes what is to be computed here.
func (r *run) follow(ctx context.Context) error {
	began := time.Now()
	for {
		if err := r.look(ctx); err != nil {
			return err
		}
		if err := r.here(ctx); err != nil {
			return r.left(err)
		}
		if len(r.units) == 0 {
			return nil
		}
		pause := r.Interval
		if pause == 0 { // a short run is followed closely, a long one asks the controller rarely
			pause = min(max(2*time.Second, time.Since(began)/20), 30*time.Second)
		}
		select {
		case <-ctx.Done():
			return r.left(context.Cause(ctx))
		case <-time.After(pause):
		}
	}
}

// look compares the units with the queue once.
func (r *run) look(ctx context.Context) error {
	if len(r.units) == 0 {
		return nil
	}
	var all []*batch
	for _, u := range r.units {
		all = append(all, u.batch)
	}
	queue, err := r.cluster.queue(ctx, jobNames(all))
	if err != nil {
		return r.unanswered(err)
	}
	r.silent = time.Time{}
	running := 0
	var left, again []*unit
	for _, u := range r.units {
		q := queue[u.task]
		alive := q.comment == u.batch.comment()
		switch {
		case r.settle(u, alive): // done
		case alive:
			left = append(left, u)
			u.missed = time.Time{}
			if q.state == "RUNNING" {
				running++
				r.tellRunning(u)
			}
		case r.isLost(u):
			if r.resubmit(ctx, u) {
				again = append(again, u)
			}
		default:
			left = append(left, u)
		}
	}
	if w, ok := r.options.Watcher.(Workers); ok {
		w.Workers(max(running, 1))
	}
	r.units = left
	if len(again) == 0 {
		return nil
	}
	slices.SortStableFunc(again, func(a, b *unit) int { return cmp.Compare(a.level, b.level) })
	// What one of them needs may have failed in this very look, after its turn.
	again = slices.DeleteFunc(again, func(u *unit) bool { return r.settle(u, true) })
	return r.place(ctx, again)
}

// unanswered bears with a cluster that does not answer for a while.
func (r *run) unanswered(err error) error {
	if r.silent.IsZero() {
		r.silent = time.Now()
		r.options.Watcher.Note(fmt.Sprintf("warning: %v; trying again", err))
	}
	if time.Since(r.silent) > longestSilence {
		return r.left(fmt.Errorf("the cluster has not answered for %s: %w", longestSilence, err))
	}
	return nil
}

// tellRunning reports a task that is at work. How far it is can only be guessed from what such stages took before.
func (r *run) tellRunning(u *unit) {
	if !u.running {
		u.running, u.began = true, time.Now()
		r.options.Watcher.Started(u.stages)
		return
	}
	expected := 0.0
	for _, stage := range u.stages {
		seconds, _ := r.options.Rates.Seconds(stage)
		expected += seconds
	}
	if expected > 0 {
		r.options.Watcher.Progress(u.stages, min(0.95, time.Since(u.began).Seconds()/expected), "as job "+u.task.String())
	}
}

// settle enters what has become of the unit's stages, and tells whether nothing more is to come of it. Of a task that is in the queue only
// the failure of what it needs is of interest.
func (r *run) settle(u *unit, alive bool) (done bool) {
	var left, finished []*dag.Stage
	seconds := 0.0
	for _, stage := range u.stages {
		if failed := r.failedInput(stage); failed != nil {
			r.outcomes[stage] = &dag.Outcome{Stage: stage, Err: fmt.Errorf("needs %s, which failed", failed), Blocked: true}
			r.options.Watcher.Dropped([]*dag.Stage{stage})
			continue
		}
		if alive {
			left = append(left, stage)
			continue
		}
		if record, found, _ := r.store.Find(stage.Key); found {
			r.outcomes[stage] = &dag.Outcome{Stage: stage, Record: record}
			seconds += record.Seconds
			finished = append(finished, stage)
		} else if text := u.batch.failure(stage.Key); text != "" {
			r.fail(stage, errors.New(text))
		} else {
			left = append(left, stage)
		}
	}
	if len(finished) > 0 {
		if !u.running {
			r.options.Watcher.Started(finished)
		}
		r.options.Watcher.Finished(finished, seconds)
	}
	u.stages = left
	return len(left) == 0
}

func (r *run) fail(stage *dag.Stage, err error) {
	r.outcomes[stage] = &dag.Outcome{Stage: stage, Err: err}
	r.options.Watcher.Failed(stage, err)
}

// failedInput is an input of the stage that came to nothing, nil if there is none.
func (r *run) failedInput(stage *dag.Stage) *dag.Stage {
	for _, input := range stage.Inputs {
		if o := r.outcomes[input]; o != nil && o.Err != nil {
			return input
		}
	}
	return nil
}

// isLost tells whether a task has left the queue for so long that no result will appear.
func (r *run) isLost(u *unit) bool {
	if u.missed.IsZero() {
		u.missed = time.Now()
	}
	return time.Since(u.missed) >= cmp.Or(r.Grace, 20*time.Second)
}

// resubmit tells whether what is left of a lost unit is worth another job. If not, its stages have failed.
func (r *run) resubmit(ctx context.Context, u *unit) bool {
	state, reason := r.cluster.ended(ctx, u.task)
	note := fmt.Sprintf("job %s left the queue%s without a result of %s; submitting it again", u.task, as(state), u.stages[0])
	var err error
	switch {
	case reason == "DependencyNeverSatisfied":
		note = fmt.Sprintf("Slurm gave job %s up for another one; submitting again what is left of it: %s", u.task, u.stages[0])
		if u.killed++; u.killed > mostKilled {
			err = fmt.Errorf("job %s and %d before it were given up for what they depend on", u.task, u.killed-1)
		}
	case u.batch.cancelled(), state == "CANCELLED":
		err = fmt.Errorf("job %s was cancelled", u.task)
	default:
		if u.lost++; u.lost >= mostLost {
			err = fmt.Errorf("job %s left the queue without a result, as one did before", u.task)
		}
	}
	if err == nil {
		r.options.Watcher.Note(note)
		return true
	}
	err = fmt.Errorf("%w%s", err, as(state))
	if tail := u.batch.tail(u.task.Index); tail != "" {
		err = fmt.Errorf("%w; its output ends: %s", err, tail)
	}
	for _, stage := range u.stages {
		r.fail(stage, err)
	}
	return false
}

func as(state string) string {
	if state == "" || state == "CANCELLED" {
		return ""
	}
	return " (" + state + ")"
}

// here computes those stages of this process for which everything is there.
func (r *run) here(ctx context.Context) error {
	var ready []*dag.Stage
	for _, stage := range r.missing {
		if !r.Here(stage) || r.outcomes[stage] != nil {
			continue
		}
		if failed := r.failedInput(stage); failed != nil {
			r.outcomes[stage] = &dag.Outcome{Stage: stage, Err: fmt.Errorf("needs %s, which failed", failed), Blocked: true}
			r.options.Watcher.Dropped([]*dag.Stage{stage})
			continue
		}
		if !slices.ContainsFunc(stage.Inputs, func(input *dag.Stage) bool { return r.outcomes[input] == nil }) {
			ready = append(ready, stage)
		}
	}
	if len(ready) == 0 || ctx.Err() != nil {
		return context.Cause(ctx)
	}
	status, err := dag.InspectOnly(r.graph, r.store, ready)
	if err != nil {
		return err
	}
	outcomes, err := dag.Run(ctx, r.graph, r.store, status, dag.Options{Workers: r.options.Workers, Rates: r.options.Rates, Watcher: r.options.Watcher})
	for _, o := range outcomes {
		if slices.Contains(ready, o.Stage) {
			r.outcomes[o.Stage] = &o
		}
	}
	return err
}
