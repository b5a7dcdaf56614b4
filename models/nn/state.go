// Package nn holds what networks are built from: layers, and the ordered, named state that PyTorch calls a state_dict.
package nn

import (
	"fmt"
	"runtime"

	"transfera/aten"
	"transfera/models/weights"
)

// Layer maps a tensor to a tensor: a convolution, a block, a whole network.
type Layer interface {
	Forward(x aten.Tensor) aten.Tensor
}

// Func is a Layer without state, such as an activation.
type Func func(x aten.Tensor) aten.Tensor

// Forward calls f.
func (f Func) Forward(x aten.Tensor) aten.Tensor { return f(x) }

// Entry is one named tensor of a network, named as in PyTorch's state_dict.
type Entry struct {
	Name   string
	Value  aten.Tensor
	Buffer bool // running statistics and what Builder.Fixed made: saved, but not trained
}

// Network is a Layer with its state.
type Network struct {
	Layer
	// Rename, unless nil, turns the name of a tensor in a file into the network's: files of older PyTorch have other names.
	Rename func(stored string) string

	seed       uint64
	mode       *mode
	entries    []Entry
	folds      []func()
	generators map[string]*aten.Generator
}

// mode is shared by a network and those of its layers that behave differently in training.
type mode struct {
	training, folded bool
	share            *Share // nil: the whole batch
}

// New builds a network. Parameters get PyTorch's default initial values for their layer, unless build says otherwise, drawn
// from the stream of seed in the order in which build asks for them.
func New(seed uint64, build func(b Builder) Layer) *Network {
	return Unset(func(b Builder) Layer {
		b.network.seed, b.generator = seed, aten.NewGenerator(seed)
		return build(b)
	})
}

// Unset builds a network whose weights have no values yet, which costs neither time nor memory: to look at, or to be loaded.
func Unset(build func(b Builder) Layer) *Network {
	n := &Network{mode: &mode{}, generators: map[string]*aten.Generator{}}
	n.Layer = build(Builder{network: n, epsilon: normEpsilon})
	return n
}

// Train puts the network in training mode: BatchNorm uses and tracks the batch's statistics, dropout drops.
func (n *Network) Train() {
	n.mustNotBeFolded("trained")
	n.mode.training = true
}

func (n *Network) mustNotBeFolded(what string) {
	if n.mode.folded {
		panic("nn: a frozen network cannot be " + what)
	}
}

// Eval puts the network in evaluation mode: BatchNorm uses the running statistics, dropout does nothing. A new network is in
// this mode.
func (n *Network) Eval() { n.mode.training = false }

// Entries returns the state in the order of definition.
func (n *Network) Entries() []Entry { return n.entries }

// Parameters returns the trainable tensors in the order of definition.
func (n *Network) Parameters() []aten.Tensor {
	var parameters []aten.Tensor
	for _, e := range n.entries {
		if !e.Buffer {
			parameters = append(parameters, e.Value)
		}
	}
	return parameters
}

// Size returns the number of trainable values.
func (n *Network) Size() int {
	size := 0
	for _, p := range n.Parameters() {
		count := 1
		for _, d := range p.Shape() {
			count *= d
		}
		size += count
	}
	return size
}

// Bytes returns about how large a file of the state is.
func (n *Network) Bytes() int64 {
	total := int64(0)
	for _, e := range n.entries {
		dtype, shape := e.Value.Type(), e.Value.Shape()
		count := int64(1)
		for _, d := range shape {
			count *= int64(d)
		}
		total += count * int64(dtype.Size())
	}
	return total
}

// Freeze makes the network a fixed function: evaluation mode, no gradients for its weights, every BatchNorm folded into the
// convolution before it. Gradients with respect to its input still flow. It cannot be undone: Dict still gives the state as
// it was, but Train, Load and To no longer apply.
func (n *Network) Freeze() {
	n.Eval()
	for _, p := range n.Parameters() {
		p.SetRequiresGrad(false)
	}
	if !n.mode.folded {
		aten.NoGrad(func() {
			for _, fold := range n.folds {
				fold()
			}
		})
		n.mode.folded = true
	}
}

// Dict copies the state out.
func (n *Network) Dict() weights.Dict {
	dict := make(weights.Dict, len(n.entries))
	for i, e := range n.entries {
		dict[i] = ToWeights(e.Name, e.Value)
	}
	return dict
}

// Wants are the names and shapes of the state's tensors.
func (n *Network) Wants() []weights.Want {
	want := make([]weights.Want, len(n.entries))
	for i, e := range n.entries {
		want[i] = weights.Want{Name: e.Name, Shape: wide(e.Value.Shape())}
	}
	return want
}

// Fit returns dict under the network's own names, as Load takes it, and has Load's errors. Nothing is loaded.
func (n *Network) Fit(source string, dict weights.Dict) (weights.Dict, error) {
	dict = dict.TrimPrefix("module.")
	if n.Rename != nil {
		var err error
		if dict, err = dict.Rename(n.Rename); err != nil {
			return nil, fmt.Errorf("%s: %w", source, err)
		}
	}
	if err := weights.Match(n.Wants(), dict); err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	if err := dict.CheckFinite(); err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	return dict, nil
}

// Load overwrites the state with dict's tensors. A missing, unexpected or mis-shaped tensor is an error, as is one that
// holds NaN or infinities, and then nothing has changed; source names dict's origin in it. Prefixes "module." of DataParallel are taken off, then Rename
// applies.
func (n *Network) Load(source string, dict weights.Dict) error {
	n.mustNotBeFolded("loaded")
	dict, err := n.Fit(source, dict)
	if err != nil {
		return err
	}
	values := make([]aten.Tensor, len(n.entries))
	for i, e := range n.entries {
		stored, ok := dict.Get(e.Name)
		if !ok {
			continue // Match allows only BatchNorm's batch counters to be absent
		}
		value, err := FromWeights(stored)
		if err != nil {
			return fmt.Errorf("%s: %w", source, err)
		}
		values[i] = value
	}
	for i, e := range n.entries {
		if values[i].Defined() {
			e.Value.CopyFrom(values[i])
		}
	}
	return nil
}

// To moves the whole state to a device. Call it before an optimizer takes the parameters.
func (n *Network) To(device aten.Device) {
	n.mustNotBeFolded("moved")
	for _, e := range n.entries {
		moved := e.Value.To(device)
		e.Value.SetData(moved.Tensor)
		runtime.KeepAlive(moved) // gotorch lets it go while it works on it
	}
}

// ChannelsLast lays the weights of convolutions out as (out,H,W,in) in memory. Call it before an optimizer takes the
// parameters; files of weights do not change.
func (n *Network) ChannelsLast() {
	n.mustNotBeFolded("laid out anew")
	for _, e := range n.entries {
		laid := aten.ChannelsLast(e.Value)
		e.Value.SetData(laid.Tensor)
		runtime.KeepAlive(laid)
	}
}

func wide(shape []int) []int64 {
	w := make([]int64, len(shape))
	for i, d := range shape {
		w[i] = int64(d)
	}
	return w
}
