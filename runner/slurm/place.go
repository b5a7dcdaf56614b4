package slurm

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"transfera/results/atomicfile"
	"transfera/runner/dag"
)

// inFlight is how long sbatch may take to bring a job into the queue after the run that started it was killed.
const inFlight = 10 * time.Second

// place finds or submits the job of every unit. Units come lower levels first.
//
// Runs at the same time take turns, so that none submits what another is just submitting.
func (r *run) place(ctx context.Context, units []*unit) error {
	unlock, err := r.store.Lock(ctx, lockKey, func() { r.options.Watcher.Note("waiting for another run that submits jobs") })
	if err != nil {
		return err
	}
	defer unlock()
	all, queue, err := r.known(ctx)
	if err != nil {
		return err
	}
	if err := tidy(r.store, all, queue); err != nil {
		return err
	}
	fresh := r.adopt(units, all, queue)
	for len(fresh) > 0 {
		level := slices.IndexFunc(fresh, func(u *unit) bool { return u.level != fresh[0].level })
		if level < 0 {
			level = len(fresh)
		}
		request := func(u *unit) string { return strings.Join(r.request(u), "\x00") }
		for _, a := range arrays(fresh[:level], r.cluster.largest, r.needs, request) {
			if err := r.submit(ctx, a); err != nil {
				return err
			}
		}
		fresh = fresh[level:]
	}
	return nil
}

