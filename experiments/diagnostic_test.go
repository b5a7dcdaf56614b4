package experiments

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryMistakeOfAFileIsReportedAtOnce(t *testing.T) {
	e, diags := Load("testdata/six-mistakes.yaml", testNames(), Options{})
	assert.Nil(t, e)
	var got strings.Builder
	require.NoError(t, diags.Print(&got))
	want, err := os.ReadFile("testdata/six-mistakes.txt")
	require.NoError(t, err)
	assert.Equal(t, string(want), got.String())
}

// A spec extends testdata/base.yaml and has one mistake; column and message must be
// right, and nothing else be reported.
func TestMistakesAreReportedWhereTheyAre(t *testing.T) {
	cases := map[string]struct {
		spec       string
		at         string // line:column of the spec's text
		summary    string
		suggestion string
	}{
		"unknown key":                     {"\nmetods: [none]", "3:1", `unknown key "metods"`, "methods"},
		"key of another mapping":          {"\nsteps: 3", "3:1", `unknown key "steps"`, "training.steps"},
		"text for a number":               {"\ntraining: {batch: many}", "3:19", `training.batch is a whole number, not "many"`, ""},
		"fraction for a whole number":     {"\ntraining: {batch: 1.5}", "3:19", `training.batch is a whole number, not "1.5"`, ""},
		"infinite number":                 {"\ntraining: {learning_rate: .inf}", "3:27", `training.learning_rate is a number, not ".inf"`, ""},
		"yes for true":                    {"\ncross_dataset: yes", "3:16", `cross_dataset is true or false, not "yes"`, "true"},
		"number for text":                 {"\ntitle: 2019", "3:8", `title is text, not "2019"`, ""},
		"list for a mapping":              {"\ntraining: [1]", "3:11", "training is a mapping, not a list", ""},
		"mapping for a list":              {"\ntasks: {dn: 1}", "3:8", "tasks is a list, not a mapping", ""},
		"word for a list":                 {"\ntasks: dn", "3:8", "tasks is a list, not text", ""},
		"key twice":                       {"\ntitle: a\ntitle: b", "4:1", `the key "title" is here twice`, ""},
		"item twice":                      {"\nseeds: [0, 1, 0]", "3:15", "0 is in seeds twice", ""},
		"empty list":                      {"\nmethods: []", "3:10", "methods must not be empty", ""},
		"out of range":                    {"\ntraining: {betas: [0.9, 1]}", "3:25", "training.betas[1] must be less than 1, not 1", ""},
		"two numbers for three":           {"\nrecognizers: {vgg-s: {normalize: {std: [1, 1]}}}", "3:40", "recognizers.vgg-s.normalize.std has 3 numbers, not 2", ""},
		"standard deviation of zero":      {"\nrecognizers: {vgg-s: {normalize: {std: [1, 0, 1]}}}", "3:44", "recognizers.vgg-s.normalize.std[1] must be greater than 0, not 0", ""},
		"required key deleted":            {"\ntraining: {batch: null}", "3:11", `the key "training.batch" is missing`, ""},
		"undefined dataset":               {"\ndataset: shape", "3:10", `unknown dataset "shape"`, "shapes"},
		"undefined task":                  {"\ntasks: [dm]", "3:9", `unknown degradation "dm"`, "dn"},
		"undefined source":                {"\nsources: [resnet-x]", "3:11", `unknown recognizer "resnet-x"`, "resnet-s"},
		"undefined evaluator":             {"\nevaluators: [vgg]", "3:14", `unknown evaluator "vgg"`, ""},
		"undefined processor":             {"\nprocessor: srresnet", "3:12", `unknown processor "srresnet"`, "srresnet-s"},
		"undefined judged dataset":        {"\nevaluation: {dataset: evalator}", "3:23", `unknown judged dataset "evalator"`, "evaluator"},
		"undefined whole":                 {"\ndatasets: {half: {part_of: shape}}", "3:28", `unknown dataset "shape"`, "shapes"},
		"part of a part":                  {"\ndatasets: {half: {part_of: shapes}, third: {part_of: half}}", "3:54", "dataset half is a part itself", ""},
		"reserved name of a dataset":      {"\ndatasets: {evaluator: {kind: shapes}}", "3:23", "a dataset cannot be called evaluator", ""},
		"checksum that is none":           {"\nrecognizers: {vgg-s: {sha256: xyz}}", "3:31", `"xyz" is no beginning of a checksum`, ""},
		"checksum of nothing":             {"\nrecognizers: {resnet-s: {sha256: ab}}", "3:34", "recognizer resnet-s has a sha256 but neither weights nor backbone", ""},
		"unknown method":                  {"\nmethods: [plian]", "3:11", `unknown method "plian"`, "plain"},
		"unknown architecture":            {"\nrecognizers: {vgg-s: {arch: shapes-vg}}", "3:29", `unknown recognizer architecture "shapes-vg"`, "shapes-vgg"},
		"unknown optimizer":               {"\ntraining: {optimizer: adamw}", "3:23", `unknown optimizer "adamw"`, "adam"},
		"unknown option":                  {"\nprocessors: {srresnet-s: {options: {chanels: 8}}}", "3:37", `unknown option "chanels"`, "channels"},
		"option of the wrong type":        {"\nprocessors: {srresnet-s: {options: {channels: wide}}}", "3:47", `processors.srresnet-s.options.channels is a whole number, not "wide"`, ""},
		"option below its least":          {"\nprocessors: {srresnet-s: {options: {channels: 0}}}", "3:47", "processors.srresnet-s.options.channels must be at least 1, not 0", ""},
		"option above its most":           {"\ndegradations: {dn: {options: {sigma: 2}}}", "3:38", "degradations.dn.options.sigma must be at most 1, not 2", ""},
		"option that is no choice":        {"\ndegradations: {sr: {options: {scale: 3}}}", "3:38", `degradations.sr.options.scale cannot be "3"`, ""},
		"lambda of a method without one":  {"\nlambda: {plain: 1}", "3:10", `unknown method with a lambda "plain"`, ""},
		"negative lambda":                 {"\nlambda: {ra: [1, -1]}", "3:18", "lambda.ra[1] must be at least 0, not -1", ""},
		"name that is no name":            {"\ndatasets: {a/b: {kind: shapes}}", "3:12", `"a/b" is no name`, ""},
		"weights and train":               {"\nrecognizers: {resnet-s: {weights: a.pth}}", "3:35", "recognizer resnet-s has both weights and train", ""},
		"neither weights nor train":       {"\nrecognizers: {vgg-s: {weights: null}}", "3:22", "recognizer vgg-s has neither weights nor train", ""},
		"recognizer called source":        {"\nrecognizers: {source: {arch: shapes-vgg, dataset: shapes, weights: a.pth, normalize: {mean: [0, 0, 0], std: [1, 1, 1]}}}", "3:23", "a recognizer cannot be called source", ""},
		"steps and epochs":                {"\ntraining: {epochs: 3}", "3:20", "both steps and epochs are given", ""},
		"neither steps nor epochs":        {"\ntraining: {steps: null, schedule: []}", "3:11", "neither steps nor epochs are given", ""},
		"milestones out of order":         {"\ntraining: {schedule: [{after: 9, factor: 1}, {after: 9, factor: 1}]}", "3:54", "a milestone after 9 steps follows one after 9", ""},
		"setting of another optimizer":    {"\ntraining: {momentum: 0.9}", "3:22", "momentum is no setting of adam", ""},
		"nesterov without momentum":       {"\ntraining: {optimizer: sgd, nesterov: true}", "3:38", "nesterov needs momentum", ""},
		"per task, steps and epochs":      {"\nper_task: {dn: {training: {epochs: 3}}}", "3:36", "both steps and epochs are given", ""},
		"ra-transformer without T":        {"\nmethods: [ra-transformer]", "3:11", "method ra-transformer needs a transformer", ""},
		"ra without sources":              {"\nsources: null\nmethods: [ra]", "4:11", "method ra needs sources", ""},
		"plain without processor":         {"\nprocessor: null\nmethods: [plain]", "4:11", "method plain needs a processor", ""},
		"plain without training":          {"\ntraining: null\nmethods: [plain]", "4:11", "method plain needs training", ""},
		"accuracy without evaluators":     {"\nevaluators: null\nmetrics: [psnr, top1]", "4:17", "metric top1 needs evaluators", ""},
		"source among evaluators":         {"\nevaluators: [vgg-s, source]", "3:21", "evaluators is source, or a list of recognizers", ""},
		"processor of another scale":      {"\nprocessor: generator-s\ntasks: [sr]", "4:9", "generator-s (resnet-generator) does not enlarge by 2, as task sr needs", ""},
		"path of a generated dataset":     {"\ndatasets: {shapes: {path: here}}", "3:27", "a dataset of kind shapes has no path", ""},
		"unknown axis":                    {"\ntables: [{rows: taks, columns: method, metric: psnr}]", "3:17", `unknown axis "taks"`, "task"},
		"unknown axis, nothing else":      {"\ntables: [{rows: taks, columns: metric}]", "3:17", `unknown axis "taks"`, "task"},
		"axis twice":                      {"\ntables: [{rows: [task, method, source, evaluator], columns: method, metric: psnr}]", "3:61", "axis method is in rows and in columns", ""},
		"table of several metrics":        {"\ntables: [{rows: method, columns: evaluator, metric: [psnr, top1]}]", "3:53", "a table shows one metric, unless metric is an axis", ""},
		"table of no metric":              {"\ntables: [{rows: method, columns: evaluator}]", "3:10", "a table shows one metric, unless metric is an axis", ""},
		"table of what is not measured":   {"\ntables: [{rows: method, columns: evaluator, metric: top5}]", "3:53", "metric top5 is not measured here", ""},
		"columns of two axes":             {"\ntables: [{rows: method, columns: [task, metric, evaluator], metric: top1}]", "3:49", "columns cannot be task and evaluator at once", ""},
		"table that mixes evaluators":     {"\ntables: [{rows: method, columns: task, metric: top1}]", "3:10", "each cell of this table would mix 2 values of evaluator: resnet-s, vgg-s", ""},
		"table that mixes lambdas":        {"\nlambda: {ra: [1, 2]}\ntables: [{rows: method, columns: task, metric: psnr}]", "4:10", "each cell of this table would mix 2 values of lambda: 1, 2", ""},
		"table of an undefined method":    {"\ntables: [{rows: method, columns: task, metric: psnr, where: {method: rra}}]", "3:70", `unknown method "rra"`, "ra"},
		"table that mixes own sources":    {"\nevaluators: source\nsources: [resnet-s, vgg-s]\ntables: [{rows: method, columns: task, metric: psnr}]", "5:10", "each cell of this table would mix 2 values of source: resnet-s, vgg-s", ""},
		"own evaluators without sources":  {"\nevaluators: source\nsources: null\nmethods: [none]", "3:13", "evaluators: source needs sources", ""},
		"empty sources":                   {"\nsources: []\nmethods: [ra]", "3:10", "sources is empty", ""},
		"tag of a mapping":                {"\ntraining: !fast {batch: 3}", "3:11", `the tag "!fast" means nothing here`, ""},
		"number beyond all":               {"\ntraining: {steps: 99999999999999999999}", "3:19", `training.steps is a whole number, not "99999999999999999999"`, ""},
		"figure with an axis twice":       {"\nfigures: [{kind: bars, x: method, series: method, y: psnr}]", "3:43", "axis method is x and series", ""},
		"key of another figure":           {"\nfigures: [{kind: bars, images: 3, y: psnr}]", "3:32", "images means nothing to a bars", ""},
		"unknown kind of figure":          {"\nfigures: [{kind: bar}]", "3:18", `unknown figure kind "bar"`, "bars"},
		"default profile that is none":    {"\nprofiles: {quick: {}}\ndefault_profile: quik", "4:18", `unknown profile "quik"`, "quick"},
		"mistake in another profile":      {"\nprofiles: {full: {seed: [1]}}", "3:19", `unknown key "seed"`, "seeds"},
		"profile that is no mapping":      {"\nprofiles: {full: 3}", "3:18", "profiles.full is a mapping, not a whole number", ""},
		"invalid YAML":                    {"\ntitle: [a\nseeds: [0]", "3:1", "not valid YAML: did not find expected ',' or ']'", ""},
		"tab":                             {"\ntraining:\n\tbatch: 3", "4:1", "not valid YAML: found character that cannot start any token", ""},
		"two documents":                   {"\n---\ntitle: b", "3:1", "a second YAML document: a spec is one document", ""},
		"unknown anchor":                  {"\ntasks: *tasks", "3:1", "not valid YAML: unknown anchor 'tasks' referenced", ""},
		"anchor that contains itself":     {"\ntraining: &a {schedule: *a}", "3:25", `the anchor "a" contains itself`, ""},
		"merge of a word":                 {"\ntraining: {<<: fast}", "3:16", "<< merges a mapping (or a list of them), such as *anchor", ""},
		"foreign tag":                     {"\ntitle: !secret a", "3:8", `the tag "!secret" means nothing here`, ""},
		"key that is no word":             {"\n[a]: b", "3:1", "a key must be a word", ""},
		"wide characters before a column": {"\ntraining: {batch: 1, \"größe\": 1}", "3:22", `unknown key "größe"`, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, diags := Load(written(t, "extends: BASE\n"+c.spec), testNames(), Options{})
			require.Len(t, diags, 1, "%v", diags)
			d := diags[0]
			assert.Equal(t, c.at, place(d))
			assert.Equal(t, c.summary, d.Summary)
			assert.Equal(t, c.suggestion, d.Suggestion)
			assert.Equal(t, Error, d.Severity)
		})
	}
}

