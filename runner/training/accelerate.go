package training

import (
	"fmt"
	"math"

	"transfera/aten"
	"transfera/data"
)

// gpuLag is how many steps a GPU may be behind before the losses are looked at: enough that it always has work, few enough
// that a training that broke stops at once.
const gpuLag = 2

// accelerate prepares the networks and the device for the recipe.
func (f *Fit) accelerate() {
	if f.Recipe.ChannelsLast {
		for _, n := range f.Networks {
			n.ChannelsLast()
		}
	}
	if !f.Device.IsCPU() {
		if f.Group == nil { // else the processes wait for each other's losses anyway
			f.lag = gpuLag
		}
		aten.AllowTF32(f.Recipe.Precision == "tf32")
		aten.TuneConvolutions(f.Recipe.Speed() != "") // whoever asks for none of it gets the same bits again
	}
}

// end undoes for the process what accelerate did, and frees what the device keeps for steps.
func (s *state) end() {
	if s.graph != nil {
		s.graph.close()
	}
	if !s.fit.Device.IsCPU() {
		aten.AllowTF32(false)
		aten.TuneConvolutions(false)
	}
}

// loss is Loss in the recipe's precision.
func (f *Fit) loss(s *aten.Scope, batch *data.Batch) (objective aten.Tensor, terms []aten.Tensor) {
	f.precisely(func() { objective, terms = f.Loss(s, batch) })
	return objective, terms
}

func (f *Fit) precisely(compute func()) {
	if f.Recipe.Precision == "bf16" {
		aten.Autocast(f.Device, compute)
		return
	}
	compute()
}

// pending is a step whose losses are still on the device.
type pending struct {
	batch  *data.Batch // without pictures
	values *aten.Readback
}

// do does the next step: at once on the CPU, where the losses are looked at before the weights change, and without waiting
// for it on a GPU.
func (s *state) do(batch *data.Batch) error {
	s.considerGraph(batch)
	if s.fit.lag == 0 {
		return s.fit.step(batch, s.optimizer, s.course, s.part)
	}
	scope := aten.NewScope()
	defer scope.Close()
	values, err := s.replay(scope, batch)
	if err != nil {
		return err
	}
	if values == nil {
		objective, terms := s.fit.loss(scope, batch)
		s.optimizer.ZeroGrad()
		objective.Backward()
		s.optimizer.Step()
		values = aten.ReadBack(append(terms, objective)...)
	}
	seen := &data.Batch{Step: batch.Step, Epoch: batch.Epoch, Indices: batch.Indices}
	s.pending = append(s.pending, pending{seen, values})
	return s.settle(s.fit.lag)
}

// settle waits until at most so many steps are pending. An error names the first step whose loss broke; the weights are then
// those of some steps later, and must not be saved. Where a step broke the weights alone it is the next one that is named, for
// to look at them in every step would wait for the device.
func (s *state) settle(most int) error {
	for len(s.pending) > most {
		p := s.pending[0]
		values := p.values.Values()
		s.pending = s.pending[1:]
		terms, loss := values[:len(values)-1], values[len(values)-1]
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			for _, later := range s.pending {
				later.values.Values()
			}
			s.pending = nil
			return s.fit.diverged(p.batch, fmt.Sprintf("the loss is %v", loss), nil)
		}
		s.course.add(terms)
	}
	return nil
}
