package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
	"transfera/results/report"
)

func TestMoreTablesAndFiguresShowUpByThemselves(t *testing.T) {
	folder := small(t)
	extra := &results.Table{Title: "Margins of the boundary", Axes: []string{"method"}, Columns: []results.Column{{Value: "margin"}},
		Rows: []results.Row{{Labels: []string{"ra"}, Entries: []results.Entry{{Present: true, Mean: 0.25}}}}}
	require.NoError(t, results.WriteTables(filepath.Join(folder, "tables"), "transfer-boundary", extra))
	png := read(t, "../snapshots/embedded/figures/lambda.png")
	put(t, filepath.Join(folder, "figures", "transfer-pictures.png"), png)
	put(t, filepath.Join(folder, "figures", "transfer-pictures.json"), `{"title": "Pictures", "alt": "A cat, thrice", "text": "Left: plain."}`)
	put(t, filepath.Join(folder, "figures", "elsewhere.svg"), `<svg xmlns="http://www.w3.org/2000/svg"><text>First words</text></svg>`)
	page := parse(t, written(t, folder))
	inside := map[string]string{}
	for _, section := range page.all("section") {
		inside[section.attribute("id")] = section.text()
	}
	assert.Contains(t, inside["experiment-transfer"], "Margins of the boundary")
	assert.Contains(t, inside["experiment-transfer"], "Pictures. Left: plain.")
	assert.Contains(t, inside["more"], "First words")
	var alts []string
	for _, img := range page.all("img") {
		alts = append(alts, img.attribute("alt"))
	}
	assert.Equal(t, []string{"A cat, thrice", "Figure: First words."}, alts)
}

func TestDamagedFoldersAreRefusedWithAdvice(t *testing.T) {
	cases := map[string]struct {
		damage func(t *testing.T, folder string)
		want   string // DIR stands for the folder
	}{
		"no folder": {func(t *testing.T, folder string) { require.NoError(t, os.RemoveAll(folder)) },
			"DIR: no such folder; name one that transfera run wrote"},
		"no manifest":      {remove("manifest.json"), "DIR/manifest.json is missing, so DIR is no complete output folder"},
		"no cells":         {remove("cells.csv"), "DIR/cells.csv is missing"},
		"no gains":         {remove("gains.csv"), "DIR/gains.csv is missing"},
		"older folder":     {remove("tables/transfer.json"), "DIR/tables/transfer.json is missing beside the table's other formats"},
		"damaged manifest": {replace("manifest.json", `{"suite":`), "DIR/manifest.json: unexpected EOF; run the suite again"},
		"damaged spec":     {replace("manifest.json", `{"specs": [{"name": "a.yaml", "text": "a: [b"}]}`), "DIR/manifest.json: spec a.yaml: yaml: "},
		"damaged cells":    {replace("cells.csv", "a,b\n"), "DIR/cells.csv:1: header is a,b; expected "},
		"damaged table":    {replace("tables/transfer.json", "{"), "DIR/tables/transfer.json: unexpected EOF; run the suite again"},
		"damaged SVG":      {replace("figures/a.svg", "<svg><g></svg>"), "DIR/figures/a.svg: XML syntax error on line 1"},
		"no SVG":           {replace("figures/a.svg", "<p></p>"), "DIR/figures/a.svg: not an SVG"},
		"no PNG":           {replace("figures/a.png", "GIF"), "DIR/figures/a.png: not a PNG"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			folder := small(t)
			earlier := written(t, folder)
			c.damage(t, folder)
			_, err := report.Write(folder)
			require.ErrorContains(t, err, strings.ReplaceAll(c.want, "DIR", folder))
			if name != "no folder" {
				assert.Equal(t, earlier, read(t, filepath.Join(folder, "report.html")), "the earlier report stays")
			}
		})
	}
}

func remove(name string) func(*testing.T, string) {
	return func(t *testing.T, folder string) { require.NoError(t, os.Remove(filepath.Join(folder, name))) }
}

func replace(name, text string) func(*testing.T, string) {
	return func(t *testing.T, folder string) { put(t, filepath.Join(folder, name), text) }
}
