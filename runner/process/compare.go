package process

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/url"
	"path/filepath"
	"strings"

	"transfera/data/imaging"
)

var (
	//go:embed compare.html
	compareHTML string
	//go:embed compare.css
	compareCSS string
	// comparePage shows pictures side by side.
	comparePage = template.Must(template.New("compare").Funcs(template.FuncMap{
		"percent": func(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) },
		"share":   func(v float64) string { return fmt.Sprintf("%.1f", 100*v) },
	}).Parse(compareHTML))
)

// comparison is one picture on the page.
type comparison struct {
	Name   string
	Panels []panel
}

// panel is one version of a picture.
type panel struct {
	Title         string // such as output
	Link          string // relative to the page
	Width, Height int
	Judgements    []judgement
}

// judgement is what one recognizer sees in it.
type judgement struct {
	Recognizer  string
	Predictions []Prediction
}

// panels are the versions of one picture, from the input to the output.
func (w *work) panels(it item, original *imaging.Image, shown degraded, out *imaging.Image) ([]panel, error) {
	link, err := w.linkTo(it.path)
	if err != nil {
		return nil, err
	}
	versions := []struct {
		title, link string
		size, seen  *imaging.Image
	}{
		{"input", link, original, original},
		{"degraded", escaped(it.degraded), shown.image, shown.baseline},
		{"output", escaped(it.output), out, out},
	}
	var panels []panel
	for _, v := range versions {
		if v.size == nil {
			continue
		}
		p := panel{Title: v.title, Link: v.link, Width: v.size.Width, Height: v.size.Height}
		for _, j := range w.judges {
			predictions, err := j.predict(v.seen)
			if err != nil {
				return nil, err
			}
			p.Judgements = append(p.Judgements, judgement{j.name, predictions})
		}
		panels = append(panels, p)
	}
	return panels, nil
}

// linkTo is the way from the page to an input.
func (w *work) linkTo(path string) (string, error) {
	from, err := resolved(w.options.Out)
	if err != nil {
		return "", err
	}
	to, err := resolved(path)
	if err != nil {
		return "", err
	}
	relative, err := filepath.Rel(from, to)
	return escaped(filepath.ToSlash(relative)), err
}

// escaped is a relative path as a link.
func escaped(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		parts[i] = url.PathEscape(part)
	}
	return strings.Join(parts, "/")
}

func (w *work) renderPage() ([]byte, error) {
	var lines []string
	for _, c := range w.pipeline.Checkpoints {
		lines = append(lines, fmt.Sprintf("%s %s for %s, trained by %s, stage %s", c.Kind, c.Architecture.Name, c.Degradation, c.Method, c.Stage))
	}
	enlarged := w.options.Degrade && w.pipeline.Scale > 1
	var page bytes.Buffer
	err := comparePage.Execute(&page, struct {
		CSS         template.CSS
		Networks    []string
		Enlarged    bool
		Comparisons []comparison
		Skipped     []Skipped
		Remarks     []string
	}{template.CSS(compareCSS), lines, enlarged, w.page, w.result.Skipped, w.result.Remarks})
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", PageName, err)
	}
	return page.Bytes(), nil
}
