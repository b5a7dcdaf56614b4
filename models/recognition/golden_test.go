package recognition_test

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
	"transfera/models/nn/nntest"
	"transfera/models/recognition"
	"transfera/models/weights"
)

const classes = 10

// The options are those of scripts/goldens/networks.py.
func TestNetworksEqualPyTorch(t *testing.T) {
	cases := map[string]models.Options{
		"shapes-resnet":   {"width": 3, "blocks": 1},
		"shapes-vgg":      {"width": 3, "depth": 2},
		"shapes-densenet": {"growth": 4, "layers": 2},
	}
	for name, options := range cases {
		t.Run(name, func(t *testing.T) {
			golden := nntest.Load(t, "networks", name+".pth")
			network := find(t, name).New(0, classes, options)
			require.NoError(t, network.Load(name, golden.Under("initial")))
			nntest.AssertNetwork(t, golden, network)
		})
	}
	t.Run("cifar-resnet20", func(t *testing.T) {
		network := find(t, "cifar-resnet20").New(0, classes, nil)
		draw(t, network, 20)
		nntest.AssertNetwork(t, nntest.Load(t, "networks", "cifar-resnet20.pth"), network)
	})
}

func find(t *testing.T, name string) models.Architecture {
	t.Helper()
	architecture, ok := recognition.Find(name)
	require.True(t, ok, name)
	return architecture
}

// draw fills the state as draw() of scripts/goldens/networks.py: name by name in alphabetical order, from one generator.
func draw(t *testing.T, network *nn.Network, seed uint64) {
	t.Helper()
	generator := aten.NewGenerator(seed)
	entries := slices.Clone(network.Entries())
	slices.SortFunc(entries, func(a, b nn.Entry) int { return strings.Compare(a.Name, b.Name) })
	var dict weights.Dict
	for _, e := range entries {
		if strings.HasSuffix(e.Name, "num_batches_tracked") {
			continue
		}
		shape := e.Value.Shape()
		value := generator.Normal(nil, shape...)
		switch {
		case len(shape) > 1:
			fanIn := 1
			for _, d := range shape[1:] {
				fanIn *= d
			}
			value = aten.MulScalar(value, math.Sqrt(2/float64(fanIn)))
		case strings.HasSuffix(e.Name, "running_var"), strings.HasSuffix(e.Name, "weight"):
			value = aten.AddScalar(aten.MulScalar(value, 0.1), 1)
		default:
			value = aten.MulScalar(value, 0.1)
		}
		dict = append(dict, nn.ToWeights(e.Name, value))
	}
	require.NoError(t, network.Load("drawn", dict))
}

// The files are those of PyTorch's DataParallel: every name begins with "module.".
func TestPublishedWeightsAnswerAsInPyTorch(t *testing.T) {
	folder := nntest.SharedData(t, "cifar10-resnets")
	var published map[string][][]float32
	nntest.ReadJSON(t, &published, "networks", "published.json")
	input := nntest.Load(t, "networks", "cifar-resnet20.pth").Tensor(t, "input")
	normalized := models.ImageNet.On(aten.CPU).Forward(input)

	require.Len(t, published, 3)
	for file, logits := range published {
		t.Run(file, func(t *testing.T) {
			depth, _, _ := strings.Cut(file, "-")
			network := find(t, "cifar-"+depth).New(0, classes, nil)
			stored, err := weights.Load(filepath.Join(folder, file))
			require.NoError(t, err)
			require.NoError(t, network.Load(file, stored.Tensors))
			network.Freeze()
			want := weights.FromFloats("logits", []int64{int64(len(logits)), classes}, slices.Concat(logits...))
			got := nn.ToWeights("logits", network.Forward(normalized))
			assert.LessOrEqual(t, nntest.RelativeError(want, got), nntest.Tolerance)
		})
	}
}

// The sizes of torchvision's architectures are in the zoo's goldens.
func TestSizesAreThoseOfPyTorch(t *testing.T) {
	var sizes map[string]int
	nntest.ReadJSON(t, &sizes, "networks", "sizes.json")
	zoo := readZoo(t)
	for _, a := range recognition.Architectures {
		if _, ok := zoo[a.Name]; ok {
			continue
		}
		want, ok := sizes[a.Name]
		if assert.True(t, ok, "sizes.json lacks %s", a.Name) {
			assert.Equal(t, want, a.New(1, classes, nil).Size(), a.Name)
		}
	}
}
