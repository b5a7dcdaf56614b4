package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"transfera/results"
)

// Details is where one number comes from: what the panel of a cell shows.
type Details struct {
	Title string `json:"title"`
	// Sections are places in the catalog's list, which holds what many numbers
	// share only once.
	Sections []int `json:"sections"`
}

// Section is one part of a panel: a table under Head, or else pairs of a term
// and what it is.
type Section struct {
	Title string     `json:"title"`
	Head  []string   `json:"head,omitempty"`
	Rows  [][]string `json:"rows"`
}

// catalog makes the details of numbers. What it has made is the data of the
// page's script.
type catalog struct {
	Sections []Section `json:"sections"`
	Numbers  []Details `json:"numbers"`

	folder *Folder
	cells  map[results.Place][]results.Cell
	gains  map[results.Place]results.Gain
	stages map[string]results.Stage
	known  map[string]int // place of a section in Sections by its content
}

func newCatalog(f *Folder) *catalog {
	c := &catalog{
		folder: f, cells: map[results.Place][]results.Cell{}, gains: map[results.Place]results.Gain{},
		stages: map[string]results.Stage{}, known: map[string]int{},
	}
	for _, cell := range f.Cells {
		c.cells[cell.Place()] = append(c.cells[cell.Place()], cell)
	}
	for _, gain := range f.Gains {
		c.gains[gain.Place()] = gain
	}
	for _, stage := range f.Manifest.Stages {
		c.stages[stage.Key] = stage
	}
	return c
}

// add makes the details of an entry and returns their number. Rivals are the
// published numbers of the same place.
func (c *catalog) add(e results.Entry, published bool, tested int, rivals []results.Entry) int {
	details := Details{Title: title(e, published)}
	put := func(s Section) {
		if len(s.Rows) == 0 {
			return
		}
		content := fmt.Sprintf("%q", []any{s.Title, s.Head, s.Rows})
		at, ok := c.known[content]
		if !ok {
			at = len(c.Sections)
			c.known[content] = at
			c.Sections = append(c.Sections, s)
		}
		details.Sections = append(details.Sections, at)
	}
	put(c.value(e, published))
	if !published {
		cells := c.cells[e.Place]
		put(seeds(cells))
		put(c.gain(e, tested))
		put(publishedBeside(e, rivals))
		measured := cells
		if e.Key != "" { // no cell holds the number
			measured = []results.Cell{{Key: e.Key, Task: e.Place.Task}}
		}
		put(c.origins(measured))
		put(c.checkpoints(measured))
		put(c.recognizer("Evaluator", e.Place.Evaluator))
		put(c.recognizer("Source", e.Place.Source))
		put(c.data(e.Place.Dataset))
		put(c.code())
	}
	c.Numbers = append(c.Numbers, details)
	return len(c.Numbers) - 1
}

// title is the number in words: "92.9 % top1, ra on sr, judged by resnet-m".
func title(e results.Entry, published bool) string {
	text := withUnit(e.Mean, e.Metric) + " " + e.Metric
	if published {
		text = "Published: " + text
	}
	for _, part := range []struct{ before, value string }{
		{", ", e.Place.Method}, {" on ", e.Place.Task}, {", judged by ", e.Place.Evaluator},
	} {
		if part.value != "" {
			text += part.before + part.value
		}
	}
	return text
}

func withUnit(v float64, metric string) string {
	text := number(v, metric)
	if unit := results.LookupMetric(metric).Unit; unit != "" {
		text += " " + unit
	}
	return text
}

// pairs makes rows of terms and texts, leaving out those without a text.
func pairs(terms ...string) [][]string {
	var rows [][]string
	for i := 0; i < len(terms); i += 2 {
		if terms[i+1] != "" {
			rows = append(rows, []string{terms[i], terms[i+1]})
		}
	}
	return rows
}

func (c *catalog) value(e results.Entry, published bool) Section {
	p := e.Place
	task := p.Task
	for _, experiment := range c.folder.Experiments {
		if experiment.Name == p.Experiment {
			task = qualified(task, experiment.definitions[p.Task])
		}
	}
	interval := ""
	if half := e.HalfText(); half != "" {
		interval = fmt.Sprintf("±%s, half of the 95 %% interval", half)
		if e.Covers != "" {
			interval += " over " + e.Covers
		}
	}
	kind := "mean over " + counted(len(c.cells[p]), "seed", "seeds")
	if len(c.cells[p]) <= 1 {
		kind = ""
	}
	if published {
		kind = "printed by others, for the same cell"
	}
	return Section{Title: "The number", Rows: pairs(
		"Value", qualified(withUnit(e.Mean, e.Metric), kind), "Full precision", strconv.FormatFloat(e.Mean, 'g', -1, 64),
		"Interval", interval, "Metric", e.Metric, "Convention", results.LookupMetric(e.Metric).Convention,
		"Experiment", p.Experiment, "Task", task, "Method", p.Method, "Lambda", p.Lambda, "Source", p.Source,
		"Evaluator", p.Evaluator, "Dataset", p.Dataset, "Reference", e.Reference,
	)}
}

func seeds(cells []results.Cell) Section {
	s := Section{Title: "Seeds", Head: []string{"Seed", "Value", "95 % over images", "Images"}}
	for _, cell := range cells {
		s.Rows = append(s.Rows, []string{
			strconv.FormatInt(cell.Seed, 10), withUnit(cell.Value, cell.Metric), orDash(bounds(cell.CILow, cell.CIHigh, cell.Metric)),
			strconv.Itoa(cell.N),
		})
	}
	return s
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// gain is the comparison with plain, corrected both ways.
func (c *catalog) gain(e results.Entry, tested int) Section {
	gain, ok := c.gains[e.Place]
	if !ok {
		return Section{}
	}
	var inTable string
	if e.Tested {
		inTable = fmt.Sprintf("%s, over the %s of this table", probability(e.PHolm), counted(tested, "gain", "gains"))
	}
	verdict := upperFirst(outcome(gain)) + " in the experiment"
	if e.Significant != (outcome(gain) == positive) {
		verdict += "; the table corrects over other gains and comes out differently"
	}
	return Section{Title: "Gain over plain", Rows: pairs(
		"Gain", size(gain), "p", probability(gain.P), "p, Holm", probability(gain.PHolm)+", over all gains of the experiment",
		"p, Holm in table", inTable, "Verdict", verdict, "Test", gain.Test,
		"Images", strconv.Itoa(gain.NImages), "Seeds", strconv.Itoa(gain.NSeeds), "Warnings", strings.Join(gain.Warnings, "; "),
	)}
}

func publishedBeside(e results.Entry, rivals []results.Entry) Section {
	s := Section{Title: "Published"}
	for _, rival := range rivals {
		if rival.Place == e.Place && !math.IsNaN(rival.Mean) {
			s.Rows = append(s.Rows, pairs("Value", withUnit(rival.Mean, rival.Metric),
				"Ours less theirs", signed(e.Mean-rival.Mean, e.Metric), "Reference", rival.Reference)...)
		}
	}
	return s
}
