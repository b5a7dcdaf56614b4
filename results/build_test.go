package results_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
)

// find returns the entry under row labels and a column value.
func find(t *testing.T, table *results.Table, column string, labels ...string) results.Entry {
	t.Helper()
	k := slices.IndexFunc(table.Columns, func(c results.Column) bool {
		return (c.Value == column || c.Metric == column) && !c.Published
	})
	require.GreaterOrEqual(t, k, 0, column)
	for _, row := range table.Rows {
		if slices.Equal(row.Labels, labels) {
			return row.Entries[k]
		}
	}
	require.Fail(t, "no row", labels)
	return results.Entry{}
}

func TestEntriesEqualScipy(t *testing.T) {
	data, err := os.ReadFile(fixtures + "entries.json")
	require.NoError(t, err)
	var want []struct {
		Task, Method, Evaluator string
		Mean, Half              float64
	}
	require.NoError(t, json.Unmarshal(data, &want))
	require.NotEmpty(t, want)
	table := build(t, "architectures")
	for _, w := range want {
		entry := find(t, table, w.Evaluator, w.Task, w.Method)
		assert.InDelta(t, w.Mean, entry.Mean, 1e-9, w)
		assert.InDelta(t, w.Half, entry.Half, 1e-9, w)
	}
}

// seeds makes cells of one method, one per value.
func seeds(method string, values ...float64) []results.Cell {
	var cells []results.Cell
	for s, v := range values {
		cells = append(cells, results.Cell{Experiment: "x", Seed: int64(s), Task: "sr", Method: method, Evaluator: "e",
			Dataset: "d", Metric: "top1", Value: v, CILow: v - 1, CIHigh: v + 1, N: 500})
	}
	return cells
}

func simple() results.TableSpec {
	return results.TableSpec{Title: "t", Rows: []string{"method"}, Columns: "evaluator", Metrics: []string{"top1"}}
}

func TestFewSeedsAreWarnedOf(t *testing.T) {
	const over = "±: half of the 95 % confidence interval over "
	tests := []struct {
		name  string
		cells []results.Cell
		want  []string
	}{
		{"three seeds", seeds("ra", 50, 51, 52), []string{over + "seeds (Student t) and images (bootstrap)"}},
		{"two seeds", seeds("ra", 50, 51), []string{over + "images (bootstrap)",
			"Warning: 2 seeds: no interval over seeds, ± is over images only"}},
		{"one seed", seeds("ra", 50), []string{over + "images (bootstrap)",
			"Warning: 1 seed: no interval over seeds, ± is over images only"}},
		{"nothing trained", seeds("none", 50), []string{over + "images (bootstrap)"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			table, err := results.Build(simple(), test.cells, nil, nil, nil)
			require.NoError(t, err)
			assert.Equal(t, test.want, table.Footnotes)
		})
	}
}

func TestTheBestIsWhatAReaderWouldCallTheBest(t *testing.T) {
	cells := slices.Concat(seeds("plain", 50), seeds("ra", 61.54), seeds("ra-unsupervised", 61.46))
	table, err := results.Build(simple(), cells, nil, nil, nil)
	require.NoError(t, err)
	assert.False(t, find(t, table, "e", "plain").Best)
	assert.True(t, find(t, table, "e", "ra").Best)
	assert.True(t, find(t, table, "e", "ra-unsupervised").Best, "both print as 61.5")

	alone, err := results.Build(simple(), seeds("ra", 50), nil, nil, nil)
	require.NoError(t, err)
	assert.False(t, find(t, alone, "e", "ra").Best, "no rival")

	unknown := seeds("ra", 1)
	unknown = append(unknown, seeds("plain", 2)...)
	for i := range unknown {
		unknown[i].Metric = "latency"
	}
	spec := simple()
	spec.Metrics = []string{"latency"}
	table, err = results.Build(spec, unknown, nil, nil, nil)
	require.NoError(t, err)
	assert.False(t, find(t, table, "e", "plain").Best, "the direction of an unknown metric is not guessed")
}

