package main

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/models"
	"transfera/models/recognition"
	"transfera/models/weights"
)

// pictures makes an ImageFolder with two classes, one image each.
func pictures(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, class := range []string{"cat", "dog"} {
		write(t, filepath.Join(folder, class, "1.jpg"), picture(t))
	}
	return folder
}

func picture(t *testing.T) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 16, 16))
	for i := range 16 * 16 {
		m.Set(i%16, i/16, color.RGBA{uint8(i), uint8(3 * i), uint8(7 * i), 255})
	}
	var file bytes.Buffer
	require.NoError(t, jpeg.Encode(&file, m, nil))
	return file.String()
}

// stored writes the initial weights of an architecture with so many classes, changed as asked.
func stored(t *testing.T, arch string, classes int, change func(weights.Dict) weights.Dict) string {
	t.Helper()
	architecture, ok := recognition.Find(arch)
	require.True(t, ok)
	dict := architecture.New(0, classes, models.Options{"width": 4}).Dict()
	if change != nil {
		dict = change(dict)
	}
	path := filepath.Join(t.TempDir(), "other.safetensors")
	require.NoError(t, weights.SaveSafetensors(path, dict, nil))
	return path
}

func as(t *testing.T, text string, names ...string) string {
	t.Helper()
	for i := 0; i < len(names); i += 2 {
		text = strings.ReplaceAll(text, names[i], names[i+1])
	}
	return text
}

func TestMistakesInSpecsAndFlagsEndInASentenceAndLeaveNoResults(t *testing.T) {
	photos := func(t *testing.T, path string) string {
		return spec(t, "datasets: {photos: {kind: image-folder, path: "+path+"}}\ndataset: photos\ncross_dataset: true\ntasks: [dn]\nmethods: [none]\nmetrics: [psnr]\n")
	}
	dn := "tasks: [dn]\nmethods: [none, plain]\n"
	cases := map[string]struct {
		spec string
		more []string
		want string // SPEC stands for the spec's path
	}{
		"unknown key": {dn + "seedz: [1]\n", nil, `SPEC:4:1: error: unknown key "seedz"
    4 | seedz: [1]
      | ^^^^^
        did you mean "seeds"?

1 error
`},
		"wrong type": {dn + "training: {steps: many}\n", nil, `SPEC:4:19: error: training.steps is a whole number, not "many"
    4 | training: {steps: many}
      |                   ^^^^

1 error
`},
		"unknown profile": {dn, []string{"--profile", "ful"}, `--profile:1:1: error: unknown profile "ful"
    1 | ful
      | ^^^
        the profiles are: none

1 error
`},
		"unknown dataset in --data": {dn, []string{"--data", "shaps=."}, `--data:1:1: error: unknown dataset "shaps"
    1 | shaps=.
      | ^^^^^
        did you mean "shapes"?
        the datasets are: shapes

1 error
`},
		"--data of a generated dataset": {dn, []string{"--data", "shapes=."}, `--data:1:1: error: dataset shapes has no path
    1 | shapes=.
      | ^^^^^^
        its images are generated; leave the flag out

1 error
`},
		"--data without =": {dn, []string{"--data", "shapes"}, "transfera: --data shapes: write NAME=PATH\n"},
		"missing weights": {dn + "recognizers: {vgg-s: {train: null, weights: vgg.pth}}\n", []string{"--weights", "nowhere"}, `SPEC:4:45: error: the weights of vgg-s are nowhere
    4 | recognizers: {vgg-s: {train: null, weights: vgg.pth}}
      |                                             ^^^^^^^
        not found: nowhere/vgg.pth, FOLDER/vgg.pth; say in which folder they are: --weights DIR

1 error
`},
		"unknown device":   {dn, []string{"--device", "gpu"}, "transfera: unknown device \"gpu\"; use auto, cpu, cuda or cuda:N\n"},
		"negative threads": {dn, []string{"--threads", "-1"}, "transfera: --jobs, --threads and --loader-workers cannot be negative; leave them out for this machine's defaults\n"},
		"jobs in words":    {dn, []string{"--jobs", "many"}, "transfera: --jobs many: \"many\" is not a whole number\n"},
		"unknown flag":     {dn, []string{"--stesp", "3"}, "transfera: unknown flag: --stesp; transfera run --help lists the flags\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, path := newPlace(t), spec(t, c.spec)
			got := p.run(t, path, c.more...)
			assert.Error(t, got.err)
			assert.Equal(t, as(t, c.want, "SPEC", path, "FOLDER", filepath.Dir(path)), got.stderr)
			assert.Empty(t, got.stdout)
			assert.NoDirExists(t, p.out)
		})
	}
	t.Run("detached data", func(t *testing.T) {
		p, path := newPlace(t), photos(t, "gone")
		got := p.run(t, path)
		assert.Error(t, got.err)
		assert.Contains(t, got.stderr, "error: dataset photos is not at "+filepath.Join(filepath.Dir(path), "gone"))
		assert.Contains(t, got.stderr, "say where it is: --data photos=PATH")
		assert.NoDirExists(t, p.out)
	})
	t.Run("classes where splits should be", func(t *testing.T) {
		p, folder := newPlace(t), pictures(t)
		got := p.run(t, photos(t, folder))
		assert.Error(t, got.err)
		assert.Contains(t, got.stderr, "dataset photos: val: data path "+filepath.Join(folder, "val")+" does not exist; attach it or name another with --data photos=PATH")
		assert.Equal(t, 1, strings.Count(got.stderr, "\n"), got.stderr)
		assert.NoDirExists(t, p.out)
	})
	t.Run("no such spec", func(t *testing.T) {
		got := newPlace(t).run(t, "testdata/tiny/evry.yaml")
		assert.Error(t, got.err)
		assert.Equal(t, `testdata/tiny/evry.yaml: error: cannot read the spec: no such file or directory
        did you mean "testdata/tiny/every.yaml"?

1 error
`, got.stderr)
	})
}

