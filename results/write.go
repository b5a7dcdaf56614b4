package results

import (
	"fmt"
	"path/filepath"

	"transfera/results/atomicfile"
)

// TableExtensions are the formats that WriteTables writes.
var TableExtensions = []string{".txt", ".md", ".tex", ".csv", ".json"}

// WriteTables writes a table as <name>.txt, .md, .tex, .csv and .json into a
// folder, each atomically. All are rendered before the first is written.
func WriteTables(folder, name string, table *Table) error {
	formats := []struct {
		extension string
		render    func() (string, error)
	}{
		{".txt", table.Text}, {".md", table.Markdown}, {".tex", table.LaTeX}, {".csv", table.CSV}, {".json", table.JSON},
	}
	rendered := make([]string, len(formats))
	for i, format := range formats {
		text, err := format.render()
		if err != nil {
			return fmt.Errorf("render table %s%s: %w", name, format.extension, err)
		}
		rendered[i] = text
	}
	for i, format := range formats {
		if err := atomicfile.Write(filepath.Join(folder, name+format.extension), []byte(rendered[i])); err != nil {
			return err
		}
	}
	return nil
}