func TestOnlyCorrectedGainsUpwardAreMarked(t *testing.T) {
	cells := slices.Concat(seeds("plain", 50), seeds("ra", 61), seeds("ra-unsupervised", 40), seeds("ra-transformer", 55))
	gain := func(method string, gain, p float64, warnings ...string) results.Gain {
		return results.Gain{Experiment: "x", Task: "sr", Method: method, Evaluator: "e", Dataset: "d", Metric: "top1",
			Gain: gain, P: p, Test: "McNemar exact", Warnings: warnings}
	}
	gains := []results.Gain{
		gain("ra", 11, 0.001, "1 seed: the interval is over images only"),
		gain("ra-unsupervised", -10, 0.001),
		gain("ra-transformer", 5, 0.06),
	}
	elsewhere := gain("ra-transformer", 5, 0.0001)
	elsewhere.Evaluator = "another"
	table, err := results.Build(simple(), cells, append(gains, elsewhere), nil, []string{"given"})
	require.NoError(t, err)
	assert.True(t, find(t, table, "e", "ra").Significant)
	assert.False(t, find(t, table, "e", "ra-unsupervised").Significant, "a loss")
	assert.False(t, find(t, table, "e", "ra-transformer").Significant, "not significant")
	assert.Equal(t, []string{
		"±: half of the 95 % confidence interval over images (bootstrap)",
		"*: gain over plain significant at 5 % (McNemar exact; Holm-corrected over the 3 gains of this table)",
		"given",
		"Warning: 1 seed: no interval over seeds, ± is over images only",
		"Warning: gain over plain: 1 seed: the interval is over images only",
	}, table.Footnotes)

	// 0.02 alone is significant; among three tests it is not.
	gains[0].P, gains[1].P, gains[2].P = 0.02, 0.5, 0.6
	table, err = results.Build(simple(), cells, gains, nil, nil)
	require.NoError(t, err)
	assert.False(t, find(t, table, "e", "ra").Significant)
	table, err = results.Build(simple(), cells, gains[:1], nil, nil)
	require.NoError(t, err)
	assert.True(t, find(t, table, "e", "ra").Significant)
}

func TestPublishedNumbersStandOnlyBesideTheVerySameCell(t *testing.T) {
	numbers := published(t)
	assert.Len(t, numbers, 45)
	same := results.Cell{Dataset: "imagenet", Task: "jpeg", Method: "ra", Lambda: "0.001", Source: "resnet18",
		Evaluator: "VGG16-BN", Metric: "top1"}
	change := func(edit func(*results.Cell)) results.Cell {
		c := same
		edit(&c)
		return c
	}
	tests := []struct {
		name       string
		cell       results.Cell
		definition string
		want       bool
	}{
		{"same", same, "quality=10", true},
		{"other data", change(func(c *results.Cell) { c.Dataset = "cifar10" }), "quality=10", false},
		{"other strength", same, "quality=20", false},
		{"unknown strength", same, "", false},
		{"other lambda", change(func(c *results.Cell) { c.Lambda = "0.01" }), "quality=10", false},
		{"other source", change(func(c *results.Cell) { c.Source = "resnet50" }), "quality=10", false},
		{"other evaluator", change(func(c *results.Cell) { c.Evaluator = "vgg16" }), "quality=10", false},
		{"other metric", change(func(c *results.Cell) { c.Metric = "top5" }), "quality=10", false},
		{"unpublished method", change(func(c *results.Cell) { c.Method = "ra-transformer" }), "quality=10", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			number, ok := numbers.Find(test.cell, test.definition)
			assert.Equal(t, test.want, ok)
			if ok {
				assert.Equal(t, 52.8, number.Value)
			}
		})
	}
}

func TestWhereFiltersAndOrders(t *testing.T) {
	cells, _ := fixture(t)
	spec := results.TableSpec{Title: "t", Rows: []string{"method"}, Columns: "evaluator", Metrics: []string{"top1"},
		Where: map[string][]string{"task": {"dn"}, "lambda": {"1e-3", "0"}, "method": {"ra", "plain", "none"}},
		Order: map[string][]string{"evaluator": {"vgg16_bn"}}}
	table, err := results.Build(spec, cells, nil, nil, nil)
	require.NoError(t, err)
	var rows, columns []string
	for _, row := range table.Rows {
		rows = append(rows, row.Labels[0])
	}
	for _, column := range table.Columns {
		columns = append(columns, column.Value)
	}
	assert.Equal(t, []string{"ra", "plain", "none"}, rows, "none has no lambda and passes")
	assert.Equal(t, []string{"vgg16_bn", "resnet18"}, columns)
}

func TestMissingNumbersLeaveGaps(t *testing.T) {
	cells := seeds("ra", 50)
	cells = append(cells, seeds("plain", math.NaN())...)
	table, err := results.Build(simple(), cells, nil, nil, nil)
	require.NoError(t, err)
	assert.False(t, find(t, table, "e", "plain").Present)
	assert.Contains(t, table.Footnotes, "-: no number")
	text, err := table.Text()
	require.NoError(t, err)
	assert.NotContains(t, text, "NaN")
}

