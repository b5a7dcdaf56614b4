package serve_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/models/weights"
	"transfera/runner/serve"
)

func TestOptionsThatCannotBeServedAreRefused(t *testing.T) {
	t.Setenv("SERVE_TEST_EMPTY", "")
	t.Setenv("SERVE_TEST_SPACE", "token\n")
	t.Setenv("SERVE_TEST_TOKEN", "token")
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "labels.txt")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		return path
	}
	processor := stored(t, 5, map[string]string{"kind": "processor", "arch": "srresnet"})
	cases := map[string]struct {
		change func(o *serve.Options)
		want   string
	}{
		"no weights":              {func(o *serve.Options) { o.Weights = "" }, "--weights is missing"},
		"absent weights":          {func(o *serve.Options) { o.Weights = "nowhere.pth" }, "nowhere.pth: no such file"},
		"no architecture":         {func(o *serve.Options) { o.Arch = "" }, "name the architecture with --arch"},
		"unknown architecture":    {func(o *serve.Options) { o.Arch = "resnet" }, `unknown architecture "resnet"; known are `},
		"another architecture":    {func(o *serve.Options) { o.Arch, o.Options = "shapes-vgg", nil }, "missing"},
		"detector":                {func(o *serve.Options) { o.Arch, o.Options = "shapes-faster-rcnn", nil }, "finds objects, and this command names one class per image"},
		"processor":               {func(o *serve.Options) { o.Weights = processor }, "holds a processor, which makes images; name the weights of a recognizer"},
		"unknown option":          {func(o *serve.Options) { o.Options["wdth"] = "4" }, "--option wdth: shapes-resnet has only "},
		"mean of one value":       {func(o *serve.Options) { o.Mean = []float64{0.5} }, "--mean and --std have three values each"},
		"labels and data":         {func(o *serve.Options) { o.Labels, o.Data = "a", "b" }, "--labels and --data both name the classes"},
		"absent labels":           {func(o *serve.Options) { o.Labels = "nowhere.txt" }, "--labels: open nowhere.txt"},
		"too few labels":          {func(o *serve.Options) { o.Labels = write("a\nb\n") }, ": 2 names of classes, but "},
		"empty label":             {func(o *serve.Options) { o.Labels = write("a\nb\n\nc\nd\n") }, "name 3 is empty"},
		"broken JSON of labels":   {func(o *serve.Options) { o.Labels = write(`["a", 1]`) }, "it begins as JSON and is no list of names"},
		"labels that are no text": {func(o *serve.Options) { o.Labels = write("\xff\xfe") }, "this is no text"},
		"absent data":             {func(o *serve.Options) { o.Data = "nowhere" }, "data path nowhere does not exist"},
		"crop larger than resize": {func(o *serve.Options) { o.Resize, o.Crop = 32, 64 }, "a crop of 64 does not fit images resized to 32"},
		"negative crop":           {func(o *serve.Options) { o.Crop = -1 }, "--resize and --crop cannot be negative"},
		"negative top":            {func(o *serve.Options) { o.Top = -1 }, "--top -1: use 1 or more"},
		"no port":                 {func(o *serve.Options) { o.Listen = "127.0.0.1" }, "--listen 127.0.0.1: write host:port"},
		"every address":           {func(o *serve.Options) { o.Listen = ":0" }, "--listen :0 serves other machines; that needs --public and a token"},
		"every address, in words": {func(o *serve.Options) { o.Listen, o.Public = "0.0.0.0:0", true }, "needs --public and a token"},
		"every address of IPv6":   {func(o *serve.Options) { o.Listen, o.TokenEnv = "[::]:0", "SERVE_TEST_TOKEN" }, "needs --public and a token"},
		"a name":                  {func(o *serve.Options) { o.Listen = "localhost.example.com:0" }, "needs --public and a token"},
		"token that is not set":   {func(o *serve.Options) { o.TokenEnv = "SERVE_TEST_NOT_SET" }, "the environment variable SERVE_TEST_NOT_SET is unset, empty or has space around it"},
		"token that is empty":     {func(o *serve.Options) { o.TokenEnv = "SERVE_TEST_EMPTY" }, "SERVE_TEST_EMPTY is unset, empty"},
		"token with a line break": {func(o *serve.Options) { o.TokenEnv = "SERVE_TEST_SPACE" }, "has space around it"},
		"port that others have":   {func(o *serve.Options) { o.Listen = taken(t) }, "--listen 127.0.0.1:"},
		"public with missing file": {func(o *serve.Options) {
			o.Listen, o.Public, o.TokenEnv, o.Weights = "0.0.0.0:0", true, "SERVE_TEST_TOKEN", "nowhere.pth"
		}, "nowhere.pth"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			c.change(&o)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			assert.ErrorContains(t, serve.Run(ctx, o), c.want)
			assert.NoError(t, ctx.Err(), "it failed before it served")
		})
	}
}