func TestDoubtfulSpecsLoadWithAWarning(t *testing.T) {
	cases := map[string]struct{ spec, at, summary string }{
		"recognizer of another dataset": {"datasets: {other: {kind: shapes}}\ndataset: other\nevaluators: [vgg-s]\nsources: null\nmethods: [none]", "4:14", "recognizer vgg-s is of dataset shapes, not other"},
		"images of another dataset":     {"datasets: {other: {kind: shapes}}\nevaluation: {dataset: other}\nevaluators: [vgg-s]", "4:14", "recognizer vgg-s is of dataset shapes, not other"},
		"milestone past the end":        {"training: {steps: 400}\ntasks: [dn]", "23:75", "a milestone after 400 steps is never reached"},
		"filter that keeps nothing":     {"figures: [{kind: bars, where: {task: sr}}]", "2:38", "task sr is not part of this experiment"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e, diags := Load(written(t, "extends: BASE\n"+c.spec), testNames(), Options{})
			require.NotNil(t, e, "%v", diags)
			require.Len(t, diags, 1, "%v", diags)
			assert.Equal(t, Warning, diags[0].Severity)
			assert.Equal(t, c.at, place(diags[0]))
			assert.Equal(t, c.summary, diags[0].Summary)
			assert.NoError(t, diags.Err())
		})
	}
}

