package process_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/models"
	"transfera/models/recognizers"
	"transfera/models/weights"
	"transfera/runner/process"
)

// classifier writes a small recognizer as a run would. labels may be "".
func classifier(t testing.TB, path, labels string) string {
	t.Helper()
	architecture, err := recognizers.Named("shapes-resnet")
	require.NoError(t, err)
	metadata := map[string]string{
		"kind": "recognizer", "arch": "shapes-resnet", "options": `{"width":4}`, "classes": "6", "stage": "r",
		"normalize": `{"Mean":[0.5,0.5,0.5],"Std":[0.25,0.25,0.25]}`,
	}
	if labels != "" {
		metadata["labels"] = labels
	}
	network := architecture.New(5, 6, models.Options{"width": 4})
	require.NoError(t, weights.SaveSafetensors(path, network.Dict(), metadata))
	return path
}

func TestThePageShowsPicturesAndWhatRecognizersSee(t *testing.T) {
	o := scene(t, 2)
	putPNG(t, photo(60, 44), o.In, "a <b>.png")
	folder := filepath.Dir(o.Model)
	named := classifier(t, filepath.Join(folder, "named"), `["ant","bee","cat","dog","emu","fox & co"]`)
	plain := classifier(t, filepath.Join(folder, "plain"), "")
	o.Degrade, o.Compare = true, true
	o.Recognizers = []string{named, "second=" + plain}
	read := func() string {
		t.Helper()
		result, err := process.Run(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, filepath.Join(o.Out, "compare.html"), result.Page)
		text, err := os.ReadFile(result.Page)
		require.NoError(t, err)
		return string(text)
	}
	page := read()
	for _, want := range []string{
		`<img src="../in/a%20%3Cb%3E.png" alt="input: a &lt;b&gt;.png" width="60" height="44" loading="lazy"`,
		`<img src="degraded/a%20%3Cb%3E.png" alt="degraded: a &lt;b&gt;.png" width="30" height="22"`,
		`<img src="a%20%3Cb%3E.png" alt="output: a &lt;b&gt;.png" width="60" height="44"`,
		"<caption>shapes-resnet</caption>", "<caption>second</caption>", ">class ",
		"processor srresnet for sr scale=2, trained by plain, stage fixture",
	} {
		assert.Contains(t, page, want)
	}
	assert.Equal(t, 3*2*5, strings.Count(page, "<tr>"), "three versions, two recognizers, five classes")
	assert.NotContains(t, page, "http", "nothing is loaded from elsewhere")
	assert.NotContains(t, page, "& co", "text is escaped")

	o.Labels = put(t, []byte("1\n2\n3\n4\n5\nsixth\n"), folder, "labels.txt")
	assert.NotContains(t, read(), ">class ")
	put(t, []byte("1\n2\n"), folder, "labels.txt")
	_, err := process.Run(t.Context(), o)
	assert.ErrorContains(t, err, "labels.txt: 2 names; the recognizer has 6 classes")
	o.Labels, o.Recognizers = "", []string{named, plain}
	_, err = process.Run(t.Context(), o)
	assert.ErrorContains(t, err, "two are called shapes-resnet")
}
