package training

import (
	"errors"
	"fmt"

	"transfera/aten"
	"transfera/data"
)

// warmUp is how many steps run before one is captured: libtorch chooses its kernels and makes the optimizer's memory in them.
const warmUp = 3

// captured is a training step as a CUDA graph, for batches of one size.
type captured struct {
	tries int   // steps that asked for the graph, up to the warm-up
	none  error // why there will be no graph

	graph   *aten.Graph
	scope   *aten.Scope // of what the graph computes
	held    *aten.Held  // the batch
	outputs []aten.Tensor
	counter aten.Tensor // number of the last step, on the device
	counted int         // its value
	images  int         // of a batch
	rate    float64     // learning rate, which is part of the graph
}

// replay does a step as one launch, where the recipe wants that and it is possible for this batch; else values is nil.
func (s *state) replay(scope *aten.Scope, batch *data.Batch) (values *aten.Readback, err error) {
	c := s.graph
	if c == nil {
		return nil, nil
	}
	if c.tries++; c.none != nil || c.tries <= warmUp || batch.N < max(c.images, s.fit.Recipe.Batch) {
		return nil, nil // the last case is the smaller batch at the end of an epoch
	}
	if c.graph == nil || c.rate != s.optimizer.LearningRate() {
		if err := s.settle(0); err != nil { // while a step is captured, nobody may look at the device's events
			return nil, err
		}
		if c.none = s.capture(c, batch); c.none != nil {
			s.sayWhyNot()
			return nil, nil
		}
	} else {
		s.fit.Feed.Into(c.held)
		s.fit.Upload(scope, batch)
		s.fit.Feed.Into(nil)
	}
	if c.counted != s.step { // steps ran without the graph
		c.counter.CopyFrom(aten.Full(scope, float64(s.step)))
	}
	c.graph.Replay()
	s.optimizer.Advance(1)
	c.counted = s.step + 1
	return aten.ReadBack(c.outputs...), nil
}

// considerGraph decides before the first step whether there will be a graph, and says so if one is asked for in vain.
func (s *state) considerGraph(batch *data.Batch) {
	if s.fit.Recipe.CUDAGraph && s.graph == nil {
		s.graph = &captured{none: s.capturable(batch)}
		s.sayWhyNot()
	}
}

// capturable tells what speaks against a graph.
func (s *state) capturable(batch *data.Batch) error {
	f := s.fit
	switch {
	case f.Group != nil:
		return errors.New("several processes train together")
	case f.Feed == nil || f.Upload == nil:
		return errors.New("the training does not say how to upload a batch alone")
	case !s.optimizer.IsAdam():
		return fmt.Errorf("the optimizer is %s, not adam", f.Recipe.Optimizer)
	case batch.Objects != nil:
		return errors.New("a detector's loss chooses what it counts on the CPU")
	}
	for _, n := range f.Networks {
		if len(n.Generators()) > 0 {
			return fmt.Errorf("the %s draws random numbers on the CPU", n.Name)
		}
	}
	return aten.CUDAGraphs(f.Device)
}

func (s *state) sayWhyNot() {
	if s.graph.none != nil && s.fit.Progress != nil {
		s.fit.Progress(0, fmt.Sprintf("cuda_graph is left out: %v", s.graph.none))
	}
}

// capture records a step of this batch's size, with the batch in the graph's tensors, and does nothing else.
func (s *state) capture(c *captured, batch *data.Batch) error {
	c.close()
	f := s.fit
	c.scope, c.held, c.images, c.rate = aten.NewScope(), &aten.Held{}, batch.N, s.optimizer.LearningRate()
	c.counter, c.counted = aten.Full(nil, float64(s.step)).To(f.Device), s.step
	defer f.Feed.Into(nil)
	f.Feed.Into(c.held)
	f.Upload(c.scope, batch)
	f.Feed.Lend(c.held)
	s.optimizer.ZeroGrad()
	aten.Synchronize(f.Device)
	var err error
	c.graph, err = aten.Capture(f.Device, func() {
		objective, terms := f.loss(c.scope, batch)
		objective.Backward()
		s.optimizer.StepCounting(c.counter)
		c.outputs = append(terms, objective)
	})
	if err != nil {
		c.close()
	}
	return err
}

// close frees the graph and what it computes with.
func (c *captured) close() {
	if c.graph != nil {
		c.graph.Close()
		c.graph = nil
	}
	if c.scope != nil {
		c.scope.Close()
		c.scope = nil
	}
}
