package export_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/data/imaging"
	"transfera/models"
	"transfera/models/checkpoint"
	"transfera/models/processing"
	"transfera/models/recognizers"
	"transfera/models/weights"
	"transfera/runner/export"
	"transfera/runner/process"
)

// trained writes a network as a run would leave it, with BatchNorm statistics of its own.
func trained(t *testing.T, path, kind, arch string, scale int, options models.Options) {
	t.Helper()
	architecture, ok := processing.Find(arch)
	require.True(t, ok)
	network := architecture.New(11, scale, options)
	network.Train()
	s := aten.NewScope()
	defer s.Close()
	aten.NoGrad(func() { network.Forward(aten.Full(s, 0.7, 1, 3, 16, 16)) })
	text, err := json.Marshal(options)
	require.NoError(t, err)
	require.NoError(t, weights.SaveSafetensors(path, network.Dict(), map[string]string{
		"kind": kind, "arch": arch, "options": string(text), "scale": fmt.Sprint(scale), "method": "ra-transformer", "lambda": "0.01",
		"degradation": `{"Kind":"dn","Options":{"sigma":0.1}}`, "seed": "2", "stage": "abc", "training": "{}", "code": "1234",
		"source":  `{"Name":"r","Arch":"resnet18","Checksum":"00ff"}`,
		"dataset": `{"Name":"photos","Images":"f00d","Cut":"crop 32"}`,
	}))
}

// python is Debian's, which has the packages; the test is skipped without them.
func python(t *testing.T) string {
	t.Helper()
	const path = "/usr/bin/python3"
	if output, err := exec.Command(path, "-c", "import torch, PIL, numpy").CombinedOutput(); err != nil {
		t.Skipf("no PyTorch, Pillow and NumPy to run the program with (Debian's python3-torch, python3-pil and python3-numpy): %v %s", err, output)
	}
	return path
}

// readNPY reads a float32 array in row-major order.
func readNPY(t *testing.T, path string) (values []float32) {
	t.Helper()
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(file[:128]), "'descr': '<f4', 'fortran_order': False")
	data := file[10+int(binary.LittleEndian.Uint16(file[8:])):]
	for i := 0; i < len(data); i += 4 {
		values = append(values, math.Float32frombits(binary.LittleEndian.Uint32(data[i:])))
	}
	return values
}

type network struct {
	arch    string
	scale   int
	options models.Options
}

func TestTheProgramGivesOurValues(t *testing.T) {
	python := python(t)
	generator := network{"resnet-generator", 1, models.Options{"channels": 4, "blocks": 2}}
	for name, networks := range map[string][]network{
		"srresnet x1":         {{"srresnet", 1, models.Options{"channels": 6, "blocks": 2, "end_kernel": 9}}},
		"srresnet x2":         {{"srresnet", 2, models.Options{"channels": 4, "blocks": 1, "end_kernel": 5}}},
		"srresnet x4":         {{"srresnet", 4, models.Options{"channels": 4, "blocks": 3, "end_kernel": 3}}},
		"srresnet by default": {{"srresnet", 1, models.Options{}}},
		"srdensenet":          {{"srdensenet", 4, models.Options{"growth": 3, "layers": 2, "blocks": 3, "channels": 5}}},
		"resnet-generator":    {generator},
		"P and T":             {{"srresnet", 2, models.Options{"channels": 4, "blocks": 1, "end_kernel": 3}}, generator},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			var checkpoints []*checkpoint.Checkpoint
			o := export.Options{Model: filepath.Join(folder, "processor.safetensors"), Out: filepath.Join(folder, "out"), NoTransformer: len(networks) == 1}
			for i, n := range networks {
				kind := []string{checkpoint.Processor, checkpoint.Transformer}[i]
				path := filepath.Join(folder, kind+".safetensors")
				trained(t, path, kind, n.arch, n.scale, n.options)
				c, err := checkpoint.Read(path, kind)
				require.NoError(t, err)
				checkpoints = append(checkpoints, c)
			}
			_, err := export.Write(o)
			require.NoError(t, err)
			// Stored lying on its side: the program must turn it upright, too.
			stored, err := os.ReadFile("../../testdata/imaging/orientation/6.jpg")
			require.NoError(t, err)
			in, npy, out := filepath.Join(folder, "in.jpg"), filepath.Join(folder, "out.npy"), filepath.Join(folder, "out.png")
			require.NoError(t, os.WriteFile(in, stored, 0o666))
			output, err := exec.Command(python, filepath.Join(o.Out, export.ProgramName), in, out, "--npy", npy).CombinedOutput()
			require.NoError(t, err, string(output))

			m, err := imaging.Decode(stored, in)
			require.NoError(t, err)
			m = m.Upright(6)
			p, err := process.NewPipeline(checkpoints, aten.CPU)
			require.NoError(t, err)
			grid := process.Grid{Width: m.Width, Height: m.Height, CoreWidth: m.Width, CoreHeight: m.Height}
			require.NoError(t, p.Process(t.Context(), process.Picture{Image: m}, grid, func(_ process.Rect, planes []float32) {
				assert.InDeltaSlice(t, planes, readNPY(t, npy), 1e-5)
				got, err := imaging.DecodeFile(out)
				require.NoError(t, err)
				want := imaging.FromPlanar(planes, m.Width*p.Scale, m.Height*p.Scale)
				assert.InDeltaSlice(t, want.Pix, got.Pix, 1, "rounded alike, but for ties")
			}, nil))
		})
	}
}

