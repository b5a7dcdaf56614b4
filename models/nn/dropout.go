package nn

import (
	"crypto/sha256"
	"encoding/binary"

	"transfera/aten"
)

// dropoutStream is the name of the stream that all of a network's dropout layers share.
const dropoutStream = "dropout"

// Dropout zeroes random elements in training and does nothing otherwise.
type Dropout struct{ dropping }

// StochasticDepth zeroes random samples of a residual branch in training and does nothing otherwise (Huang et al. 2016).
type StochasticDepth struct{ dropping }

type dropping struct {
	probability float64
	generator   *aten.Generator
	mode        *mode
}

// Dropout adds a dropout of single elements with the given probability, in [0,1).
func (b Builder) Dropout(probability float64) *Dropout { return &Dropout{b.dropping(probability)} }

// StochasticDepth adds a dropout of whole samples with the given probability, in [0,1).
func (b Builder) StochasticDepth(probability float64) *StochasticDepth {
	return &StochasticDepth{b.dropping(probability)}
}

func (b Builder) dropping(probability float64) dropping {
	return dropping{probability, b.network.stream(dropoutStream), b.network.mode}
}

// Forward maps any shape to itself; evaluation returns x itself.
func (d *Dropout) Forward(x aten.Tensor) aten.Tensor {
	if !d.active() {
		return x
	}
	before, whole := d.mode.share.rows(x.Dim(0))
	return aten.PartDropout(x, d.probability, d.generator, before, whole)
}

// Forward maps (N,...) to itself; evaluation returns x itself.
func (d *StochasticDepth) Forward(x aten.Tensor) aten.Tensor {
	if !d.active() {
		return x
	}
	before, whole := d.mode.share.rows(x.Dim(0))
	return aten.PartStochasticDepth(x, d.probability, d.generator, before, whole)
}

func (d dropping) active() bool { return d.mode.training && d.probability > 0 }

// Generators returns the random streams that training draws from, by name; none without dropout. They start from the seed of
// New, independent of the initial values. A checkpoint has to hold the State of each beside the network's Dict.
func (n *Network) Generators() map[string]*aten.Generator { return n.generators }

// StreamSeed is the seed of a named random stream of the models: the first 8 bytes, little-endian, of
// SHA-256("transfera/models/" + name + "\x00" + each number as 8 little-endian bytes).
func StreamSeed(name string, numbers ...uint64) uint64 {
	message := []byte("transfera/models/" + name + "\x00")
	for _, n := range numbers {
		message = binary.LittleEndian.AppendUint64(message, n)
	}
	key := sha256.Sum256(message)
	return binary.LittleEndian.Uint64(key[:8])
}

// stream returns the generator called name, from StreamSeed of the network's seed.
func (n *Network) stream(name string) *aten.Generator {
	if g, ok := n.generators[name]; ok {
		return g
	}
	n.generators[name] = aten.NewGenerator(StreamSeed(name, n.seed))
	return n.generators[name]
}
