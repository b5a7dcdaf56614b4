package detection

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
)

// TRANSFERA_BENCH_MEMORY=1 runs TestStepsFitIntoMemory, which takes minutes. For its child processes the variable names what
// to run: an architecture and "training" or "frozen".
const memoryVariable = "TRANSFERA_BENCH_MEMORY"

const memoryLimit = 12e9 // bytes: a machine of 16 GB then has some left for data and processor

// Every case has a process of its own, whose peak is that of one architecture.
func TestStepsFitIntoMemory(t *testing.T) {
	switch name, step, _ := strings.Cut(os.Getenv(memoryVariable), " "); {
	case name == "":
		t.Skipf("set %s=1 to measure the memory of large detectors' steps", memoryVariable)
	case step != "":
		d := New(findDetector(t, name), 1, 20, nil)
		calm(d)
		assert.Less(t, peakOfSteps(t, d, step), memoryLimit)
		return
	}
	peak(t) // skips where there is none
	for _, name := range []string{"faster-rcnn-vgg16", "faster-rcnn-resnet101"} {
		for _, step := range []string{"training", "frozen"} {
			t.Run(name+" "+step, func(t *testing.T) {
				child := exec.Command(os.Args[0], "-test.run=^TestStepsFitIntoMemory$", "-test.v")
				child.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s", memoryVariable, name, step))
				out, err := child.CombinedOutput()
				for line := range bytes.Lines(out) {
					if bytes.Contains(line, []byte("peak")) {
						t.Log(strings.TrimSpace(string(line)))
					}
				}
				require.NoError(t, err, string(out))
			})
		}
	}
}

// calm makes the branches of residual blocks small: without a training's statistics their sums explode, and what comes of
// them are no 128 boxes.
func calm(d *Detector) {
	for _, e := range d.Entries() {
		if strings.HasSuffix(e.Name, ".bn3.weight") {
			e.Value.CopyFrom(aten.Full(nil, 0.1, e.Value.Shape()...))
		}
	}
}

// assertFullHead fails unless the head sees as many of an image's proposals as the detector's options say.
func assertFullHead(t *testing.T, d *Detector, image aten.Tensor, target Target) {
	t.Helper()
	n := d.network
	aten.NoGrad(func() {
		aten.Within(image, func(image aten.Tensor) aten.Tensor {
			proposals := n.propose(n.look(image), n.beforeTrain, n.afterTrain)
			positive, negative := n.boxSample.sample(n.boxMatch.match(target.Boxes, proposals), aten.NewGenerator(1))
			assert.Len(t, append(positive, negative...), n.boxSample.size)
			return image
		})
	})
}

// peakOfSteps takes two steps on an image of 600x1000 pixels and returns the peak of this process's resident memory, in
// bytes. Step "training" ends in one of SGD with momentum; "frozen" is the gradient of a fixed detector's loss with respect
// to the image, as a processor needs it.
func peakOfSteps(t *testing.T, d *Detector, step string) float64 {
	t.Helper()
	t.Logf("built: peak %.2f GB", peak(t)/1e9)
	target := Target{
		Boxes:  []Box{{40, 60, 400, 500}, {300, 100, 900, 590}, {10, 10, 120, 150}, {700, 50, 980, 300}, {450, 350, 520, 480}},
		Labels: []int64{0, 5, 11, 14, 19},
	}
	var optimizer *aten.Optimizer
	if step == "training" {
		d.Train()
		optimizer = aten.NewSGD(d.Parameters(), 1e-4, 0.9, 5e-4, false)
	} else {
		d.Freeze()
	}
	for i := range 2 {
		s := aten.NewScope()
		pixels := aten.FromFloats(s, slices.Repeat([]float32{0.5}, 3*600*1000), 1, 3, 600, 1000)
		aten.NewGenerator(uint64(i)).Uniform(pixels, 0, 1)
		image := models.ImageNet.On(aten.CPU).Forward(pixels)
		image.SetRequiresGrad(optimizer == nil)
		l, err := d.Losses(image, target, SamplingGenerator(1, i))
		require.NoError(t, err)
		loss := l.Sum()
		forward := peak(t)
		loss.Backward()
		require.True(t, loss.Finite())
		if optimizer != nil {
			optimizer.Step()
			optimizer.ZeroGrad()
		} else {
			_, ok := image.Grad()
			require.True(t, ok)
		}
		t.Logf("step %d: peak %.2f GB, of forward %.2f", i+1, peak(t)/1e9, forward/1e9)
		if i == 1 {
			assertFullHead(t, d, image, target)
		}
		s.Close()
	}
	return peak(t)
}

// peak returns the most resident memory that this process has had, in bytes.
func peak(t *testing.T) float64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("this system does not tell a process's peak memory")
	}
	var kilobytes float64
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, err := fmt.Sscan(value, &kilobytes)
			require.NoError(t, err)
		}
	}
	require.Positive(t, kilobytes)
	return kilobytes * 1024
}
