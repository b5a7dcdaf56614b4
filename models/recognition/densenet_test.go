package recognition_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/models/weights"
)

// Torchvision's published file is of 2017: other names for what a dense layer consists of, and no batch counters.
func TestOldDenseNetNamesLoad(t *testing.T) {
	network := find(t, "densenet121").New(1, classes, nil)
	var old weights.Dict
	renamed := 0
	for _, tensor := range network.Dict() {
		if strings.HasSuffix(tensor.Name, "num_batches_tracked") {
			continue
		}
		name := tensor.Name
		for _, layer := range []string{"norm1", "conv1", "norm2", "conv2"} {
			name = strings.Replace(name, "."+layer+".", "."+layer[:4]+"."+layer[4:]+".", 1)
		}
		if name != tensor.Name {
			renamed++
		}
		tensor.Name = name
		old = append(old, tensor)
	}
	require.Equal(t, 58*(4+1+4+1), renamed, "58 dense layers of two normalizations and two convolutions")
	assert.Equal(t, "features.denseblock1.denselayer1.norm.1.weight", old[5].Name)

	other := find(t, "densenet121").New(2, classes, nil)
	require.NotEqual(t, network.Dict().Checksum(), other.Dict().Checksum())
	require.NoError(t, other.Load("densenet121.pth", old))
	assert.Equal(t, network.Dict().Checksum(), other.Dict().Checksum())
}