func TestSeveralMetricsShareTheColumnAxis(t *testing.T) {
	cells, _ := fixture(t)
	spec := results.TableSpec{Title: "t", Rows: []string{"task", "method"}, Columns: "evaluator", Metrics: []string{"top1", "psnr"}}
	table, err := results.Build(spec, cells, nil, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, []results.Column{
		{Metric: "psnr"}, {Value: "resnet18", Metric: "top1"}, {Value: "vgg16_bn", Metric: "top1"},
	}, table.Columns)
}

func TestMetricsCanBeRows(t *testing.T) {
	cells, _ := fixture(t)
	spec := results.TableSpec{Title: "t", Rows: []string{"metric"}, Columns: "method", Metrics: []string{"ssim", "psnr"},
		Where: map[string][]string{"task": {"sr"}}}
	table, err := results.Build(spec, cells, nil, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"ssim"}, table.Rows[0].Labels)
	text, err := table.Text()
	require.NoError(t, err)
	assert.Regexp(t, `(?m)^ ssim .*0\.\d{4} ±0\.\d{4}`, text)
	assert.Regexp(t, `(?m)^ psnr .*22\.10 ±0\.15`, text)
}

func TestBuildSaysWhatIsWrong(t *testing.T) {
	cells, _ := fixture(t)
	spec := func(edit func(*results.TableSpec)) results.TableSpec {
		s := results.TableSpec{Title: "t", Rows: []string{"task", "method"}, Columns: "evaluator", Metrics: []string{"top1"}}
		edit(&s)
		return s
	}
	contradiction := append(seeds("ra", 50), seeds("ra", 60)...)
	tests := []struct {
		name  string
		spec  results.TableSpec
		cells []results.Cell
		want  string
	}{
		{"unknown axis", spec(func(s *results.TableSpec) { s.Rows = []string{"model"} }), cells,
			`table "t": no axis "model"; there is experiment, seed, task,`},
		{"unknown axis in where", spec(func(s *results.TableSpec) { s.Where = map[string][]string{"n": {"1"}} }), cells, `no axis "n"`},
		{"axis used twice", spec(func(s *results.TableSpec) { s.Columns = "task" }), cells, `axis "task" is used twice`},
		{"no rows", spec(func(s *results.TableSpec) { s.Rows = nil }), cells, "no row axis"},
		{"no metrics", spec(func(s *results.TableSpec) { s.Metrics = nil }), cells, "no metric to show"},
		{"nothing matches", spec(func(s *results.TableSpec) { s.Metrics = []string{"map"} }), cells,
			"none of the 102 cells has a metric of map and passes where"},
		{"missing axis", spec(func(s *results.TableSpec) { s.Columns = "metric" }), cells,
			"row sr none, column top1 [%]: holds several evaluators (resnet18, vgg16_bn): make evaluator an axis or choose one in where"},
		{"two values of one seed", simple(), contradiction, "row ra, column e: seed 0 has two values, 50 and 60"},
		{"unknown published set", spec(func(s *results.TableSpec) { s.Published = "paper" }), cells,
			`no published set "paper"; there is none, transferable-ra`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			table, err := results.Build(test.spec, test.cells, nil, published(t), nil)
			assert.ErrorContains(t, err, test.want)
			assert.Nil(t, table)
		})
	}
}

// A row repeated by two stages that share a cell counts once.
func TestRepeatedCellsCountOnce(t *testing.T) {
	cells := append(seeds("ra", 50, 52, 54), seeds("ra", 50)...)
	table, err := results.Build(simple(), cells, nil, nil, nil)
	require.NoError(t, err)
	assert.Equal(t, 52.0, find(t, table, "e", "ra").Mean)
}

func TestTablesDoNotDependOnTheOrderOfCells(t *testing.T) {
	cells, gains := fixture(t)
	want, err := build(t, "architectures").Text()
	require.NoError(t, err)
	slices.Reverse(cells)
	slices.Reverse(gains)
	table, err := results.Build(specs["architectures"], cells, gains, published(t), []string{"recognizers: torchvision, V1 weights"})
	require.NoError(t, err)
	got, err := table.Text()
	require.NoError(t, err)
	assert.Equal(t, strings.Split(want, "\n"), strings.Split(got, "\n"))
}
