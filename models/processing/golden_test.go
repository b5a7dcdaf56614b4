package processing_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn/nntest"
	"transfera/models/processing"
)

// The options are those of scripts/goldens/networks.py.
func TestNetworksEqualPyTorch(t *testing.T) {
	cases := []struct {
		golden, architecture string
		scale                int
		options              models.Options
	}{
		{"srresnet-x1", "srresnet", 1, models.Options{"channels": 6, "blocks": 2}},
		{"srresnet-x2", "srresnet", 2, models.Options{"channels": 6, "blocks": 2, "end_kernel": 5}},
		{"srresnet-x4", "srresnet", 4, models.Options{"channels": 6, "blocks": 1, "end_kernel": 5}},
		{"srdensenet", "srdensenet", 4, models.Options{"growth": 5, "layers": 3, "blocks": 2, "channels": 8}},
		{"resnet-generator", "resnet-generator", 1, models.Options{"channels": 3, "blocks": 2}},
		{"resnet-generator-odd", "resnet-generator", 1, models.Options{"channels": 2, "blocks": 1}},
	}
	for _, c := range cases {
		t.Run(c.golden, func(t *testing.T) {
			architecture, ok := processing.Find(c.architecture)
			require.True(t, ok)
			golden := nntest.Load(t, "networks", c.golden+".pth")
			network := architecture.New(0, c.scale, c.options)
			require.NoError(t, network.Load(c.golden, golden.Under("initial")))
			nntest.AssertNetwork(t, golden, network)
		})
	}
}

func TestSizesAreThoseOfPyTorch(t *testing.T) {
	var sizes map[string]int
	nntest.ReadJSON(t, &sizes, "networks", "sizes.json")
	for _, c := range []struct {
		architecture, golden string
		scale                int
	}{
		{"srresnet", "srresnet", 1},
		{"srresnet", "srresnet x2", 2},
		{"srresnet", "srresnet x4", 4},
		{"srdensenet", "srdensenet x4", 4},
		{"resnet-generator", "resnet-generator", 1},
	} {
		architecture, ok := processing.Find(c.architecture)
		require.True(t, ok)
		require.Contains(t, sizes, c.golden)
		assert.Equal(t, sizes[c.golden], architecture.New(1, c.scale, nil).Size(), c.golden)
	}
}

func TestScalesAreThoseThatTheNetworkCanDo(t *testing.T) {
	scales := map[string][]int{"srresnet": nil, "srdensenet": {4}, "resnet-generator": {1}}
	for _, a := range processing.Architectures {
		want, ok := scales[a.Name]
		require.True(t, ok, "say here what scales %s has", a.Name)
		assert.Equal(t, want, a.Scales, a.Name)
		tried := a.Scales
		if tried == nil {
			tried = []int{1, 2, 4, 8}
		}
		for _, scale := range tried {
			s := aten.NewScope()
			network := a.New(1, scale, small(a))
			aten.NoGrad(func() {
				output := network.Forward(aten.Full(s, 0.5, 1, 3, 6, 9))
				assert.Equal(t, []int{1, 3, 6 * scale, 9 * scale}, output.Shape(), "%s x%d", a.Name, scale)
			})
			s.Close()
		}
	}
	_, ok := processing.Find("no-such-network")
	assert.False(t, ok)
}

// small returns the smallest options of an architecture.
func small(a models.Architecture) models.Options {
	options := models.Options{}
	for _, o := range a.Options {
		options[o.Name] = int(o.Min)
	}
	return options
}

// A picture smaller than a reflected edge is an error of libtorch, to be caught at the edge of the stage.
func TestGeneratorRefusesTinyPictures(t *testing.T) {
	generator, _ := processing.Find("resnet-generator")
	network := generator.New(1, 1, small(generator))
	s := aten.NewScope()
	defer s.Close()
	assert.NoError(t, aten.Catch(func() { network.Forward(aten.Full(s, 0.5, 1, 3, 5, 5)) }))
	assert.Error(t, aten.Catch(func() { network.Forward(aten.Full(s, 0.5, 1, 3, 4, 4)) }))
}
