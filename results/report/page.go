package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"transfera/results"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"slug":    slug,
	"bar":     bar,
	"seconds": seconds,
	"clean":   clean,
	"uri":     func(uri string) template.URL { return template.URL(uri) }, // made by dataURI
}).Parse(pageHTML))

// page is what the template shows.
type page struct {
	Suite, Profile, Command, Revision, Device, Started, Finished string
	Manifest                                                     results.Manifest
	Asked                                                        Experiment // all experiments' together
	Experiments                                                  []section
	More                                                         section // tables and figures of no experiment
	Studies                                                      []studyView
	Warnings                                                     []string
	Kinds                                                        []stageKind

	Data *catalog
	CSS  template.CSS
	JS   template.JS
	// Policy forbids the page to load anything and to run any script but its own.
	Policy string
}

// section is one experiment with all that there is of it.
type section struct {
	Experiment
	ID       string
	Findings Findings
	// Boundaries are the sentences on decision boundaries, if they were compared.
	Boundaries []string
	Tables     []tableView
	Figures    []Figure
}

// add puts a table into the section. Its title is shown unless the section's says the same.
func (s *section) add(table tableView) {
	table.Titled = table.Title != s.Title
	s.Tables = append(s.Tables, table)
}

// Empty tells whether there is nothing to show.
func (s section) Empty() bool { return len(s.Tables)+len(s.Figures) == 0 }

// stageKind sums up the stages of one kind.
type stageKind struct {
	Kind          string
	Count, Cached int
	Seconds       float64
}

// Render makes the page. It is a function of the folder's content alone.
func Render(f *Folder) ([]byte, error) {
	m := f.Manifest
	p := page{
		Suite: m.Suite, Profile: m.Profile, Command: strings.Join(m.Command, " "), Revision: revision(m.Code), Device: device(m.Device),
		Started: moment(m.Started), Finished: moment(m.Finished), Manifest: m, Asked: together(f.Experiments),
		Warnings: warnings(f), Kinds: stageKinds(m.Stages), Data: newCatalog(f),
		CSS: template.CSS(pageCSS), JS: template.JS(pageJS),
		Policy: fmt.Sprintf("default-src 'none'; img-src data:; style-src %s; script-src %s; base-uri 'none'; form-action 'none'",
			hash(pageCSS), hash(pageJS)),
	}
	for _, e := range f.Experiments {
		gains := slices.DeleteFunc(slices.Clone(f.Gains), func(g results.Gain) bool { return g.Experiment != e.Name })
		p.Experiments = append(p.Experiments, section{
			Experiment: e, ID: "experiment-" + slug(e.Name), Findings: Find(gains), Boundaries: BoundaryFindings(boundariesOf(f.Boundaries, e.Name)),
		})
	}
	at := func(name string) *section {
		if i := owner(f.Experiments, name); i >= 0 {
			return &p.Experiments[i]
		}
		return &p.More
	}
	for _, table := range f.Tables {
		at(table.Name).add(p.Data.view(table))
	}
	for _, figure := range f.Figures {
		s := at(figure.Name)
		s.Figures = append(s.Figures, figure)
	}
	for _, s := range f.Studies {
		p.Studies = append(p.Studies, s.view(p.Data))
	}
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, p); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// hash names an embedded text in a Content-Security-Policy.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// warnings are the reasons to trust the results less, each once.
func warnings(f *Folder) []string {
	list := slices.Clone(f.Manifest.Warnings)
	if f.Manifest.Code.Modified {
		list = append(list, "The program was built from a tree with changes beyond its revision, so the revision alone does not give it again.")
	}
	for _, e := range f.Experiments {
		if !e.Finished {
			list = append(list, fmt.Sprintf("Experiment %s has no results: a stage that it needs did not succeed.", e.Name))
		}
	}
	for _, stage := range f.Manifest.Stages {
		if stage.Error != "" {
			list = append(list, fmt.Sprintf("Stage %s %s failed: %s", stage.Kind, stage.Name, stage.Error))
		}
	}
	counts := map[string]int{}
	var order []string
	for _, gain := range f.Gains {
		for _, w := range gain.Warnings {
			key := gain.Experiment + ", gains over plain: " + w
			if counts[key] == 0 {
				order = append(order, key)
			}
			counts[key]++
		}
	}
	for _, key := range order {
		list = append(list, fmt.Sprintf("%s (%s)", key, counted(counts[key], "gain", "gains")))
	}
	return list
}

func stageKinds(stages []results.Stage) []stageKind {
	var kinds []stageKind
	for _, stage := range stages {
		i := slices.IndexFunc(kinds, func(k stageKind) bool { return k.Kind == stage.Kind })
		if i < 0 {
			i = len(kinds)
			kinds = append(kinds, stageKind{Kind: stage.Kind})
		}
		kinds[i].Count++
		kinds[i].Seconds += stage.Seconds
		if stage.Cached {
			kinds[i].Cached++
		}
	}
	return kinds
}

// part is one stretch of a bar, in hundredths of it.
type part struct {
	Class    string
	At, Wide float64
}

// bar draws a tally as a stacked bar.
func bar(t Tally) []part {
	if t.Total() == 0 {
		return nil
	}
	var parts []part
	at := 0.0
	for _, p := range []struct {
		class string
		n     int
	}{{"positive", t.Positive}, {"undecided", t.Undecided}, {"negative", t.Negative}, {"untested", t.Untested}} {
		if wide := 100 * float64(p.n) / float64(t.Total()); p.n > 0 {
			parts = append(parts, part{p.class, at, wide})
			at += wide
		}
	}
	return parts
}