func TestTablesThatMixNothingAreTaken(t *testing.T) {
	for name, spec := range map[string]string{
		"own evaluators as columns":    "evaluators: source\nsources: [resnet-s, vgg-s]\ntables: [{rows: method, columns: evaluator, metric: top1}]",
		"own sources as columns":       "evaluators: source\nsources: [resnet-s, vgg-s]\ntables: [{rows: method, columns: source, metric: top1}]",
		"own evaluator chosen":         "evaluators: source\nsources: [resnet-s, vgg-s]\ntables: [{rows: method, columns: metric, where: {evaluator: vgg-s}}]",
		"quality beside several":       "tables: [{rows: method, columns: task, metric: psnr}]",
		"one lambda chosen":            "lambda: {ra: [1, 2]}\ntables: [{rows: method, columns: evaluator, metric: top1, where: {lambda: [1.0]}}]",
		"sweep of a method left out":   "lambda: {ra: [1, 2]}\ntables: [{rows: method, columns: evaluator, metric: top1, where: {method: plain}}]",
		"seeds, which are averaged":    "seeds: [0, 1]\ntables: [{rows: method, columns: evaluator, metric: top1}]",
		"sources where no method asks": "sources: [resnet-s, vgg-s]\nmethods: [none, plain]\ntables: [{rows: method, columns: evaluator, metric: top1}]",
		"each evaluator's own dataset": "datasets: {half: {part_of: shapes}}\nrecognizers: {vgg-s: {dataset: half}}\nevaluation: {dataset: evaluator}\ntables: [{rows: method, columns: evaluator, metric: top1}]",
		"everything chosen by where":   "seeds: [0, 1]\ntables: [{rows: method, columns: evaluator, metric: top1, where: {seed: 1, task: dn, source: resnet-s, dataset: shapes, metric: top1}}]",
	} {
		t.Run(name, func(t *testing.T) {
			_, diags := Load(written(t, "extends: BASE\n"+spec), testNames(), Options{})
			assert.Empty(t, diags)
		})
	}
}

