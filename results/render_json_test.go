package results_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
)

func TestTablesComeBackFromJSON(t *testing.T) {
	for name := range specs {
		folder := t.TempDir()
		table := build(t, name)
		require.NoError(t, results.WriteTables(folder, name, table))
		read, err := results.ReadTable(filepath.Join(folder, name+".json"))
		require.NoError(t, err)
		again := t.TempDir()
		require.NoError(t, results.WriteTables(again, name, read))
		for _, extension := range results.TableExtensions {
			want, err := os.ReadFile(filepath.Join(folder, name+extension))
			require.NoError(t, err)
			got, err := os.ReadFile(filepath.Join(again, name+extension))
			require.NoError(t, err)
			assert.Equal(t, string(want), string(got), name+extension)
		}
	}
}

func TestEntriesKnowTheirCellsAndTheirTest(t *testing.T) {
	cells, gains := fixture(t)
	table := build(t, "architectures")
	tested := 0
	for _, row := range table.Rows {
		for _, entry := range row.Entries {
			if !entry.Present {
				continue
			}
			var places []results.Place
			for _, c := range cells {
				if c.Place() == entry.Place {
					places = append(places, c.Place())
				}
			}
			assert.NotEmpty(t, places, row.Labels)
			if !entry.Tested {
				continue
			}
			tested++
			for _, g := range gains {
				if g.Place() == entry.Place {
					assert.GreaterOrEqual(t, entry.PHolm, g.P, "a correction never lowers p")
				}
			}
		}
	}
	assert.Positive(t, tested)
	assert.Equal(t, table.Tested, tested)
}

func TestInfiniteNumbersKeepInJSON(t *testing.T) {
	table := &results.Table{Axes: []string{"method"}, Columns: []results.Column{{Metric: "psnr"}}, Rows: []results.Row{
		{Labels: []string{"none"}, Entries: []results.Entry{{Present: true, Metric: "psnr", Mean: math.Inf(1), Half: math.NaN()}}},
		{Labels: []string{"plain"}, Entries: []results.Entry{{}}},
	}}
	folder := t.TempDir()
	require.NoError(t, results.WriteTables(folder, "a", table))
	read, err := results.ReadTable(filepath.Join(folder, "a.json"))
	require.NoError(t, err)
	assert.Equal(t, math.Inf(1), read.Rows[0].Entries[0].Mean)
	assert.True(t, math.IsNaN(read.Rows[0].Entries[0].Half))
	assert.False(t, read.Rows[1].Entries[0].Present)
}

func TestDamagedTablesAreRefusedByName(t *testing.T) {
	for name, text := range map[string]string{
		"cut":         `{"title": "a", "axes": ["method"], "col`,
		"unknown key": `{"title": "a", "titel": "b"}`,
		"short row":   `{"title": "a", "axes": ["method"], "columns": [{"metric": "psnr"}], "rows": [{"labels": ["ra"], "entries": []}]}`,
		"two":         `{"title": "a"} {}`,
	} {
		path := filepath.Join(t.TempDir(), "a.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		_, err := results.ReadTable(path)
		assert.ErrorContains(t, err, "a.json: ", name)
	}
}
