package report_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"transfera/results/report"
)

// node is an element of a parsed page.
type node struct{ *html.Node }

func parse(t *testing.T, page string) node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	return node{root}
}

// all elements of a name, in order; "" is any.
func (n node) all(name string) []node {
	var found []node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && (name == "" || d.Data == name) {
			found = append(found, node{d})
		}
	}
	return found
}

func (n node) attribute(name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func (n node) text() string {
	var out strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			out.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func (n node) class(name string) bool {
	return slices.Contains(strings.Fields(n.attribute("class")), name)
}

func snapshot(t *testing.T, name string) string {
	t.Helper()
	folder, err := report.Read("../snapshots/" + name)
	require.NoError(t, err)
	page, err := report.Render(folder)
	require.NoError(t, err)
	return string(page)
}

func TestPageIsOneSoundDocument(t *testing.T) {
	for name, text := range map[string]string{
		"embedded": snapshot(t, "embedded"), "cifar10": snapshot(t, "cifar10"), "small": written(t, small(t)),
	} {
		t.Run(name, func(t *testing.T) {
			page := parse(t, text)
			assert.Less(t, len(text), 15<<20)
			assert.Equal(t, "en", page.all("html")[0].attribute("lang"))
			assert.Len(t, page.all("h1"), 1)
			assert.Len(t, page.all("main"), 1)
			assert.Len(t, page.all("nav"), 1)
			ids := map[string]bool{}
			for _, e := range page.all("") {
				id := e.attribute("id")
				assert.False(t, id != "" && ids[id], "two elements are #%s", id)
				ids[id] = true
			}
			for _, a := range page.all("a") {
				assert.True(t, ids[strings.TrimPrefix(a.attribute("href"), "#")], a.attribute("href"))
			}
			for _, table := range page.all("table") {
				assert.NotEmpty(t, table.all("caption"))
				assert.NotEmpty(t, table.all("caption")[0].text())
				for _, th := range table.all("th") {
					assert.Contains(t, []string{"col", "row"}, th.attribute("scope"))
				}
			}
			for _, img := range page.all("img") {
				assert.NotEmpty(t, img.attribute("alt"))
			}
			for _, button := range page.all("button") {
				assert.Equal(t, "button", button.attribute("type"))
				assert.True(t, button.text() != "" || button.attribute("aria-label") != "")
			}
		})
	}
}

func TestPageLoadsNothing(t *testing.T) {
	text := snapshot(t, "embedded")
	page := parse(t, text)
	policy := ""
	for _, meta := range page.all("meta") {
		if meta.attribute("http-equiv") == "Content-Security-Policy" {
			policy = meta.attribute("content")
		}
	}
	assert.Contains(t, policy, "default-src 'none'")
	assert.NotContains(t, policy, "unsafe")
	assert.Regexp(t, `script-src 'sha256-[^']+';`, policy)
	for _, e := range page.all("") {
		assert.NotContains(t, []string{"link", "iframe", "object", "embed", "base", "form", "video", "audio"}, e.Data)
		for _, a := range e.Attr {
			switch a.Key {
			case "href":
				assert.True(t, strings.HasPrefix(a.Val, "#"), a.Val)
			case "src":
				assert.True(t, e.Data == "img" && strings.HasPrefix(a.Val, "data:image/"), a.Val)
			case "srcset", "style", "action", "background":
				assert.Fail(t, a.Key)
			}
			assert.False(t, strings.HasPrefix(a.Key, "on"), a.Key)
		}
	}
	for _, name := range []string{"page.css", "page.js"} {
		assert.NotRegexp(t, `url\(|@import|https?:|fetch\(|XMLHttpRequest|WebSocket|\bimport\b|eval\(|innerHTML`, read(t, name), name)
	}
	assert.NotRegexp(t, `https?://`, regexp.MustCompile(`"data:[^"]*"`).ReplaceAllString(text, ""))
}

func TestPageIsAFunctionOfTheFoldersContent(t *testing.T) {
	first, second := small(t), small(t)
	page := written(t, first)
	assert.Equal(t, page, written(t, second), "the folder's name leaves no trace")
	assert.Equal(t, page, written(t, first), "nor does an earlier report")
	assert.Equal(t, snapshot(t, "embedded"), snapshot(t, "embedded"))
}

func TestTextStaysText(t *testing.T) {
	folder := small(t)
	put(t, filepath.Join(folder, "figures", "transfer.svg"),
		`<svg xmlns="http://www.w3.org/2000/svg"><title>&lt;img src=x onerror=alert(1)></title><script>alert(1)</script></svg>`)
	text := written(t, folder)
	page := parse(t, text)
	assert.NotContains(t, text, "<script>alert")
	assert.Len(t, page.all("script"), 2, "the data and the page's own")
	assert.Contains(t, page.text(), "Transfer <script>alert(1)</script> & more")
	assert.Contains(t, page.all("h1")[0].text(), `a "suite" </script>`)
	require.Len(t, page.all("img"), 1)
	assert.Contains(t, page.all("img")[0].attribute("alt"), "<img src=x onerror=alert(1)>")
}

func TestTablesShowMarksAndPublishedNumbers(t *testing.T) {
	page := parse(t, written(t, small(t)))
	var table node
	for _, candidate := range page.all("table") {
		if candidate.class("sortable") {
			table = candidate
		}
	}
	var lines []string
	for _, row := range table.all("tr") {
		var cells []string
		for _, cell := range row.all("") {
			if cell.Data == "td" || cell.Data == "th" {
				cells = append(cells, cell.text())
			}
		}
		lines = append(lines, strings.Join(cells, " | "))
	}
	assert.Equal(t, []string{
		"task | method | resnet18 top1 [%] | resnet18 published | vgg16_bn top1 [%] | vgg16_bn published",
		"sr | none | 40.0 ±2.0 | – no number | 39.0 ±2.0 | – no number",
		"sr | plain | 52.0 ±2.0 | 52.6 | 50.0 ±2.0 | 50.2",
		"sr | ra | 61.0 ±2.0* significant gain best | 61.8 | 58.0 ±2.0 best | 58.2",
	}, lines)
}

// details is what the panel of the n-th number shows.
func details(t *testing.T, page node, n int) string {
	t.Helper()
	var data struct {
		Sections []report.Section
		Numbers  []report.Details
	}
	for _, script := range page.all("script") {
		if script.attribute("id") == "data" {
			require.NoError(t, json.Unmarshal([]byte(script.text()), &data))
		}
	}
	lines := []string{data.Numbers[n].Title}
	for _, place := range data.Numbers[n].Sections {
		section := data.Sections[place]
		lines = append(lines, "# "+section.Title)
		if section.Head != nil {
			lines = append(lines, strings.Join(section.Head, " | "))
		}
		for _, row := range section.Rows {
			lines = append(lines, strings.Join(row, " | "))
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestEveryNumberKnowsWhereItIsFrom(t *testing.T) {
	page := parse(t, written(t, small(t)))
	var entries []node
	for _, button := range page.all("button") {
		if button.class("entry") {
			entries = append(entries, button)
		}
	}
	require.Len(t, entries, 10)
	for golden, i := range map[string]int{"testdata/details.txt": 8, "testdata/published.txt": 9} { // the last of ra
		got := details(t, page, i)
		if *update {
			put(t, golden, got)
		}
		assert.Equal(t, read(t, golden), got)
	}
}