func TestPrintingClosesWithCounts(t *testing.T) {
	for want, diags := range map[string]Diagnostics{
		"1 error, 2 warnings": {{Summary: "a", File: "f"}, {Severity: Warning, Summary: "b", File: "f"}, {Severity: Warning, Summary: "c", File: "f"}},
		"1 warning":           {{Severity: Warning, Summary: "b", File: "f"}},
		"":                    nil,
	} {
		var b strings.Builder
		require.NoError(t, diags.Print(&b))
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		assert.Equal(t, want, lines[len(lines)-1])
	}
}

func TestStatedIntentSilencesTheWarning(t *testing.T) {
	_, diags := Load(written(t, "extends: BASE\ndatasets: {other: {kind: shapes}}\ndataset: other\ncross_dataset: true\n"), testNames(), Options{})
	assert.Empty(t, diags)
}

func TestLongAndOddLinesAreShownAroundTheMistake(t *testing.T) {
	spec := "{extends: BASE, title: " + strings.Repeat("a", 300) + ", metods: [none]}"
	_, diags := Load(written(t, spec), testNames(), Options{})
	require.Len(t, diags, 1)
	lines := strings.Split(diags[0].String(), "\n")
	require.Greater(t, len(lines), 2)
	assert.Less(t, len(lines[1]), 120)
	caret := strings.Index(lines[2], "^")
	assert.Equal(t, "metods", lines[1][caret:caret+6])
}

func TestSuggestionsAreNearNamesOnly(t *testing.T) {
	known := []string{"methods", "metrics", "ra", "dn", "psnr"}
	for given, want := range map[string]string{
		"metods": "methods", "METRICS": "metrics", "rra": "ra", "dm": "dn", "psnrs": "psnr",
		"tables": "", "x": "", "": "", "methods": "",
	} {
		assert.Equal(t, want, suggest(given, known), given)
	}
}
