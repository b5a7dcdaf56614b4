package process_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/data"
	"transfera/data/imaging"
	"transfera/models"
	"transfera/models/checkpoint"
	"transfera/runner/process"
)

var small = models.Options{"channels": 4, "blocks": 1, "end_kernel": 3}

// photo is a picture with colours everywhere.
func photo(width, height int) *imaging.Image {
	m := imaging.New(width, height)
	for i := range m.Pix {
		m.Pix[i] = uint8(i*7 + i/width*3)
	}
	return m
}

func put(t testing.TB, data []byte, parts ...string) string {
	t.Helper()
	path := filepath.Join(parts...)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, data, 0o666))
	return path
}

func putPNG(t testing.TB, m *imaging.Image, parts ...string) string {
	t.Helper()
	file, err := m.EncodePNG()
	require.NoError(t, err)
	return put(t, file, parts...)
}

func jpegOf(t testing.TB, m *imaging.Image) []byte {
	t.Helper()
	file, err := m.EncodeJPEG(95)
	require.NoError(t, err)
	return file
}

// scene is a folder of inputs, one for outputs and the options that process one to the other.
func scene(t testing.TB, scale int) process.Options {
	t.Helper()
	root := t.TempDir()
	model := filepath.Join(root, "models", "processor.safetensors")
	require.NoError(t, os.MkdirAll(filepath.Dir(model), 0o777))
	trained(t, model, checkpoint.Processor, "srresnet", scale, small)
	in := filepath.Join(root, "in")
	require.NoError(t, os.Mkdir(in, 0o777))
	return process.Options{
		Model: model, In: in, Out: filepath.Join(root, "out"), Format: process.PNG, Quality: 90, Memory: 4 << 30, Device: "cpu",
	}
}

func files(t testing.TB, folder string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(folder, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}))
	return names
}

func decoded(t testing.TB, parts ...string) *imaging.Image {
	t.Helper()
	m, err := imaging.DecodeFile(filepath.Join(parts...))
	require.NoError(t, err)
	return m
}

// expected is what P makes of a picture in one pass.
func expected(t testing.TB, model string, m *imaging.Image) *imaging.Image {
	t.Helper()
	c, err := checkpoint.Read(model, checkpoint.Processor)
	require.NoError(t, err)
	network, err := c.Network()
	require.NoError(t, err)
	planes := make([]float32, 3*m.Width*m.Height)
	m.Planar(planes)
	var out []float32
	require.NoError(t, aten.Catch(func() {
		aten.NoGrad(func() { out = network.Forward(aten.FromFloats(nil, planes, 1, 3, m.Height, m.Width)).Floats() })
	}))
	return imaging.FromPlanar(out, m.Width*c.Scale, m.Height*c.Scale)
}

// alike allows for rounding that falls to the other side.
func alike(t testing.TB, want, got *imaging.Image) {
	t.Helper()
	require.Equal(t, []int{want.Width, want.Height}, []int{got.Width, got.Height})
	for i := range want.Pix {
		require.InDelta(t, want.Pix[i], got.Pix[i], 1)
	}
}

func TestFoldersKeepTheirNamesAndEveryPictureIsProcessed(t *testing.T) {
	o := scene(t, 2)
	m := photo(31, 22)
	putPNG(t, m, o.In, "a.png")
	put(t, jpegOf(t, m), o.In, "deep", "er", "b c#.JPEG")
	put(t, []byte("notes"), o.In, "notes.txt")
	result, err := process.Run(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, []string{"a.png", "deep/er/b c#.JPEG"}, result.Done)
	assert.Equal(t, 1, result.Ignored)
	assert.Empty(t, result.Skipped)
	assert.Equal(t, []string{"a.png", "deep/er/b c#.png"}, files(t, o.Out))
	alike(t, expected(t, o.Model, m), decoded(t, o.Out, "a.png"))
	for format, want := range map[string][]string{
		process.Same: {"a.png", "deep/er/b c#.JPEG"}, process.JPEG: {"a.jpg", "deep/er/b c#.JPEG"},
	} {
		o.Format, o.Out = format, filepath.Join(t.TempDir(), "out")
		_, err := process.Run(t.Context(), o)
		require.NoError(t, err)
		assert.Equal(t, want, files(t, o.Out), format)
		head, err := os.ReadFile(filepath.Join(o.Out, "deep/er/b c#.JPEG"))
		require.NoError(t, err)
		assert.True(t, bytes.HasPrefix(head, []byte("\xff\xd8\xff")), format)
	}
}