// known reads what was submitted before, and the queue.
func (r *run) known(ctx context.Context) ([]*batch, map[task]queued, error) {
	all, err := batches(r.folder)
	if err != nil {
		return nil, nil, err
	}
	for {
		queue, err := r.cluster.queue(ctx, jobNames(all))
		if err != nil {
			return nil, nil, r.left(err)
		}
		if err := recognize(all, r.cluster, queue); err != nil {
			return nil, nil, err
		}
		// The sbatch of a killed run may still be at work.
		young := func(b *batch) bool {
			return b.Job == "" && b.Cluster == r.cluster.name && time.Since(b.Submitted) < inFlight && !b.complete(r.store)
		}
		if !slices.ContainsFunc(all, young) {
			return all, queue, nil
		}
		select {
		case <-ctx.Done():
			return nil, nil, r.left(context.Cause(ctx))
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// tidy clears away what jobs left whose results are there.
func (r *run) tidy(ctx context.Context) error {
	unlock, err := r.store.Lock(ctx, lockKey, func() {})
	if err != nil {
		return err
	}
	defer unlock()
	all, err := batches(r.folder)
	if err != nil {
		return err
	}
	queue, err := r.cluster.queue(ctx, jobNames(all))
	if err != nil {
		return nil // the results are what counts; the next run clears away
	}
	return tidy(r.store, all, queue)
}

// jobNames are the names of the jobs of batches.
func jobNames(all []*batch) []string {
	names := map[string]bool{"transfera": true} // squeue's list must not be empty
	for _, b := range all {
		names[b.JobName] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// left are the tasks of a batch that have not ended. Ids come again, comments do not.
func (b *batch) left(c *cluster, queue map[task]queued) []task {
	if b.Cluster != c.name || b.Job == "" {
		return nil
	}
	var left []task
	for _, index := range slices.Sorted(maps.Keys(b.Tasks)) {
		if t := (task{b.Job, index}); queue[t].comment == b.comment() {
			left = append(left, t)
		}
	}
	return left
}

func (b *batch) markCancelled() error { return atomicfile.Write(b.path("cancelled"), nil) }

// recognize fills in the ids of jobs whose submission killed runs did not come to write down.
func recognize(all []*batch, c *cluster, queue map[task]queued) error {
	byComment := map[string]string{}
	for t, q := range queue {
		byComment[q.comment] = t.Job
	}
	for _, b := range all {
		if job := byComment[b.comment()]; b.Job == "" && b.Cluster == c.name && job != "" {
			b.Job = job
			if err := b.save(); err != nil {
				return err
			}
		}
	}
	return nil
}

// adopt gives units whose stages are in the queue already to the tasks that compute them, enters results that have appeared
// meanwhile, and returns the units that are left, in their order.
func (r *run) adopt(units []*unit, all []*batch, queue map[task]queued) []*unit {
	type home struct {
		batch *batch
		task  task
	}
	homes := map[string]home{}
	for _, b := range all {
		for _, t := range b.left(r.cluster, queue) {
			for _, key := range b.Tasks[t.Index] {
				homes[key] = home{b, t}
			}
		}
	}
	adopted := map[home]*unit{}
	var fresh []*unit
	for _, u := range units {
		var rest []*dag.Stage
		for _, stage := range u.stages {
			h, found := homes[stage.Key]
			switch {
			case !found:
				// Its job may have ended since the plan was compared with the cache: a result is there before its job leaves the queue.
				if record, found, _ := r.store.Find(stage.Key); found {
					r.outcomes[stage] = &dag.Outcome{Stage: stage, Record: record, Cached: true}
					r.options.Watcher.Dropped([]*dag.Stage{stage})
				} else {
					rest = append(rest, stage)
				}
				continue
			case adopted[h] == nil:
				adopted[h] = &unit{batch: h.batch, task: h.task, lost: u.lost, killed: u.killed}
				r.units = append(r.units, adopted[h])
			}
			a := adopted[h]
			a.stages, a.level = append(a.stages, stage), max(a.level, u.level)
			r.unitOf[stage] = a
		}
		if len(rest) > 0 {
			u.stages = rest
			fresh = append(fresh, u)
			for _, stage := range rest {
				r.unitOf[stage] = u
			}
		}
	}
	if len(adopted) > 0 {
		r.options.Watcher.Note(fmt.Sprintf("following %d tasks that were submitted before", len(adopted)))
	}
	return fresh
}

// submit makes a job of an array. It is written down before it is submitted: should this process die in between, its
// comment tells the next one which job it was.
func (r *run) submit(ctx context.Context, a *array) error {
	if err := context.Cause(ctx); err != nil {
		return r.left(err)
	}
	kind := strings.ReplaceAll(a.units[0].kind(), " ", "-")
	b := &batch{Cluster: r.cluster.name, JobName: "transfera-" + kind, Submitted: time.Now(), Tasks: map[int][]string{}}
	for i, u := range a.units {
		for _, stage := range u.stages {
			b.Tasks[a.indices[i]] = append(b.Tasks[a.indices[i]], stage.Key)
		}
	}
	if err := b.prepare(r.folder, r.Command); err != nil {
		return err
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	b.Arguments = []string{
		"--job-name=" + b.JobName, "--comment=" + b.comment(), "--chdir=" + here, "--output=" + b.path("%a.out"), "--open-mode=append",
		"--array=" + a.ranges(r.Limit), "--kill-on-invalid-dep=yes",
	}
	if dependency := a.dependency(); dependency != "" {
		b.Arguments = append(b.Arguments, "--dependency="+dependency)
	}
	b.Arguments = append(append(b.Arguments, r.request(a.units[0])...), b.path("script.sh"))
	if err := b.save(); err != nil {
		return err
	}
	if b.Job, err = r.cluster.submit(ctx, b.Arguments); err != nil {
		_ = os.RemoveAll(b.folder) // there is no such job
		return r.left(fmt.Errorf("submit %s: %w", a.units[0].stages[0], err))
	}
	if err := b.save(); err != nil {
		return err
	}
	for i, u := range a.units {
		u.batch, u.task = b, task{b.Job, a.indices[i]}
		u.running, u.missed = false, time.Time{}
		r.units = append(r.units, u)
	}
	r.options.Watcher.Note(fmt.Sprintf("submitted job %s: %s", b.Job, inWords(a)))
	return nil
}

// inWords says what an array computes.
func inWords(a *array) string {
	stages := 0
	for _, u := range a.units {
		stages += len(u.stages)
	}
	first := a.units[0].stages[0]
	switch {
	case stages == 1:
		return first.String()
	case len(a.units) == 1:
		return fmt.Sprintf("%s and %d more", first, stages-1)
	}
	return fmt.Sprintf("%s and %d more, in %d tasks", first, stages-1, len(a.units))
}

// left adds to the error of a run that ends early what becomes of its jobs.
func (r *run) left(err error) error {
	if len(r.units) == 0 {
		return err
	}
	return fmt.Errorf("%w; %d tasks stay in the queue, where the same command finds them again and transfera cancel ends them", err, len(r.units))
}
