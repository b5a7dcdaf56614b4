// Package training is the loop that trains a network: batches, losses, steps, and checkpoints from which a killed training
// goes on to the same bits.
package training

import (
	"context"
	"fmt"
	"math"

	"transfera/aten"
	"transfera/data"
	"transfera/experiments"
	"transfera/models/nn"
)

// Network is a network under training, with the name that its tensors have in checkpoints.
type Network struct {
	Name string
	*nn.Network
}

// Fit is one training. Everything random in it is a function of the loader's seed, the step and the networks' initial
// values, so that the step and the checkpointed tensors are its whole state.
type Fit struct {
	Recipe   experiments.Training
	Networks []Network
	Device   aten.Device // where the networks are
	Loader   *data.Loader
	// Terms names what Loss returns besides the objective; their course is part of the result.
	Terms []string
	Loss  Loss
	// Feed is what Loss uploads with, and Upload uploads a batch with it and does no more. Captured steps need both.
	Feed   *aten.Feed
	Upload func(s *aten.Scope, b *data.Batch)
	// ImageName names an image of the loader's dataset in errors.
	ImageName func(i int) string
	// Checkpoint is the file that holds the state of an unfinished training.
	Checkpoint string
	// Progress is told the share of the steps done.
	Progress func(share float64, words string)
	// Group is the processes that train together, each with the same Fit and its part of the Loader's batches; nil for one.
	// The first of them reads and writes the checkpoint, which is the same file for any number of processes.
	Group *aten.Group
	// SyncBatchNorm makes the statistics of BatchNorms those of all processes' images, as in one process. Otherwise each has
	// its own, and the running ones are the processes' average.
	SyncBatchNorm bool

	lag int // steps that may run before their losses are looked at
}

// Loss computes the objective, of one element, and the terms of the course for a batch. A term that is the zero Tensor
// counts as absent.
type Loss func(s *aten.Scope, b *data.Batch) (objective aten.Tensor, terms []aten.Tensor)

// Steps is the number of steps of the whole training.
func (f *Fit) Steps() int { return steps(f.Recipe, f.Loader.StepsPerEpoch()) }

// Run trains to the end, from the checkpoint if there is one, and returns the course of the terms. The networks are left in
// evaluation mode. When ctx ends, the state is checkpointed before Run returns.
func (f *Fit) Run(ctx context.Context) (*Course, error) {
	state, err := f.begin()
	if err != nil {
		return nil, err
	}
	defer state.end()
	if err := state.loadTogether(); err != nil {
		return nil, err
	}
	if state.part, err = f.join(); err != nil {
		return nil, err
	}
	defer state.part.leave()
	for _, n := range f.Networks {
		n.Train()
		defer n.Eval()
	}
	total := f.Steps()
	for batch, err := range f.Loader.Train(ctx, state.step, total) {
		if err != nil {
			if ctx.Err() != nil {
				return nil, state.interrupted(err)
			}
			return nil, err
		}
		state.optimizer.SetLearningRate(learningRate(f.Recipe, batch.Step, f.Loader.StepsPerEpoch()))
		if err := state.do(batch); err != nil {
			return nil, err
		}
		state.step++
		every := f.Recipe.CheckpointEvery
		due := every > 0 && state.step%every == 0
		if due || state.step == total { // a broken state must neither replace a good one nor become a result
			if err := state.settle(0); err != nil {
				return nil, err
			}
			if name, broken := state.broken(); broken {
				return nil, f.diverged(batch, name+" is no longer finite", nil)
			}
		}
		batch.Release()
		if due && state.step < total && f.leads() {
			if err := state.save(); err != nil {
				return nil, err
			}
		}
		f.Progress(float64(state.step)/float64(total), fmt.Sprintf("step %d of %d, %s", state.step, total, state.course.Last()))
	}
	if ctx.Err() != nil && state.step < total {
		return nil, state.interrupted(context.Cause(ctx))
	}
	return state.course, nil
}

// begin is the state before the first step.
func (f *Fit) begin() (*state, error) {
	f.accelerate()
	optimizer, err := f.newOptimizer()
	if err != nil {
		return nil, err
	}
	return &state{fit: f, optimizer: optimizer, course: newCourse(f.Terms)}, nil
}

// step does one optimizer step, with other processes where part says so. The step that breaks the loss or the weights is an
// error: of the next one the images would be innocent. Where the loss is broken the weights are those before the step.
func (f *Fit) step(batch *data.Batch, optimizer *aten.Optimizer, course *Course, part *parallel) error {
	s := aten.NewScope()
	defer s.Close()
	part.show(batch)
	objective, terms := f.loss(s, batch)
	values := make([]float64, 0, len(terms)+1)
	for _, term := range terms {
		values = append(values, valueOf(term))
	}
	values, err := part.average(append(values, objective.Item()), batch)
	if err != nil {
		return err
	}
	if loss := values[len(terms)]; math.IsNaN(loss) || math.IsInf(loss, 0) {
		return f.diverged(batch, fmt.Sprintf("the loss is %v", loss), f.causes(batch))
	}
	optimizer.ZeroGrad()
	if err := part.backward(objective, batch); err != nil {
		return err
	}
	optimizer.Step()
	if name, broken := f.broken(); broken {
		return f.diverged(batch, name+" is no longer finite", nil)
	}
	course.add(values[:len(terms)])
	return nil
}

// valueOf is the value of a term; NaN for one that the step has not.
func valueOf(term aten.Tensor) float64 {
	if !term.Defined() {
		return math.NaN()
	}
	return term.Item()
}
