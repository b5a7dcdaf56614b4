package stages

import (
	"context"
	"fmt"

	"transfera/aten"
	"transfera/experiments"
	"transfera/runner/dag"
	"transfera/runner/ranks"
)

type groupKey struct{}

// groupOf is the group of processes that compute a stage, nil for one process.
func groupOf(ctx context.Context) *aten.Group {
	g, _ := ctx.Value(groupKey{}).(*aten.Group)
	return g
}

// together makes a stage's Compute of f, which all processes of a run call, each with the group as groupOf(ctx): in the one
// that leads, others follow.
func (e *Environment) together(f func(ctx context.Context, job *dag.Job) error) func(ctx context.Context, job *dag.Job) error {
	return e.compute(func(ctx context.Context, job *dag.Job) error {
		if e.World == nil || groupOf(ctx) != nil {
			return f(ctx, job)
		}
		keys := make([]string, len(job.Stages))
		for i, stage := range job.Stages {
			keys[i] = stage.Key
		}
		return e.World.Lead(ctx, keys, func(g *aten.Group) error { return f(context.WithValue(ctx, groupKey{}, g), job) })
	})
}

// Follow is this process's part in stages of a plan that another process leads. It writes no results.
func (e *Environment) Follow(ctx context.Context, graph *dag.Graph, keys []string, g *aten.Group) error {
	job := &dag.Job{Store: e.Store, Progress: func(float64, string) {}}
	for _, key := range keys {
		stage := graph.Find(key)
		if stage == nil {
			return fmt.Errorf("its plan has no stage %.8s: let all processes see the same specs, options, data and weights", key)
		}
		job.Stages = append(job.Stages, stage)
	}
	return job.Stages[0].Compute(context.WithValue(ctx, groupKey{}, g), job)
}

// leads tells whether this process writes the results of a stage: the only one, or the first of several.
func leads(ctx context.Context) bool {
	g := groupOf(ctx)
	return g == nil || g.Rank == 0
}

// share is this process's part of a loader's batches.
func share(ctx context.Context) (rank, of int) {
	if g := groupOf(ctx); g != nil {
		return g.Rank, g.Size
	}
	return 0, 1
}

// divides refuses batches that the processes cannot share equally, before anything is computed.
func (e *Environment) divides(recipe experiments.Training) error {
	if n := max(e.Place.Size, 1); recipe.Batch%n != 0 {
		return fmt.Errorf("batch %d cannot be split over %d processes; use %s", recipe.Batch, n, alternatives(ranks.Divisors(recipe.Batch)))
	}
	return nil
}

// alternatives lists numbers for people.
func alternatives(numbers []int) string {
	text := ""
	for i, n := range numbers {
		switch {
		case i == 0:
		case i == len(numbers)-1:
			text += " or "
		default:
			text += ", "
		}
		text += fmt.Sprint(n)
	}
	return text
}

// localBatchNorm is the number of processes if they change a result by more than rounding, else 0: part of a training's key.
func (e *Environment) localBatchNorm(recipe experiments.Training) int {
	if recipe.SyncBatchNorm || !e.Place.Several() {
		return 0
	}
	return e.Place.Size
}

// machine names what a rate belongs to.
func (e *Environment) machine() string {
	name := fmt.Sprintf("%s %d threads", e.Device, e.Threads)
	if e.Place.Several() {
		name += fmt.Sprintf(" %d processes", e.Place.Size)
	}
	return name
}
