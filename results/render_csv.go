package results

import (
	"encoding/csv"
	"strings"
)

// CSV renders the table's numbers at full precision for other programs. Each
// of our columns becomes three: the mean, "± half" (half of the interval's
// width, empty where there is none) and "significant" (1 for a significant
// gain over plain, else 0); a published column stays one. Headings name the
// metric with its unit; empty places are empty fields.
func (t *Table) CSV() (string, error) {
	var out strings.Builder
	writer := csv.NewWriter(&out)
	header := append([]string{}, t.Axes...)
	for _, column := range t.Columns {
		upper, lower := column.Heading()
		name := strings.TrimSpace(upper + " " + lower)
		if column.Published {
			name = strings.TrimSpace(column.Value + " " + LookupMetric(column.Metric).Label() + " published")
			header = append(header, name)
			continue
		}
		header = append(header, name, name+" ± half", name+" significant")
	}
	if err := writer.Write(header); err != nil {
		return "", err
	}
	for _, row := range t.Rows {
		line := append([]string{}, row.Labels...)
		for k, e := range row.Entries {
			line = append(line, csvEntry(e, t.Columns[k].Published)...)
		}
		if err := writer.Write(line); err != nil {
			return "", err
		}
	}
	writer.Flush()
	return out.String(), writer.Error()
}

func csvEntry(e Entry, published bool) []string {
	fields := []string{"", "", ""}
	if e.Present {
		fields = []string{formatNumber(e.Mean), formatNumber(e.Half), flag(e.Significant)}
	}
	if published {
		return fields[:1]
	}
	return fields
}

func flag(set bool) string {
	if set {
		return "1"
	}
	return "0"
}
