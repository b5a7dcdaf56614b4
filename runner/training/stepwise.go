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
	if native := aten.Catch(func() { err = w.state.do(batch) }); native != nil {
		return native
	}
	if err == nil {
		w.state.step++
	}
	return err
}

// Course is that of the steps so far, which are done when it returns.
func (w *Stepwise) Course() (*Course, error) {
	err := w.state.settle(0)
	return w.state.course, err
}

// Save writes the checkpoint.
func (w *Stepwise) Save() error {
	if err := w.state.settle(0); err != nil {
		return err
	}
	return w.state.save()
}
