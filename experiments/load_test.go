package experiments

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// written puts a spec into a file of its own and returns its path; BASE in the text
// stands for testdata/base.yaml.
func written(t testing.TB, text string) string {
	t.Helper()
	base, err := filepath.Abs("testdata/base.yaml")
	require.NoError(t, err)
	return writtenIn(t, t.TempDir(), "spec.yaml", strings.ReplaceAll(text, "BASE", base))
}

func writtenIn(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func place(d Diagnostic) string { return fmt.Sprintf("%d:%d", d.Line, d.Column) }

// loaded reads a spec that must be right.
func loaded(t *testing.T, text string, opts Options) *Experiment {
	t.Helper()
	e, diags := Load(written(t, text), testNames(), opts)
	require.NoError(t, diags.Err())
	return e
}

func TestDefaultsAreFilledIn(t *testing.T) {
	e := loaded(t, "extends: BASE", Options{})
	assert.Equal(t, "spec", e.Name)
	assert.Equal(t, "spec", e.Title)
	assert.Equal(t, []int64{0}, e.Seeds)
	assert.Equal(t, Evaluation{Batch: 20}, e.Evaluation)
	assert.Equal(t, map[string][]float64{"ra": {1e-3}}, e.Lambda)
	assert.Equal(t, "adam", e.Training.Optimizer)
	assert.Equal(t, []float64{0.9, 0.999}, e.Training.Betas)
	assert.Equal(t, 200, e.Training.CheckpointEvery)
	assert.Nil(t, e.Recognizers["resnet-s"].Train.Betas, "SGD has none")
	assert.Equal(t, 16, e.Recognizers["resnet-s"].Options.Int("width"))
	assert.Equal(t, 32, e.Datasets["shapes"].Options.Int("size"))
	assert.InDelta(t, 0.25, e.Degradations["dn"].Options.Float("sigma"), 0)
	photos := loaded(t, "extends: BASE\ndatasets: {photos: {kind: image-folder, options: {flip: false}}}", Options{}).Datasets["photos"].Options
	assert.False(t, photos.Bool("flip"))
	assert.Equal(t, "train", photos.Text("train"))
	assert.Panics(t, func() { e.Degradations["dn"].Options.Int("sigma") }, "a bug of the caller")
}

func TestExtendingMergesMappingsAndReplacesTheRest(t *testing.T) {
	e := loaded(t, `
extends: BASE
tasks: [sr]
training: {steps: null, epochs: 6, schedule: [{after: 4, factor: 0.1}, {after: 5, factor: 0.01}]}
processors:
  srresnet-s: {options: {blocks: 3}}
  generator-s: null
  new: {arch: srdensenet}
`, Options{})
	assert.Equal(t, []string{"sr"}, e.Tasks)
	assert.Equal(t, 6, e.Training.Epochs)
	assert.Zero(t, e.Training.Steps)
	assert.Equal(t, 32, e.Training.Batch, "inherited")
	assert.Equal(t, []Milestone{{4, 0.1}, {5, 0.01}}, e.Training.Schedule)
	assert.Equal(t, Values{"blocks": 3, "channels": 16, "end_kernel": 5}, e.Processors["srresnet-s"].Options)
	assert.NotContains(t, e.Processors, "generator-s")
	assert.Equal(t, 16, e.Processors["new"].Options.Int("growth"))
}

func TestExtendsIsRelativeToTheFileThatNamesIt(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "deep"), 0o700))
	base, err := filepath.Abs("testdata/base.yaml")
	require.NoError(t, err)
	writtenIn(t, dir, "base.yaml", "extends: "+base+"\nseeds: [7]\npaper: Table 1")
	writtenIn(t, dir, "deep/_middle.yaml", "extends: ../base.yaml\npaper: Table 2")
	e, diags := Load(writtenIn(t, dir, "deep/leaf.yaml", "extends: _middle.yaml"), testNames(), Options{})
	require.NoError(t, diags.Err())
	assert.Equal(t, []int64{7}, e.Seeds)
	assert.Equal(t, "Table 2", e.Paper)
}