func TestUnreadablePicturesAreListedAndTheRestIsProcessed(t *testing.T) {
	o := scene(t, 1)
	file := jpegOf(t, photo(40, 40))
	put(t, file, o.In, "good.jpg")
	put(t, file[:len(file)/2], o.In, "cut.jpg")
	put(t, []byte("text"), o.In, "text.png")
	put(t, nil, o.In, "empty.png")
	require.NoError(t, os.Symlink(filepath.Join(o.In, "nowhere"), filepath.Join(o.In, "dangling.png")))
	result, err := process.Run(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, []string{"good.jpg"}, result.Done)
	reasons := map[string]string{}
	for _, s := range result.Skipped {
		reasons[s.Name] = s.Reason
	}
	assert.Len(t, reasons, 4)
	assert.Contains(t, reasons["cut.jpg"], "truncated JPEG: the file ends before the image does")
	assert.Contains(t, reasons["text.png"], `neither JPEG nor PNG: it starts with "text"`)
	assert.Contains(t, reasons["empty.png"], "empty file")
	assert.Contains(t, reasons["dangling.png"], "no such file")
	assert.Equal(t, []string{"good.png"}, files(t, o.Out), "nothing half-written")

	require.NoError(t, os.Remove(filepath.Join(o.In, "good.jpg")))
	_, err = process.Run(t.Context(), o)
	assert.EqualError(t, err, "no picture could be processed")
}

func TestPicturesComeOutAsAViewerShowsThem(t *testing.T) {
	o := scene(t, 1)
	for _, name := range []string{"1.jpg", "6.jpg", "8.jpg"} {
		file, err := os.ReadFile(filepath.Join("../../testdata/imaging/orientation", name))
		require.NoError(t, err)
		put(t, file, o.In, name)
	}
	deep := image.NewNRGBA64(image.Rect(0, 0, 8, 5))
	for i := range 40 {
		deep.Set(i%8, i/8, color.NRGBA64{uint16(i * 1600), 0x12ff, 0xff12, 0x8000})
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, deep))
	put(t, b.Bytes(), o.In, "deep.png")
	result, err := process.Run(t.Context(), o)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{
		"2 pictures were turned upright by their EXIF orientation, such as 6.jpg",
		"deep.png: had 16 bits per channel, of which the upper 8 were taken",
		"deep.png: had transparency, which is lost: colours were taken as stored",
	}, result.Remarks)
	alike(t, expected(t, o.Model, decoded(t, o.In, "6.jpg").Upright(6)), decoded(t, o.Out, "6.png"))
}

func TestAStoppedRunKeepsWhatItFinished(t *testing.T) {
	o := scene(t, 1)
	for _, name := range []string{"a.png", "b.png", "c.png"} {
		putPNG(t, photo(20, 20), o.In, name)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	o.Progress = func(_ string, done, _ int) {
		if done == 2 {
			cancel(errors.New("interrupted"))
		}
	}
	o.Compare = true
	result, err := process.Run(ctx, o)
	require.EqualError(t, err, "stopped: interrupted; 2 of 3 pictures are finished and stay")
	assert.Equal(t, []string{"a.png", "b.png"}, result.Done)
	assert.Equal(t, []string{"a.png", "b.png", "compare.html"}, files(t, o.Out))
}

func TestDegradeMakesTheInputThatTheProcessorRepairs(t *testing.T) {
	o := scene(t, 2)
	m := photo(25, 19)
	putPNG(t, m, o.In, "a.png")
	o.Degrade = true
	result, err := process.Run(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, []string{"a.png: lost rows or columns at the right or bottom, since their sides 2 does not divide"}, result.Remarks)
	assert.Equal(t, []string{"a.png", "degraded/a.png"}, files(t, o.Out))
	degradation, err := data.NewDegradation("sr", map[string]any{"scale": 2})
	require.NoError(t, err)
	target, err := m.Crop(0, 0, 24, 18)
	require.NoError(t, err)
	made, err := data.Apply(degradation, target, 0)
	require.NoError(t, err)
	want := imaging.FromPlanar(made.Input, 12, 9)
	assert.Equal(t, want.Pix, decoded(t, o.Out, "degraded/a.png").Pix)
	alike(t, expected(t, o.Model, want), decoded(t, o.Out, "a.png"))
}
