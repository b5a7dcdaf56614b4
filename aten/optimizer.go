package aten

// #include <stdlib.h>
// #include "native/transfera.h"
import "C"

import (
	"fmt"
	"unsafe"

	torch "github.com/wangkuiyi/gotorch"
)

// Optimizer updates a fixed list of parameters from their gradients.
type Optimizer struct {
	native     torch.Optimizer
	parameters []Tensor
	fields     []string
	adam       bool
	way        AdamWay
	rate       float64
}

// NewAdam returns torch.optim.Adam with epsilon 1e-8.
func NewAdam(parameters []Tensor, learningRate, beta1, beta2, weightDecay float64) *Optimizer {
	o := newOptimizer(torch.Adam(learningRate, beta1, beta2, weightDecay), parameters, "step", "exp_avg", "exp_avg_sq")
	o.adam, o.rate = true, learningRate
	return o
}

// NewSGD returns torch.optim.SGD without dampening.
func NewSGD(parameters []Tensor, learningRate, momentum, weightDecay float64, nesterov bool) *Optimizer {
	return newOptimizer(torch.SGD(learningRate, momentum, 0, weightDecay, nesterov), parameters, "momentum_buffer")
}

func newOptimizer(native torch.Optimizer, parameters []Tensor, fields ...string) *Optimizer {
	handles := make([]torch.Tensor, len(parameters))
	for i, p := range parameters {
		p.handle()
		handles[i] = p.Tensor
	}
	native.AddParameters(handles)
	return &Optimizer{native: native, parameters: parameters, fields: fields}
}

func (o *Optimizer) handle() C.tfa_optimizer { return C.tfa_optimizer(unsafe.Pointer(*o.native.Opt)) }

// Step updates every parameter that has a gradient.
func (o *Optimizer) Step() {
	if o.way != AdamLoop {
		o.fastStep()
		return
	}
	check("optimizer step", C.tfa_optimizer_step(o.handle()), o)
}

// ZeroGrad forgets every parameter's gradient and frees its memory.
func (o *Optimizer) ZeroGrad() {
	for _, p := range o.parameters {
		p.ClearGrad()
	}
}

// SetLearningRate changes the learning rate of the steps to come.
func (o *Optimizer) SetLearningRate(rate float64) {
	o.rate = rate
	check("learning rate", C.tfa_optimizer_set_learning_rate(o.handle(), C.double(rate)), o)
}

// State returns the optimizer's memory by name, such as "3.exp_avg" for the fourth parameter; what no step has made yet is
// absent.
func (o *Optimizer) State() map[string]Tensor {
	state := map[string]Tensor{}
	o.eachSlot(func(name string, parameter Tensor, field *C.char) {
		var out C.tfa_tensor
		check("optimizer state", C.tfa_optimizer_state(o.handle(), parameter.handle(), field, &out), o, parameter)
		if out != nil {
			state[name] = wrap(nil, out)
		}
	})
	return state
}

// SetState puts back what State returned, so that the next step is the one that would have followed.
func (o *Optimizer) SetState(state map[string]Tensor) error {
	used := 0
	err := Catch(func() {
		o.eachSlot(func(name string, parameter Tensor, field *C.char) {
			if value, ok := state[name]; ok {
				check("optimizer state "+name, C.tfa_optimizer_set_state(o.handle(), parameter.handle(), field, value.handle()), o, parameter, value)
				used++
			}
		})
	})
	if err == nil && used != len(state) {
		return fmt.Errorf("optimizer state holds %d tensors, of which only %d belong to this optimizer", len(state), used)
	}
	return err
}

func (o *Optimizer) eachSlot(visit func(name string, parameter Tensor, field *C.char)) {
	for _, field := range o.fields {
		c := C.CString(field)
		for i, p := range o.parameters {
			visit(fmt.Sprintf("%d.%s", i, field), p, c)
		}
		freeCString(c)
	}
}