func TestMistakesInABaseAreReportedThereOnceForTheWholeSuite(t *testing.T) {
	dir := t.TempDir()
	text, err := os.ReadFile("testdata/base.yaml")
	require.NoError(t, err)
	base := writtenIn(t, dir, "base.yaml", string(text)+"seedz: 3\n")
	for _, name := range []string{"a", "b"} {
		writtenIn(t, dir, name+".yaml", "extends: base.yaml\ntile: "+name)
	}
	suite, diags := LoadSuite(dir, testNames(), Options{})
	assert.Nil(t, suite)
	var files []string
	for _, d := range diags {
		files = append(files, filepath.Base(d.File))
	}
	assert.Equal(t, []string{"a.yaml", "b.yaml", "base.yaml"}, files)
	assert.Equal(t, base, diags[2].File)
}

func TestExtendsThatLeadsNowhereIsReported(t *testing.T) {
	dir := t.TempDir()
	writtenIn(t, dir, "base.yaml", "extends: other.yaml\n")
	writtenIn(t, dir, "other.yaml", "extends: ./base.yaml\n")
	cases := map[string]struct{ spec, summary, suggestion string }{
		"cycle":       {"extends: base.yaml", "a file extends itself", ""},
		"missing":     {"extends: bases.yaml", "no such file or directory", "base.yaml"},
		"folder":      {"extends: .", "it is not a file", ""},
		"not text":    {"extends: [base.yaml]", "extends is text, not a list", ""},
		"of the file": {"extends: spec.yaml", "a file extends itself", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			// Keys that may be defined where nobody could look are not reported, others are.
			_, diags := Load(writtenIn(t, dir, "spec.yaml", c.spec+"\ntasks: [dn]\nmetods: 1\n"), testNames(), Options{})
			require.Len(t, diags, 2, "%v", diags)
			var found Diagnostic
			for _, d := range diags {
				if d.Summary != `unknown key "metods"` {
					found = d
				}
			}
			assert.Contains(t, found.Summary, c.summary)
			assert.Equal(t, c.suggestion, found.Suggestion)
			assert.Positive(t, found.Line)
		})
	}
}

func TestProfiles(t *testing.T) {
	spec := `
extends: BASE
default_profile: quick
profiles:
  quick: {training: {steps: 500}, lambda: {ra: [1, 2]}}
  full: {seeds: [0, 1, 2], training: {schedule: null}}
`
	quick := loaded(t, spec, Options{})
	assert.Equal(t, "quick", quick.Profile)
	assert.Equal(t, 500, quick.Training.Steps)
	assert.Equal(t, []float64{1, 2}, quick.Lambda["ra"])

	full := loaded(t, spec, Options{Profile: "full"})
	assert.Equal(t, "full", full.Profile)
	assert.Equal(t, 600, full.Training.Steps)
	assert.Empty(t, full.Training.Schedule)
	assert.Equal(t, []int64{0, 1, 2}, full.Seeds)
	assert.NotEqual(t, quick.Hash, full.Hash)

	_, diags := Load(written(t, spec), testNames(), Options{Profile: "ful"})
	require.Len(t, diags, 1)
	assert.Equal(t, "--profile", diags[0].File)
	assert.Equal(t, "full", diags[0].Suggestion)
}

