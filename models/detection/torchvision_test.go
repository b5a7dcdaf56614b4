package detection

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/models"
	"transfera/models/nn/nntest"
	"transfera/models/weights"
)

// Detectors of these sizes are no goldens: torchvision computes them anew where it is installed, with the settings that this
// test gives it. Fewer boxes than usual save time.
func TestWholeDetectorsEqualTorchvision(t *testing.T) {
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import torchvision").Run(); err != nil {
		t.Skip("no torchvision to compare with; Debian has it as python3-torchvision")
	}
	settings := map[string]models.Options{
		"faster-rcnn-resnet18": {"box_batch": 32},
		"faster-rcnn-vgg16":    {"roi_size": 4},
	}
	// Folding BatchNorms into convolutions rounds otherwise, and so do processors: features move by 3e-6 of the largest, and some
	// of the millions of values that a ResNet's head has in 32 regions change their side of a ReLU's 0. Such gradients jump:
	// 2.4e-3 was seen.
	gradientTolerance := map[string]float64{"faster-rcnn-resnet18": 1e-2, "faster-rcnn-vgg16": nntest.Tolerance}
	for name, given := range settings {
		for option, value := range map[string]any{
			"rpn_pre_nms_train": 600, "rpn_post_nms_train": 100, "rpn_pre_nms_test": 400, "rpn_post_nms_test": 50, "detections": 40,
		} {
			given[option] = value
		}
		settings[name] = findDetector(t, name).Complete(given)
	}
	given, err := json.Marshal(settings)
	require.NoError(t, err)
	folder := t.TempDir()
	out, err := exec.Command(python, "../../scripts/torchvision_detectors.py", folder, string(given)).CombinedOutput()
	require.NoError(t, err, string(out))
	t.Log(string(out))
	for name, options := range settings {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(runtime.GC) // Go's collector does not know that a quarter of a gigabyte hangs on a small handle
			file, err := weights.Load(filepath.Join(folder, name+".pth"))
			require.NoError(t, err)
			golden := nntest.Golden{Tensors: file.Tensors}
			d := Of(findDetector(t, name).Unset(3, options))
			require.NoError(t, d.Load(file.Path, golden.Under("initial")))
			assertDetector(t, d, golden, gradientTolerance[name])
		})
	}
}

func findDetector(t *testing.T, name string) models.Architecture {
	t.Helper()
	architecture, ok := Find(name)
	require.True(t, ok, name)
	return architecture
}
