package training

import (
	"transfera/aten"
	"transfera/data"
)

// Stepwise is a training whose steps the caller asks for, batch by batch, without loader, schedule or stored checkpoint.
// Benchmarks and plans time the parts of
// Fit.Run with it.
type Stepwise struct{ state *state }

// Stepwise puts the networks in training mode and begins before the first step.
func (f *Fit) Stepwise() (*Stepwise, error) {
	state, err := f.begin()
	if err != nil {
		return nil, err
	}
	for _, n := range f.Networks {
		n.Train()
	}
	return &Stepwise{state}, nil
}

// Step does one optimizer step. What libtorch refuses is an error.
func (w *Stepwise) Step(batch *data.Batch) (err error) {
	if native := aten.Catch(func() { err = w.state.fit.step(batch, w.state.optimizer, w.state.course, nil) }); native != nil {
		return native
	}
	if err == nil {
		w.state.step++
	}
	return err
}

// Course is that of the steps so far.
func (w *Stepwise) Course() *Course { return w.state.course }

// Save writes the checkpoint.
func (w *Stepwise) Save() error { return w.state.save() }