func TestOverrides(t *testing.T) {
	e := loaded(t, "extends: BASE\ntables: [{rows: method, columns: evaluator, metric: top1}]", Options{Set: []string{
		"training.steps=1e3",
		"lambda.ra=[1e-3, 1e-2]",
		"tables[0].where.lambda=1e-2",
		"tables[0].metric=psnr",
		"recognizers.resnet-s.train.schedule[0].after=3",
		"degradations.noisy={kind: dn, options: {sigma: 0.5}}",
		"tasks=[noisy]",
		"per_task.noisy.training.batch=8",
		"evaluation.batch=50",
		"title= a = b",
		"training.schedule=null",
	}})
	assert.Equal(t, 1000, e.Training.Steps)
	assert.Equal(t, []float64{1e-3, 1e-2}, e.Lambda["ra"])
	assert.Equal(t, []string{"psnr"}, e.Tables[0].Metric)
	assert.Equal(t, map[string][]string{"lambda": {"0.01"}}, e.Tables[0].Where)
	assert.Equal(t, 3, e.Recognizers["resnet-s"].Train.Schedule[0].After)
	assert.Equal(t, 8, e.TrainingFor("noisy").Batch)
	assert.Equal(t, 1000, e.TrainingFor("noisy").Steps)
	assert.Equal(t, 50, e.Evaluation.Batch)
	assert.Equal(t, "a = b", e.Title)
	assert.Empty(t, e.Training.Schedule)
}

func TestMistakesInOverridesAreReportedWhereTheyAre(t *testing.T) {
	cases := map[string]struct{ set, at, summary, suggestion string }{
		"unknown key":        {"trainig.steps=1", "1:1", `unknown key "trainig"`, "training"},
		"unknown inner key":  {"training.stesp=1", "1:10", `unknown key "stesp"`, "steps"},
		"unknown definition": {"recognizers.resnet-t.seed=1", "1:13", `unknown name "resnet-t"`, "resnet-s"},
		"unknown option":     {"degradations.dn.options.sigm=1", "1:25", `unknown option "sigm"`, "sigma"},
		"wrong type":         {"training.steps=many", "1:16", `training.steps is a whole number, not "many"`, ""},
		"undefined":          {"tasks=[dm]", "1:8", `unknown degradation "dm"`, "dn"},
		"no value":           {"training.steps", "1:1", "an override is path=value, such as training.steps=100", ""},
		"empty value":        {"training.steps=", "1:1", "an override is path=value, such as training.steps=100", ""},
		"no path":            {"=3", "1:1", "an override is path=value, such as training.steps=100", ""},
		"no such item":       {"tasks[4]=dn", "1:6", "tasks has 1 items, counted from 0: there is no [4]", ""},
		"index of no list":   {"training[0]=1", "1:9", "training is not a list", ""},
		"no index":           {"tasks[a]=dn", "1:6", "an index is a number in brackets, such as tables[0]", ""},
		"key of a number":    {"training.steps.a=1", "1:16", "training.steps has no keys", ""},
		"invalid YAML":       {"tasks=[a", "1:7", "not valid YAML: did not find expected ',' or ']'", ""},
		"keys of the file":   {"extends=a.yaml", "1:1", `unknown key "extends"`, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, diags := Load(written(t, "extends: BASE"), testNames(), Options{Set: []string{c.set}})
			require.Len(t, diags, 1, "%v", diags)
			assert.Equal(t, "--set", diags[0].File)
			assert.Equal(t, c.at, place(diags[0]))
			assert.Equal(t, c.summary, diags[0].Summary)
			assert.Equal(t, c.suggestion, diags[0].Suggestion)
		})
	}
}

func TestTaskSettingsAreCompletedWithTheExperiments(t *testing.T) {
	e := loaded(t, `
extends: BASE
tasks: [sr, dn]
methods: [plain, ra, ra-unsupervised]
lambda: {ra: [1, 2]}
per_task:
  sr: {processor: big, training: {steps: 0, epochs: 2, schedule: []}, lambda: {ra-unsupervised: 5}}
processors: {big: {arch: srresnet}}
`, Options{})
	assert.Equal(t, "big", e.ProcessorFor("sr"))
	assert.Equal(t, "srresnet-s", e.ProcessorFor("dn"))
	assert.Equal(t, 2, e.TrainingFor("sr").Epochs)
	assert.Equal(t, 32, e.TrainingFor("sr").Batch)
	assert.Same(t, e.Training, e.TrainingFor("dn"))
	assert.Equal(t, []float64{1, 2}, e.LambdasFor("sr", "ra"))
	assert.Equal(t, []float64{5}, e.LambdasFor("sr", "ra-unsupervised"))
	assert.Equal(t, []float64{10}, e.LambdasFor("dn", "ra-unsupervised"))
	assert.Empty(t, e.LambdasFor("dn", "plain"))
}

