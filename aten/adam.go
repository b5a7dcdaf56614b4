package aten

// #include "native/accelerator.h"
import "C"

// AdamWay is how a step of Adam is computed. All ways keep the same state and differ by rounding.
type AdamWay int8

// The ways of a step.
const (
	AdamLoop    AdamWay = iota // libtorch's: some kernels per parameter
	AdamForeach                // some kernels for all parameters
	AdamFused                  // one kernel for all parameters; on CUDA, and on the CPU where libtorch has it
)

// SetAdamWay changes how the steps of an Adam to come are computed; other optimizers have one way only.
func (o *Optimizer) SetAdamWay(way AdamWay) {
	if o.adam {
		o.way = way
	}
}

// IsAdam tells whether o is an Adam.
func (o *Optimizer) IsAdam() bool { return o.adam }

// LearningRate is that of an Adam's next step.
func (o *Optimizer) LearningRate() float64 { return o.rate }

func (o *Optimizer) fastStep() {
	check("adam step", C.tfa_adam_step(o.handle(), C.int8_t(o.way)), o)
}

// StepCounting does a step in one kernel that adds 1 to count (one float32 on the parameters' device) and takes it for the
// number of the step: a captured step, whose numbers are fixed, can be repeated so. Advance then tells the optimizer.
func (o *Optimizer) StepCounting(count Tensor) {
	check("adam step", C.tfa_adam_step_counting(o.handle(), count.handle()), o, count)
}

// Advance adds steps to the optimizer's own counters.
func (o *Optimizer) Advance(steps int) {
	check("adam advance", C.tfa_adam_advance(o.handle(), C.int64_t(steps)), o)
}