// taken is an address that is in use.
func taken(t *testing.T) string { return start(t, options(t))[len("http://"):] }

func TestClassesAreNamedByTheFirstThatNamesThem(t *testing.T) {
	folder := t.TempDir()
	for _, class := range []string{"e", "d", "c", "b", "a"} {
		require.NoError(t, os.Mkdir(filepath.Join(folder, class), 0o777))
		require.NoError(t, os.WriteFile(filepath.Join(folder, class, "1.png"), png(t, picture(1)), 0o666))
	}
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "labels")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		return path
	}
	described := stored(t, 5, map[string]string{
		"kind": "recognizer", "arch": "shapes-resnet", "options": `{"width":4}`, "classes": "5",
		"normalize": `{"Mean":[0.4,0.5,0.6],"Std":[0.1,0.2,0.3]}`, "labels": `["m0","m1","m2","m3","m4"]`,
	})
	cases := map[string]struct {
		change func(o *serve.Options)
		want   []string // of classes 0 to 4
	}{
		"numbers":  {func(*serve.Options) {}, []string{"0", "1", "2", "3", "4"}},
		"lines":    {func(o *serve.Options) { o.Labels = write("zero\r\none\n two \nthree\nfour") }, []string{"zero", "one", "two", "three", "four"}},
		"list":     {func(o *serve.Options) { o.Labels = write(` ["v", "w", "x", "y", "y"]`) }, []string{"v", "w", "x", "y", "y"}},
		"folder":   {func(o *serve.Options) { o.Data = folder }, []string{"a", "b", "c", "d", "e"}},
		"metadata": {func(o *serve.Options) { o.Weights = described }, []string{"m0", "m1", "m2", "m3", "m4"}},
		"file before metadata": {func(o *serve.Options) { o.Weights, o.Labels = described, write("v\nw\nx\ny\nz\n") },
			[]string{"v", "w", "x", "y", "z"}},
		"metadata alone": {func(o *serve.Options) {
			o.Weights, o.Arch, o.Options, o.Mean, o.Std = described, "", nil, nil, nil
		}, []string{"m0", "m1", "m2", "m3", "m4"}},
	}
	file := png(t, picture(2))
	numbered := post(t, start(t, options(t))+"/v1/classify", "image/png", file).Labels
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			c.change(&o)
			got := post(t, start(t, o)+"/v1/classify", "image/png", file)
			require.Equal(t, 200, got.status, got.text)
			for i, l := range numbered {
				assert.Equal(t, c.want[l.Name[0]-'0'], got.Labels[i].Name)
				assert.Equal(t, l.Score, got.Labels[i].Score, "the same network and normalization")
			}
		})
	}
}

func TestEqualScoresGoToTheLowerClassAndBrokenWeightsAreTold(t *testing.T) {
	change := func(t *testing.T, o *serve.Options, weight, bias float32) {
		file, err := weights.Load(o.Weights)
		require.NoError(t, err)
		for i, tensor := range file.Tensors {
			values := make([]float32, len(tensor.Data)/4)
			value, last := map[string]float32{"fc.weight": weight, "fc.bias": bias}[tensor.Name]
			if !last {
				continue
			}
			for k := range values {
				values[k] = value
			}
			file.Tensors[i] = weights.FromFloats(tensor.Name, tensor.Shape, values)
		}
		require.NoError(t, weights.SaveSafetensors(o.Weights, file.Tensors, nil))
	}
	equal := options(t)
	change(t, &equal, 0, 1)
	got := post(t, start(t, equal)+"/v1/classify", "image/png", png(t, picture(1)))
	for i, l := range got.Labels {
		assert.Equal(t, string(rune('0'+i)), l.Name)
		assert.InDelta(t, 0.2, l.Score, 1e-12)
	}
	broken := options(t)
	change(t, &broken, math.MaxFloat32, math.MaxFloat32) // numbers, but their products are none
	var log bytes.Buffer
	broken.Log = &log
	url, stop := begin(t, broken)
	got = post(t, url+"/v1/classify", "image/png", png(t, picture(1)))
	require.NoError(t, stop())
	assert.Equal(t, 500, got.status)
	assert.Equal(t, "the server failed; its log says why", got.Error)
	assert.Equal(t, "serve: the network's outputs are no finite numbers; its weights may be damaged\n", log.String())
}
