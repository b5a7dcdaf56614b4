package recognition_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/models/nn"
	"transfera/models/weights"
)

// Files of these sizes are no goldens: torchvision writes them anew where it is installed.
func TestTorchvisionFilesLoadWithoutConversion(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import torchvision").Run(); err != nil {
		t.Skip("no torchvision to write files with; Debian has it as python3-torchvision")
	}
	folder := t.TempDir()
	out, err := exec.Command(python, "../../scripts/torchvision_files.py", folder, "resnet18", "mobilenet_v2").CombinedOutput()
	require.NoError(t, err, string(out))
	for _, name := range []string{"resnet18", "mobilenet_v2"} {
		answers, err := weights.Load(filepath.Join(folder, name+"-answers.pth"))
		require.NoError(t, err)
		want, ok := answers.Tensors.Get("logits")
		require.True(t, ok)
		given, ok := answers.Tensors.Get("images")
		require.True(t, ok)
		images, err := nn.FromWeights(given)
		require.NoError(t, err)
		for _, format := range []string{"zip", "legacy"} {
			t.Run(name+" "+format, func(t *testing.T) {
				file, err := weights.Load(filepath.Join(folder, name+"-"+format+".pth"))
				require.NoError(t, err)
				assert.Equal(t, "pytorch-"+format, file.Format.String())
				network := find(t, name).Unset(imageNetClasses, nil)
				require.NoError(t, network.Load(file.Path, file.Tensors))
				logits, _ := answer(t, network, images)
				assertWithin(t, want, logits, "logits")

				converted := filepath.Join(folder, name+"-"+format+".safetensors")
				require.NoError(t, weights.SaveSafetensors(converted, file.Tensors, nil))
				again, err := weights.Load(converted)
				require.NoError(t, err)
				assert.Equal(t, file.Tensors.Checksum(), again.Tensors.Checksum())
			})
		}
	}
}
