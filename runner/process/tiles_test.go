package process_test

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
	"transfera/models/checkpoint"
	"transfera/models/processing"
	"transfera/models/weights"
	"transfera/runner/process"
)

// trained writes a network with random weights as a run would leave it. Random BatchNorm statistics make those matter.
func trained(t testing.TB, file, kind, arch string, scale int, options models.Options) *checkpoint.Checkpoint {
	t.Helper()
	architecture, ok := processing.Find(arch)
	require.True(t, ok)
	network := architecture.New(11, scale, options)
	text := "{"
	for _, o := range architecture.Options {
		if v, ok := options[o.Name]; ok {
			text += fmt.Sprintf(`%q:%v,`, o.Name, v)
		}
	}
	text = text[:max(len(text)-1, 1)] + "}"
	degradation := `{"Kind":"dn","Options":{"sigma":0.1}}`
	if scale > 1 {
		degradation = fmt.Sprintf(`{"Kind":"sr","Options":{"scale":%d}}`, scale)
	}
	method := "plain"
	if kind == checkpoint.Transformer {
		method = "ra-transformer"
	}
	require.NoError(t, weights.SaveSafetensors(file, network.Dict(), map[string]string{
		"kind": kind, "arch": arch, "options": text, "scale": fmt.Sprint(scale), "degradation": degradation,
		"method": method, "lambda": "0", "seed": "0", "stage": "fixture", "training": "{}",
	}))
	c, err := checkpoint.Read(file, kind)
	require.NoError(t, err)
	return c
}

func picture(width, height int) process.Planar {
	values := make([]float32, 3*width*height)
	for i := range values {
		values[i] = float32(0.5 + 0.5*math.Sin(float64(i)*1.7+float64(i*i%977)))
	}
	return process.Planar{Values: values, Width: width, Height: height}
}

// whole is the output in one pass or in tiles, and how many tiles it took.
func output(t *testing.T, p *process.Pipeline, x process.Planar, pixels int) (out []float32, parts int) {
	t.Helper()
	grid, ok := process.NewGrid(x.Width, x.Height, pixels, p.Field)
	require.True(t, ok)
	width, height := x.Width*p.Scale, x.Height*p.Scale
	out = make([]float32, 3*width*height)
	for i := range out {
		out[i] = float32(math.NaN()) // what no tile covers
	}
	require.NoError(t, p.Process(t.Context(), x, grid, func(part process.Rect, planes []float32) {
		parts++
		for i, v := range planes {
			c, y, x := i/(part.Width*part.Height), i/part.Width%part.Height, i%part.Width
			at := (c*height+part.Y+y)*width + part.X + x
			require.True(t, math.IsNaN(float64(out[at])), "a pixel comes once")
			out[at] = v
		}
	}, nil))
	return out, parts
}

func TestTilesGiveWhatOnePassGives(t *testing.T) {
	type part struct {
		arch    string
		scale   int
		options models.Options
	}
	small := part{"srresnet", 1, models.Options{"channels": 5, "blocks": 1, "end_kernel": 5}}
	generator := part{"resnet-generator", 1, models.Options{"channels": 4, "blocks": 1}}
	for name, parts := range map[string][]part{
		"srresnet x1":              {small},
		"srresnet x2":              {{"srresnet", 2, models.Options{"channels": 4, "blocks": 2, "end_kernel": 9}}},
		"srresnet x4":              {{"srresnet", 4, models.Options{"channels": 4, "blocks": 1, "end_kernel": 3}}},
		"srdensenet":               {{"srdensenet", 4, models.Options{"growth": 3, "layers": 2, "blocks": 2, "channels": 6}}},
		"resnet-generator":         {{"resnet-generator", 1, models.Options{"channels": 4, "blocks": 2}}},
		"P then T":                 {small, generator},
		"P that enlarges, then T":  {{"srresnet", 2, models.Options{"channels": 4, "blocks": 1, "end_kernel": 3}}, generator},
		"srdensenet then T":        {{"srdensenet", 4, models.Options{"growth": 2, "layers": 1, "blocks": 1, "channels": 4}}, generator},
		"P of five blocks, then T": {{"srresnet", 1, models.Options{"channels": 4, "blocks": 5, "end_kernel": 9}}, generator},
	} {
		t.Run(name, func(t *testing.T) {
			var checkpoints []*checkpoint.Checkpoint
			for i, p := range parts {
				kind := []string{checkpoint.Processor, checkpoint.Transformer}[i]
				checkpoints = append(checkpoints, trained(t, filepath.Join(t.TempDir(), kind), kind, p.arch, p.scale, p.options))
			}
			p, err := process.NewPipeline(checkpoints, aten.CPU)
			require.NoError(t, err)
			margin := (p.Field.Reach + 3) / 4 * 4
			pixels := (2*margin + 13) * (2*margin + 13)
			for _, size := range [][2]int{{2*margin + 61, 2*margin + 38}, {2*margin + 18, 9}, {7, 2*margin + 203}, {3, 6*margin + 101}} {
				x := picture(size[0], size[1])
				want, one := output(t, p, x, math.MaxInt32)
				require.Equal(t, 1, one)
				got, many := output(t, p, x, min(pixels, size[0]*size[1]-1))
				assert.Greater(t, many, 1, "%v", size)
				assert.InDeltaSlice(t, want, got, 1e-5, "%v in %d tiles", size, many)
			}
		})
	}
}

func TestGridsKeepTilesWithinTheirPixels(t *testing.T) {
	field := models.Field{Reach: 10, Align: 4, Least: 5}
	for _, c := range []struct {
		width, height, pixels int
		ok                    bool
	}{
		{100, 100, 10000, true}, {100, 100, 9999, true}, {101, 3, 500, true}, {3, 5000, 500, true}, {5000, 3, 500, true},
		{800, 600, 1000, true}, {800, 600, 28 * 28, true}, {800, 600, 27 * 27, false}, {1, 1, 25, true}, {1, 1, 24, false},
	} {
		grid, ok := process.NewGrid(c.width, c.height, c.pixels, field)
		require.Equal(t, c.ok, ok, "%+v", c)
		if !ok {
			continue
		}
		covered := 0
		for _, tile := range process.Tiles(grid, field) {
			seen, core := tile[1], tile[0]
			covered += core.Width * core.Height
			assert.LessOrEqual(t, max(seen.Width, 5)*max(seen.Height, 5), c.pixels, "%+v", c)
			assert.Zero(t, seen.X%4+seen.Y%4, "%+v", c)
		}
		assert.Equal(t, c.width*c.height, covered, "%+v", c)
	}
}

func TestPicturesSmallerThanANetworkTakesAreFilledUp(t *testing.T) {
	c := trained(t, filepath.Join(t.TempDir(), "p"), checkpoint.Processor, "resnet-generator", 1, models.Options{"channels": 4, "blocks": 1})
	p, err := process.NewPipeline([]*checkpoint.Checkpoint{c}, aten.CPU)
	require.NoError(t, err)
	for _, size := range [][2]int{{1, 1}, {4, 9}, {5, 5}, {9, 2}} {
		out, _ := output(t, p, picture(size[0], size[1]), 1<<20)
		for _, v := range out {
			require.False(t, math.IsNaN(float64(v)))
		}
	}
}