func TestEvaluatorsOfSource(t *testing.T) {
	own := loaded(t, "extends: BASE\nevaluators: source\nsources: [resnet-s, vgg-s]", Options{})
	assert.Equal(t, []string{"vgg-s"}, own.EvaluatorsOf("vgg-s"))
	assert.Equal(t, []string{"resnet-s", "vgg-s"}, own.AllEvaluators())
	all := loaded(t, "extends: BASE", Options{})
	assert.Equal(t, []string{"resnet-s", "vgg-s"}, all.EvaluatorsOf("resnet-s"))
}

func TestJudgedDatasets(t *testing.T) {
	spec := `
extends: BASE
datasets: {half: {part_of: shapes, options: {train: 200}}}
recognizers: {vgg-s: {dataset: half}}
cross_dataset: true
`
	same := loaded(t, spec, Options{})
	assert.Equal(t, []string{"shapes"}, same.JudgedDatasets(), "the experiment's own unless something is said")
	other := loaded(t, spec+"evaluation: {dataset: half}", Options{})
	assert.Equal(t, "half", other.JudgedBy("resnet-s"))
	assert.Equal(t, []string{"half"}, other.JudgedDatasets())
	own := loaded(t, spec+"evaluation: {dataset: evaluator}", Options{})
	assert.Equal(t, "half", own.JudgedBy("vgg-s"))
	assert.Equal(t, []string{"shapes", "half"}, own.JudgedDatasets())
}

func TestPartsHaveWhatTheyDoNotChange(t *testing.T) {
	e := loaded(t, "extends: BASE\ndatasets: {half: {part_of: shapes, options: {train: 200}, limit: {val: 7}}}", Options{})
	half := e.Datasets["half"]
	assert.Equal(t, "shapes", half.Kind)
	assert.Equal(t, 200, half.Options.Int("train"))
	assert.Equal(t, 100, half.Options.Int("val"), "the whole's")
	assert.Equal(t, Limit{Val: 7}, half.Limit)
}

func TestAnchorsAndMergeKeys(t *testing.T) {
	e := loaded(t, `
extends: BASE
recognizers:
  a: &a {arch: shapes-vgg, dataset: shapes, normalize: {mean: [0, 0, 0], std: [1, 1, 1]}, weights: a.th, options: {width: 4}}
  b: {<<: *a, weights: b.th}
  c: {weights: c.th, <<: [{arch: shapes-densenet, options: {}}, *a]}
`, Options{})
	assert.Equal(t, "b.th", e.Recognizers["b"].Weights)
	assert.Equal(t, 4, e.Recognizers["b"].Options.Int("width"))
	assert.Equal(t, "shapes-densenet", e.Recognizers["c"].Arch)
	assert.Equal(t, "c.th", e.Recognizers["c"].Weights)
	assert.Equal(t, "shapes", e.Recognizers["c"].Dataset)
}

func TestAliasesCannotMultiplyWithoutBound(t *testing.T) {
	var spec strings.Builder
	spec.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&spec, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	_, diags := Load(written(t, spec.String()), testNames(), Options{})
	assert.Contains(t, diags.Error(), "aliases multiply")
}

