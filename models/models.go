// Package models says what an architecture is. The networks themselves are in processing (P and T), recognition and
// detection; their stored weights in weights; their building blocks in nn.
package models

import (
	"fmt"
	"slices"

	"transfera/models/nn"
)

// Options are the settings of an architecture by name, complete: int or float64, as declared.
type Options map[string]any

// Int returns the integer option called name; asking for an undeclared one is a bug and panics.
func (o Options) Int(name string) int {
	v, ok := o[name].(int)
	if !ok {
		panic(fmt.Sprintf("models: option %q is %v, not an integer", name, o[name]))
	}
	return v
}

// Float returns the option called name, which may be declared as an integer; asking for an undeclared one is a bug and panics.
func (o Options) Float(name string) float64 {
	if v, ok := o[name].(float64); ok {
		return v
	}
	return float64(o.Int(name))
}

// Option declares one setting of an architecture.
type Option struct {
	Name     string
	Default  any // int or float64
	Min, Max float64
	Doc      string
}

// Architecture is one kind of network, by the name that specs use.
type Architecture struct {
	Name    string
	Doc     string
	Options []Option
	// Scales lists the enlargement factors of a processor; nil is any power of two from 1 on. Unused by others.
	Scales []int
	// Field says how a processor runs in tiles, for an enlargement factor and complete options. Unused by others.
	Field func(scale int, o Options) Field
	// Python is the source of a Python module that defines the processor in PyTorch: a function of the architecture's
	// name, with _ for -, from the scale and the options to an nn.Module with the tensors' names. Unused by others.
	Python string
	// Input is what a recognizer was made for. Unused by processors.
	Input Input
	// Detects is true for recognizers that find objects in boxes, false for those that name one class per image.
	Detects bool
	// Rename, unless nil, turns names of tensors in old files into the network's.
	Rename func(stored string) string
	// Build adds the network to b. size is the enlargement factor of a processor or the number of classes of a
	// recognizer.
	Build func(b nn.Builder, size int, o Options) nn.Layer
}

// Find returns the architecture of a list that is called name.
func Find(list []Architecture, name string) (Architecture, bool) {
	i := slices.IndexFunc(list, func(a Architecture) bool { return a.Name == name })
	if i < 0 {
		return Architecture{}, false
	}
	return list[i], true
}

// Complete returns given with every absent option at its default.
func (a Architecture) Complete(given Options) Options {
	complete := Options{}
	for _, o := range a.Options {
		complete[o.Name] = o.Default
		if v, ok := given[o.Name]; ok {
			complete[o.Name] = v
		}
	}
	return complete
}

// Unset builds the network without values, see nn.Unset. size is as for Build.
func (a Architecture) Unset(size int, given Options) *nn.Network {
	network := nn.Unset(func(b nn.Builder) nn.Layer { return a.Build(b, size, a.Complete(given)) })
	network.Rename = a.Rename
	return network
}

// New builds the network with initial values from the stream of seed. size is as for Build.
func (a Architecture) New(seed uint64, size int, given Options) *nn.Network {
	network := nn.New(seed, func(b nn.Builder) nn.Layer { return a.Build(b, size, a.Complete(given)) })
	network.Rename = a.Rename
	return network
}
