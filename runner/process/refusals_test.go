package process_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
	"transfera/models/checkpoint"
	"transfera/models/weights"
	"transfera/runner/process"
)

// Trainings need no Field, so an architecture may be without one until its pictures are to be made.
func TestAnArchitectureThatDoesNotRunInTilesIsRefused(t *testing.T) {
	c, err := checkpoint.Read(scene(t, 1).Model, checkpoint.Processor)
	require.NoError(t, err)
	c.Architecture.Name, c.Architecture.Field = "new-net", nil
	_, err = process.NewPipeline([]*checkpoint.Checkpoint{c}, aten.CPU)
	assert.ErrorContains(t, err, c.File.Path+": architecture new-net does not say how it runs in tiles; give it a Field beside its network")
}

func TestNothingIsWrittenWhereTheCommandLineIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		change func(o *process.Options)
		wrong  string
	}{
		"out is in":               {func(o *process.Options) { o.Out = o.In }, "lie in one another"},
		"out within in":           {func(o *process.Options) { o.Out = filepath.Join(o.In, "out") }, "lie in one another"},
		"in within out":           {func(o *process.Options) { o.Out = filepath.Dir(o.In) }, "lie in one another"},
		"a picture beside itself": {func(o *process.Options) { o.In, o.Out = filepath.Join(o.In, "a.png"), o.In }, "lie in one another"},
		"out within in by a link": {func(o *process.Options) {
			link := filepath.Join(filepath.Dir(o.In), "link")
			require.NoError(t, os.Symlink(o.In, link))
			o.Out = filepath.Join(link, "new")
		}, "lie in one another"},
		"two of one name":     {func(o *process.Options) { o.Format = process.PNG }, "a.jpg and a.png would both become a.png"},
		"degraded among them": {func(o *process.Options) { o.Degrade = true }, "would both become degraded/a.png"},
		"absent in":           {func(o *process.Options) { o.In += "nowhere" }, "--in: "},
		"no pictures":         {func(o *process.Options) { o.In = filepath.Dir(o.Model) }, "no pictures there"},
		"unknown format":      {func(o *process.Options) { o.Format = "gif" }, "--format gif: png, jpeg or same"},
		"quality":             {func(o *process.Options) { o.Quality = 0 }, "--quality 0"},
		"memory":              {func(o *process.Options) { o.Memory = 20 << 20 }, "--memory 20 MiB is too little for srresnet"},
		"no checkpoint":       {func(o *process.Options) { o.Model = filepath.Join(o.In, "a.png") }, "a.png: "},
		"recognizer unshown":  {func(o *process.Options) { o.Recognizers = []string{"r"} }, "--compare"},
		"not a recognizer": {func(o *process.Options) { o.Compare, o.Recognizers = true, []string{"r=" + o.Model} },
			"the checkpoint of a processor; that of a recognizer is needed"},
		"labels for nobody":  {func(o *process.Options) { o.Compare, o.Labels = true, "l.txt" }, "--labels l.txt"},
		"T named, forbidden": {func(o *process.Options) { o.Transformer, o.NoTransformer = "t", true }, "both named and forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			o := scene(t, 1)
			o.Format = process.Same
			putPNG(t, photo(9, 9), o.In, "a.png")
			putPNG(t, photo(9, 9), o.In, "a.jpg")
			root := filepath.Dir(o.In)
			before := files(t, root)
			c.change(&o)
			_, err := process.Run(t.Context(), o)
			require.ErrorContains(t, err, c.wrong)
			assert.Subset(t, append(before, "link"), files(t, root))
		})
	}
}

func TestATransformerRunsWhereTheMethodHasOne(t *testing.T) {
	o := scene(t, 1)
	putPNG(t, photo(20, 20), o.In, "a.png")
	relabel := func(path, key, value string) {
		file, err := weights.Load(path)
		require.NoError(t, err)
		file.Metadata[key] = value
		require.NoError(t, weights.SaveSafetensors(path, file.Tensors, file.Metadata))
	}
	transformer := filepath.Join(filepath.Dir(o.Model), "transformer.safetensors")
	networks := func(o process.Options) (found []string, err error) {
		o.Say = func(line string) { found = append(found, strings.Fields(line)[0]) }
		_, err = process.Run(t.Context(), o)
		return found, err
	}
	relabel(o.Model, "method", "ra-transformer")
	_, err := networks(o)
	require.ErrorContains(t, err, "--transformer FILE, or take P's pictures with --no-transformer")
	trained(t, transformer, checkpoint.Transformer, "resnet-generator", 1, models.Options{"channels": 4, "blocks": 1})
	found, err := networks(o)
	require.NoError(t, err)
	assert.Equal(t, []string{"processor", "transformer", "1"}, found)
	alone := o
	alone.NoTransformer = true
	found, err = networks(alone)
	require.NoError(t, err)
	assert.Equal(t, []string{"processor", "1"}, found)
	relabel(o.Model, "method", "plain")
	found, err = networks(o)
	require.NoError(t, err)
	assert.Equal(t, []string{"processor", "1"}, found, "plain has no T, whatever lies beside it")
	o.Transformer = transformer
	found, err = networks(o)
	require.NoError(t, err)
	assert.Equal(t, []string{"processor", "transformer", "1"}, found)
	relabel(transformer, "stage", "another")
	_, err = networks(o)
	assert.ErrorContains(t, err, "were not trained together")
}

func TestAPictureThatTakesTooMuchMemoryIsSkippedAndSmallOnesAreNot(t *testing.T) {
	o := scene(t, 1)
	trained(t, o.Model, checkpoint.Processor, "srdensenet", 4, models.Options{}) // 60 KB per pixel
	putPNG(t, photo(30, 30), o.In, "small.png")
	putPNG(t, photo(300, 300), o.In, "large.png")
	o.Memory = 1536 << 20
	result, err := process.Run(t.Context(), o)
	require.NoError(t, err)
	assert.Equal(t, []string{"small.png"}, result.Done)
	require.Len(t, result.Skipped, 1)
	assert.Equal(t, "large.png", result.Skipped[0].Name)
	assert.Regexp(t, `^300x300 pixels take \S+ GiB of memory; raise --memory, which is 1.5 GiB$`, result.Skipped[0].Reason)
}

// Finite weights can come to results that are not, and in 8 bits these would be black.
func TestPicturesThatAreNoNumbersAreNotWritten(t *testing.T) {
	o := scene(t, 1)
	putPNG(t, photo(9, 9), o.In, "a.png")
	file, err := weights.Load(o.Model)
	require.NoError(t, err)
	for i, tensor := range file.Tensors {
		if tensor.DType == weights.F32 {
			values, err := tensor.Floats()
			require.NoError(t, err)
			for k := range values {
				values[k] *= 1e30
			}
			file.Tensors[i] = weights.FromFloats(tensor.Name, tensor.Shape, values)
		}
	}
	require.NoError(t, weights.SaveSafetensors(o.Model, file.Tensors, file.Metadata))
	_, err = process.Run(t.Context(), o)
	assert.ErrorContains(t, err, "pixels: the result has values that are not finite")
	assert.NoFileExists(t, filepath.Join(o.Out, "a.png"))
}