func TestTheFolderSaysWhatItHolds(t *testing.T) {
	folder := t.TempDir()
	o := export.Options{Model: filepath.Join(folder, "processor.safetensors"), Out: filepath.Join(folder, "out")}
	trained(t, o.Model, checkpoint.Processor, "srresnet", 2, models.Options{"channels": 4})
	trained(t, filepath.Join(folder, "transformer.safetensors"), checkpoint.Transformer, "resnet-generator", 1, models.Options{"channels": 4})
	for range 2 { // again is fine
		paths, err := export.Write(o)
		require.NoError(t, err)
		require.Len(t, paths, 4)
	}
	for _, name := range []string{"processor.safetensors", "transformer.safetensors"} {
		want, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(o.Out, name))
		require.NoError(t, err)
		assert.Equal(t, want, got, "unchanged")
	}
	text, err := os.ReadFile(filepath.Join(o.Out, export.NoteName))
	require.NoError(t, err)
	for _, want := range []string{
		"A processor for dn sigma=0.1: srresnet trained by ra-transformer, with its transformer\n=", "python3 run.py IN OUT",
		"Sides of the output: 2 times those of the input.", `architecture srresnet {"channels":4}`, "lambda 0.01, seed 2",
		"recognizer   r (resnet18), tensors 00ff\n", "images       photos, crop 32, fingerprint f00d\n", "transfera    1234\n",
	} {
		assert.Contains(t, string(text), want)
	}
}

func TestWhatCannotBeExportedSaysWhatToDo(t *testing.T) {
	folder := t.TempDir()
	o := export.Options{Model: filepath.Join(folder, "processor.safetensors"), Out: filepath.Join(folder, "out"), NoTransformer: true}
	trained(t, o.Model, checkpoint.Processor, "srresnet", 1, models.Options{"channels": 4})

	into := o
	into.Out = folder
	_, err := export.Write(into)
	require.ErrorContains(t, err, "holds networks, but no run.py")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "thesis.tex"), nil, 0o666))
	_, err = export.Write(into)
	require.ErrorContains(t, err, "thesis.tex, which is no part of an export")

	recognizer := filepath.Join(folder, "weights.safetensors")
	architecture, err := recognizers.Named("resnet18")
	require.NoError(t, err)
	require.NoError(t, weights.SaveSafetensors(recognizer, architecture.New(1, 2, nil).Dict(), map[string]string{"kind": "recognizer", "arch": "resnet18"}))
	_, err = export.Write(export.Options{Model: recognizer, Out: o.Out})
	require.ErrorContains(t, err, "only processors and transformers are exported")
	require.ErrorContains(t, err, "torchvision")
	assert.NoDirExists(t, o.Out)
}

func TestEveryProcessorIsDefinedInPython(t *testing.T) {
	for _, a := range processing.Architectures {
		assert.Contains(t, a.Python, "def "+export.Function(a)+"(scale, options):", a.Name)
	}
}

func TestAnArchitectureWithoutPythonIsRefused(t *testing.T) {
	a, _ := processing.Find("srresnet")
	a.Name, a.Python = "new-net", ""
	_, err := export.Program([]*checkpoint.Checkpoint{{Kind: "processor", Architecture: a}})
	assert.ErrorContains(t, err, "architecture new-net has no definition in Python; add one beside its network")
}
