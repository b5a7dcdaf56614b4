package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"transfera/results"
)

// origins are the stages that measured the cells, one line each.
func (c *catalog) origins(cells []results.Cell) Section {
	s := Section{Title: "Measured by", Head: []string{"Seed", "Stage", "Seconds", "Key"}}
	for _, cell := range cells {
		stage, ok := c.stages[cell.Key]
		if !ok {
			s.Rows = append(s.Rows, []string{strconv.FormatInt(cell.Seed, 10), "not in the manifest", "–", cell.Key})
			continue
		}
		s.Rows = append(s.Rows, []string{strconv.FormatInt(cell.Seed, 10), stage.Kind + ": " + stage.Name, seconds(stage.Seconds), stage.Key})
	}
	return s
}

// checkpoints are the networks that went into the cells, as the manifest
// records them; recognizers have sections of their own.
func (c *catalog) checkpoints(cells []results.Cell) Section {
	s := Section{Title: "Trained processors", Head: []string{"Seed", "Stage", "Seconds", "SHA-256 of the weights"}}
	recorded := false
	for _, cell := range cells {
		for _, key := range c.stages[cell.Key].Inputs {
			recorded = true
			stage := c.stages[key]
			if stage.Kind != "processor" {
				continue
			}
			var sums []string
			for _, file := range slices.Sorted(maps.Keys(stage.Weights)) {
				sums = append(sums, file+" "+stage.Weights[file])
			}
			s.Rows = append(s.Rows, []string{
				strconv.FormatInt(cell.Seed, 10), stage.Name, seconds(stage.Seconds), orDash(strings.Join(sums, ", ")),
			})
		}
	}
	trained := len(cells) > 0 && cells[0].Method != results.MethodNone && cells[0].Task != results.TaskClean
	if trained && !recorded {
		return Section{Title: s.Title, Rows: pairs("Checkpoints", "this manifest does not record them")}
	}
	return s
}

// seconds is a duration as printed: of three digits below 100 s, whole above.
func seconds(v float64) string {
	switch {
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

func (c *catalog) recognizer(role, name string) Section {
	for _, r := range c.folder.Manifest.Recognizers {
		if r.Name == name {
			return Section{Title: role + " " + name, Rows: pairs(
				"Architecture", r.Architecture, "Trained on", r.Dataset, "Weights", r.Weights, "SHA-256", r.Checksum,
				"Clean images", clean(r),
			)}
		}
	}
	if name == "" {
		return Section{}
	}
	return Section{Title: role + " " + name, Rows: pairs("Weights", "this manifest does not record them")}
}

// clean is what a recognizer reaches on clean images, as in "top1 99.7 %".
func clean(r results.Recognizer) string {
	var parts []string
	for _, metric := range slices.Sorted(maps.Keys(r.Clean)) {
		parts = append(parts, metric+" "+withUnit(r.Clean[metric], metric))
	}
	return strings.Join(parts, ", ")
}

func (c *catalog) data(name string) Section {
	s := Section{Title: "Data " + name, Head: []string{"Split", "Images", "Fingerprint"}}
	for _, d := range c.folder.Manifest.Data {
		if d.Name == name {
			s.Rows = append(s.Rows, []string{d.Split, strconv.Itoa(d.N), d.Fingerprint})
		}
	}
	return s
}

func (c *catalog) code() Section {
	m := c.folder.Manifest
	return Section{Title: "Code and machine", Rows: pairs(
		"Revision", revision(m.Code), "Executable", m.Code.Executable, "Device", device(m.Device),
		"libtorch", m.Libraries["libtorch"], "Go", m.Libraries["go"],
		"Started", moment(m.Started), "Finished", moment(m.Finished),
	)}
}

func revision(code results.Code) string {
	text := code.Revision
	if text == "" {
		text = "not known"
	}
	if code.Modified {
		text += ", with changes that no revision holds"
	}
	return text
}

func device(d results.Device) string {
	text := d.Name
	if d.Model != "" {
		text += ", " + d.Model
	}
	return fmt.Sprintf("%s; %s each, %s side by side", text, counted(d.Threads, "thread", "threads"), counted(d.Stages, "stage", "stages"))
}

// moment is a time as printed, empty where the manifest has none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