func TestSixMistakesAreReportedTogether(t *testing.T) {
	got := newPlace(t).run(t, spec(t, `tasks: [dm]
methods: [none, pain]
seedz: [1]
training: {steps: many}
evaluation: {batch: 0}
tables: [{rows: taks, columns: metric}]
`))
	assert.Error(t, got.err)
	for _, mistake := range []string{
		`unknown degradation "dm"`, `unknown method "pain"`, `unknown key "seedz"`, `training.steps is a whole number, not "many"`,
		"evaluation.batch must be at least 1, not 0", `unknown axis "taks"`,
	} {
		assert.Contains(t, got.stderr, mistake)
	}
	assert.True(t, strings.HasSuffix(got.stderr, "\n6 errors\n"), got.stderr)
}

func TestEvaluateRefusesWhatItCannotUse(t *testing.T) {
	good := stored(t, "shapes-resnet", 2, nil)
	without := func(name string) func(weights.Dict) weights.Dict {
		return func(dict weights.Dict) weights.Dict {
			var kept weights.Dict
			for _, tensor := range dict {
				if tensor.Name != name {
					kept = append(kept, tensor)
				}
			}
			return kept
		}
	}
	with := func(dict weights.Dict) weights.Dict {
		return append(dict, weights.FromFloats("surplus", []int64{1}, []float32{1}))
	}
	folder := pictures(t)
	bad := func(name, content string) string {
		folder := pictures(t)
		if content == "" {
			require.NoError(t, os.Mkdir(filepath.Join(folder, name), 0o777))
		} else {
			write(t, filepath.Join(folder, name), content)
		}
		return folder
	}
	text, half, empty := bad("dog/2.jpg", "not a picture"), bad("dog/2.jpg", picture(t)[:400]), bad("eel", "")
	missing, surplus := stored(t, "shapes-resnet", 2, without("fc.bias")), stored(t, "shapes-resnet", 2, with)
	three, vgg := stored(t, "shapes-resnet", 3, nil), stored(t, "shapes-vgg", 2, nil)
	garbage := write(t, filepath.Join(t.TempDir(), "garbage.pth"), "not a pickle")
	cases := map[string]struct {
		args []string
		want []string
	}{
		"mean of one value":      {[]string{"--mean", "0.5"}, []string{"transfera: --mean and --std have three values each, as in --mean 0.5,0.5,0.5"}},
		"mean in words":          {[]string{"--mean", "a,b,c"}, []string{`transfera: --mean a,b,c: "a" is not a number`}},
		"std of 0":               {[]string{"--std", "0,1,1"}, []string{"transfera: --std has values above 0, as in --std 0.25,0.25,0.25"}},
		"std that is no number":  {[]string{"--std", "NaN,1,1"}, []string{"transfera: --std has values above 0, as in --std 0.25,0.25,0.25"}},
		"option without value":   {[]string{"--option", "width"}, []string{"transfera: --option width: width must be formatted as key=value"}},
		"unknown option":         {[]string{"--option", "wdth=4"}, []string{"transfera: --option wdth: shapes-resnet has only "}},
		"broken option":          {[]string{"--option", "width=2.5"}, []string{"transfera: --option width=2.5: a whole number from 1 to 512 is needed"}},
		"option that is nothing": {[]string{"--option", "width=NaN"}, []string{"transfera: --option width=NaN: a whole number from 1 to 512 is needed"}},
		"unknown architecture":   {[]string{"--arch", "resnet"}, []string{`transfera: unknown architecture "resnet"; known are `}},
		"missing data":           {[]string{"--data", "nowhere"}, []string{"transfera: data path nowhere does not exist; attach it or name another with --data PATH: "}},
		"empty class folder":     {[]string{"--data", empty}, []string{"transfera: data path " + empty + ": no images in class folder eel; remove it or fill it"}},
		"text named .jpg":        {[]string{"--data", text}, []string{filepath.Join(text, "dog", "2.jpg")}},
		"truncated JPEG":         {[]string{"--data", half}, []string{filepath.Join(half, "dog", "2.jpg")}},
		"missing weights":        {[]string{"--weights", "nowhere.pth"}, []string{"transfera: ", "nowhere.pth", "no such file"}},
		"weights of no format":   {[]string{"--weights", garbage}, []string{"transfera: " + garbage}},
		"missing tensor":         {[]string{"--weights", missing}, []string{missing, "tensor fc.bias missing; expected 2"}},
		"surplus tensor":         {[]string{"--weights", surplus}, []string{surplus, "tensor surplus (1) is not part of the network"}},
		"more classes":           {[]string{"--weights", three}, []string{three, "tensor fc.weight is 3x16; expected 2x16", "tensor fc.bias is 3; expected 2"}},
		"another architecture":   {[]string{"--weights", vgg}, []string{vgg, "missing", "is not part of the network"}},
		"batches of none":        {[]string{"--batch", "0"}, []string{"transfera: batch must be at least 1, not 0"}},
		"larger than the images": {[]string{"--crop", "64"}, []string{filepath.Join("cat", "1.jpg"), "64"}},
		"a word too many":        {[]string{"surplus"}, []string{`transfera: unknown command "surplus" for "transfera evaluate"`}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			args := []string{"evaluate", "--arch", "shapes-resnet", "--option", "width=4", "--weights", good, "--data", folder, "--device", "cpu"}
			got := transfera(t, append(args, c.args...)...)
			assert.Error(t, got.err)
			for _, part := range c.want {
				assert.Contains(t, got.stderr, part)
			}
			assert.True(t, strings.HasPrefix(got.stderr, "transfera: "), got.stderr)
			assert.NotContains(t, got.stderr, "strconv")
			assert.Empty(t, got.stdout)
		})
	}
	got := transfera(t, "evaluate", "--arch", "shapes-resnet", "--option", "width=4", "--weights", good, "--data", folder, "--device", "cpu")
	require.NoError(t, got.err, got.stderr)
	assert.Contains(t, got.stdout, "2 images: top-1 ")
}
