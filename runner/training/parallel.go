package training

import (
	"fmt"
	"strconv"

	"transfera/aten"
	"transfera/data"
	"transfera/models/nn"
)

// parallel is this process's part in a training that several processes do together. Each has its part of every batch, and
// all make the same step: gradients and losses are averaged, so that the result is that of one process but for rounding.
type parallel struct {
	fit     *Fit
	reducer *aten.Reducer
	buffers []aten.Tensor // to be averaged where BatchNorms are not synchronised
}

// join begins this process's part; nil for one process.
func (f *Fit) join() (*parallel, error) {
	if f.Group == nil {
		return nil, nil
	}
	p := &parallel{fit: f}
	var parameters []aten.Tensor
	for _, n := range f.Networks {
		parameters = append(parameters, n.Parameters()...)
		for _, e := range n.Entries() {
			if e.Buffer && !f.SyncBatchNorm && e.Value.Type() == aten.Float {
				p.buffers = append(p.buffers, e.Value)
			}
		}
	}
	var err error
	p.reducer, err = f.Group.NewReducer(parameters, aten.BucketBytes)
	return p, err
}

// leave ends it. The networks see whole batches again.
func (p *parallel) leave() {
	if p == nil {
		return
	}
	p.reducer.Close()
	for _, n := range p.fit.Networks {
		n.SetShare(nil)
	}
}

// show tells the networks which part of the batch they will see.
func (p *parallel) show(b *data.Batch) {
	if p == nil {
		return
	}
	share := &nn.Share{Before: b.Before, N: b.N, Whole: b.Whole, Idle: b.Idle}
	if p.fit.SyncBatchNorm {
		share.Group = p.fit.Group
	}
	for _, n := range p.fit.Networks {
		n.SetShare(share)
	}
}

// weight is the factor of the mean over this part's images in the average over the processes.
func (p *parallel) weight(b *data.Batch) float64 {
	if b.Idle {
		return 0
	}
	return float64(b.N) * float64(p.fit.Group.Size) / float64(b.Whole)
}

// average turns means over this part into those over the batch. What is no number in a part that counts stays none.
func (p *parallel) average(values []float64, b *data.Batch) ([]float64, error) {
	if p == nil {
		return values, nil
	}
	weighted := make([]float64, len(values))
	for i, v := range values {
		if !b.Idle {
			weighted[i] = v * p.weight(b) / float64(p.fit.Group.Size)
		}
	}
	return p.fit.Group.Sum(weighted)
}

// backward leaves the gradients of the whole batch's objective.
func (p *parallel) backward(objective aten.Tensor, b *data.Batch) error {
	if p == nil {
		objective.Backward()
		return nil
	}
	p.reducer.Backward(aten.MulScalar(objective, p.weight(b)))
	return p.averageBuffers()
}

// averageBuffers makes running statistics equal everywhere: each is linear in the statistics of the parts.
func (p *parallel) averageBuffers() error {
	var values []float64
	for _, buffer := range p.buffers {
		values = append(values, buffer.Doubles()...)
	}
	sums, err := p.fit.Group.Sum(values)
	if err != nil {
		return err
	}
	for _, buffer := range p.buffers {
		shape := buffer.Shape()
		mean := make([]float32, 0, shape[0])
		for range shape[0] {
			mean, sums = append(mean, float32(sums[0]/float64(p.fit.Group.Size))), sums[1:]
		}
		buffer.CopyFrom(aten.FromFloats(nil, mean, shape...).To(p.fit.Device))
	}
	return nil
}

// leads tells whether this process writes checkpoints: the only one, or the first of several.
func (f *Fit) leads() bool { return f.Group == nil || f.Group.Rank == 0 }

// loadTogether lets the first process decide about the checkpoint, and the others follow. Then all must have the same state.
func (s *state) loadTogether() error {
	if s.fit.leads() {
		if err := s.load(); err != nil {
			return err
		}
	}
	if s.fit.Group == nil {
		return nil
	}
	steps, err := s.fit.Group.Gather([]byte(strconv.Itoa(s.step)))
	if err != nil {
		return err
	}
	if !s.fit.leads() && string(steps[0]) != "0" {
		if err := s.load(); err != nil {
			return err
		}
	}
	own := strconv.Itoa(s.step)
	for _, n := range s.fit.Networks {
		own += " " + n.Dict().Checksum()
	}
	states, err := s.fit.Group.Gather([]byte(own))
	if err != nil {
		return err
	}
	for rank, state := range states {
		if string(state) != string(states[0]) {
			return fmt.Errorf("rank %d begins with other weights or another checkpoint than rank 0: let all processes see the same cache folder, data and weights", rank)
		}
	}
	return nil
}
