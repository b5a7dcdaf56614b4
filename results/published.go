package results

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// PublishedNumber is a number that someone else printed, with what it takes to
// be the same cell as one of ours.
type PublishedNumber struct {
	// Set names where the number is from, in a word.
	Set     string
	Dataset string
	Task    string
	// Definition is the strength of the task, such as "scale=4".
	Definition string
	Method     string
	Lambda     string
	Source     string
	Evaluator  string
	Metric     string
	Value      float64
	// Reference is the citation to print.
	Reference string
}

// Published is a collection of published numbers.
type Published []PublishedNumber

//go:embed published/*.csv
var publishedFiles embed.FS

var publishedColumns = []string{
	"set", "dataset", "task", "definition", "method", "lambda", "source", "evaluator", "metric", "value", "reference",
}

// LoadPublished returns the numbers under results/published, which are part of
// the binary. Only numbers that were checked against their source are there;
// their lambdas are the paper's defaults of each method.
func LoadPublished() (Published, error) {
	files, err := fs.Glob(publishedFiles, "published/*.csv")
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var all Published
	for _, file := range files {
		data, err := publishedFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		err = parseCSV(bytes.NewReader(data), file, publishedColumns, func(r *record) {
			all = append(all, PublishedNumber{
				Set: r.text("set"), Dataset: r.text("dataset"), Task: r.text("task"), Definition: r.text("definition"),
				Method: r.text("method"), Lambda: r.text("lambda"), Source: r.text("source"),
				Evaluator: r.text("evaluator"), Metric: r.text("metric"), Value: r.number("value"),
				Reference: r.text("reference"),
			})
		})
		if err != nil {
			return nil, fmt.Errorf("published numbers: %w", err)
		}
	}
	return all, nil
}

// Find returns the published number of the very same cell: dataset, task, the
// task's definition, method, lambda, source, evaluator and metric must all be
// equal. Names of networks are compared without case, "-" and "_" (VGG-16-BN
// is vgg16_bn). A published number has no seed and belongs to any.
//
// definition is the strength of the task in the experiment that cell is from,
// as a PublishedNumber writes it: "scale=4", "sigma=0.1", "quality=10". An
// empty one is the same as no other.
func (p Published) Find(cell Cell, definition string) (PublishedNumber, bool) {
	if definition == "" {
		return PublishedNumber{}, false
	}
	for _, n := range p {
		if n.Dataset == cell.Dataset && n.Task == cell.Task && n.Definition == definition &&
			n.Method == cell.Method && n.Lambda == cell.Lambda && n.Metric == cell.Metric &&
			sameNetwork(n.Source, cell.Source) && sameNetwork(n.Evaluator, cell.Evaluator) {
			return n, true
		}
	}
	return PublishedNumber{}, false
}

// from keeps the numbers of one set; an empty name keeps all, "none" nothing.
func (p Published) from(set string) (Published, error) {
	switch set {
	case "":
		return p, nil
	case "none":
		return nil, nil
	}
	var kept Published
	known := []string{"none"}
	for _, n := range p {
		if n.Set == set {
			kept = append(kept, n)
		}
		if !slices.Contains(known, n.Set) {
			known = append(known, n.Set)
		}
	}
	if kept == nil {
		return nil, fmt.Errorf("no published set %q; there is %s", set, strings.Join(known, ", "))
	}
	return kept, nil
}

func sameNetwork(a, b string) bool {
	strip := strings.NewReplacer("-", "", "_", "")
	return strings.EqualFold(strip.Replace(a), strip.Replace(b))
}