func TestResolvedSpecLoadsAsTheSameExperiment(t *testing.T) {
	const file = "testdata/every-key.yaml"
	for _, profile := range []string{"", "full"} {
		e, diags := Load(file, testNames(), Options{Profile: profile})
		require.NoError(t, diags.Err())
		again, diags := Load(writtenIn(t, t.TempDir(), filepath.Base(file), string(e.Resolved)), testNames(), Options{})
		require.NoError(t, diags.Err())
		assert.Equal(t, string(e.Resolved), string(again.Resolved))
		assert.Equal(t, e.Spec, again.Spec)
		assert.Equal(t, e.Hash, again.Hash)
	}
}

func TestHashIgnoresHowASpecIsWritten(t *testing.T) {
	a := loaded(t, "extends: BASE\nseeds: [0]\ntraining: {steps: 600.0}", Options{})
	b := loaded(t, "# the same\ntraining: {batch: 32}\nextends: BASE", Options{})
	c := loaded(t, "extends: BASE\nseeds: [1]", Options{})
	assert.Equal(t, a.Hash, b.Hash)
	assert.NotEqual(t, a.Hash, c.Hash)
	assert.Len(t, a.Hash, 64)
}

func TestSuites(t *testing.T) {
	base, err := filepath.Abs("testdata/base.yaml")
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "mine")
	require.NoError(t, os.Mkdir(dir, 0o700))
	_, diags := LoadSuite(dir, testNames(), Options{})
	assert.Contains(t, diags.Error(), "no experiment in this folder")

	for _, name := range []string{"b.yaml", "a.yml", "base-more.yaml", "_part.yaml", "notes.txt"} {
		writtenIn(t, dir, name, "extends: "+base)
	}
	suite, diags := LoadSuite(dir, testNames(), Options{})
	require.NoError(t, diags.Err())
	assert.Equal(t, "mine", suite.Name)
	require.Len(t, suite.Experiments, 2)
	assert.Equal(t, "a", suite.Experiments[0].Name)
	assert.Equal(t, "b", suite.Experiments[1].Name)

	one, diags := LoadSuite(filepath.Join(dir, "b.yaml"), testNames(), Options{})
	require.NoError(t, diags.Err())
	assert.Equal(t, "b", one.Name)
	assert.Len(t, one.Experiments, 1)

	writtenIn(t, dir, "b.yml", "extends: "+base)
	_, diags = LoadSuite(dir, testNames(), Options{})
	assert.Contains(t, diags.Error(), "is an experiment of the same name")
}

func TestFilesThatAreNoExperiment(t *testing.T) {
	dir := t.TempDir()
	cases := map[string]struct{ path, summary, suggestion string }{
		"missing":     {filepath.Join(dir, "speck.yaml"), "cannot read the spec: no such file or directory", filepath.Join(dir, "spec.yaml")},
		"definitions": {"testdata/base.yaml", "this file holds definitions for experiments (base*.yaml, _*.yaml) and is none itself", ""},
		"odd name":    {writtenIn(t, dir, "a b.yaml", "title: a"), "an experiment's file is named with letters, digits, - and _ only", ""},
		"empty":       {writtenIn(t, dir, "spec.yaml", "# nothing\n"), "the file is empty", ""},
		"a list":      {writtenIn(t, dir, "list.yaml", "- a\n"), "a spec is a mapping of keys to values, not a list", ""},
		"binary":      {writtenIn(t, dir, "binary.yaml", "\xff\xfe\x00"), "the file is not UTF-8 text", ""},
		"huge":        {writtenIn(t, dir, "huge.yaml", strings.Repeat("#", mostBytes+1)), "cannot read the spec: it is larger than 4 MiB, which no spec is", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, diags := LoadSuite(c.path, testNames(), Options{})
			require.Len(t, diags, 1)
			assert.Equal(t, c.path, diags[0].File)
			assert.Equal(t, c.summary, diags[0].Summary)
			assert.Equal(t, c.suggestion, diags[0].Suggestion)
		})
	}
}
