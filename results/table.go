package results

import (
	"math"
	"strconv"
)

// Table is a finished table: what to show, not how.
type Table struct {
	Title string `json:"title"`
	// Notes stand under the title: the metrics' conventions and what is the
	// same for the whole table.
	Notes []string `json:"notes,omitempty"`
	// Axes name the row labels, outermost first.
	Axes    []string `json:"axes"`
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
	// Footnotes explain the marks and carry warnings.
	Footnotes []string `json:"footnotes,omitempty"`
	// Tested is the number of gains that Entry.PHolm is corrected over.
	Tested int `json:"tested,omitempty"`
}

// Column is one column of entries.
type Column struct {
	// Value is the place on the column axis, such as an evaluator's name.
	Value string `json:"value,omitempty"`
	// Metric of the column, empty where the rows say it.
	Metric string `json:"metric,omitempty"`
	// Published columns hold other people's numbers for the column before.
	Published bool `json:"published,omitempty"`
}

// Row is one row of entries, as many as there are columns.
type Row struct {
	// Labels are the places on the row axes.
	Labels  []string `json:"labels"`
	Entries []Entry  `json:"entries"`
}

// Entry is one number of a table. Its zero value is an empty place.
type Entry struct {
	// Present is false where there is no number.
	Present bool
	// Metric gives the number's unit and decimals.
	Metric string
	// Mean over seeds.
	Mean float64
	// Half is half of the confidence interval's width, NaN where there is none.
	Half float64
	// Covers says what the interval covers, empty where there is none.
	Covers string
	// Tested says that the gain over plain was tested, and PHolm is the test's
	// p-value, corrected over all gains of the table.
	Tested bool
	PHolm  float64
	// Significant marks a gain over plain that the paired test confirms.
	Significant bool
	// Best marks the best of its task, evaluator and metric, as printed.
	Best bool
	// Place finds the cells behind the number; the zero Place where a table was
	// not made of cells.
	Place Place
	// Key is the stage behind a number that no cell holds.
	Key string
	// Reference cites the source of a published number.
	Reference string
}

// Heading is the column's label in two parts, the lower one naming the metric
// or saying that the numbers are published.
func (c Column) Heading() (upper, lower string) {
	upper = c.Value
	if c.Metric != "" {
		lower = LookupMetric(c.Metric).Label()
	}
	switch {
	case c.Published && upper == "":
		upper, lower = lower, "published"
	case c.Published:
		lower = "published"
	case upper == "":
		upper, lower = lower, ""
	}
	return upper, lower
}

// MeanText is the number as printed.
func (e Entry) MeanText() string {
	return strconv.FormatFloat(e.Mean, 'f', LookupMetric(e.Metric).Decimals, 64)
}

// HalfText is the interval as printed, empty where there is none.
func (e Entry) HalfText() string {
	if math.IsNaN(e.Half) {
		return ""
	}
	return strconv.FormatFloat(e.Half, 'f', LookupMetric(e.Metric).Decimals, 64)
}

// missing stands where there is no number, and notApplicable where a label
// does not apply.
const (
	missing       = "-"
	notApplicable = "-"
)

func label(text string) string {
	if text == "" {
		return notApplicable
	}
	return text
}

// startsGroup reports whether a gap belongs before row i: the outermost of
// several axes changes there.
func (t *Table) startsGroup(i int) bool {
	return i > 0 && len(t.Axes) > 1 && t.Rows[i].Labels[0] != t.Rows[i-1].Labels[0]
}

// freshLabels are row i's labels, blank where they and all before them repeat
// the row above; the innermost is always written.
func (t *Table) freshLabels(i int) []string {
	fresh := make([]string, len(t.Axes))
	repeats := i > 0
	for k, text := range t.Rows[i].Labels {
		repeats = repeats && k < len(t.Axes)-1 && text == t.Rows[i-1].Labels[k]
		if !repeats {
			fresh[k] = label(text)
		}
	}
	return fresh
}
