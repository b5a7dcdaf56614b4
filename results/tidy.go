package results

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"transfera/results/atomicfile"
)

// WriteCells writes cells.csv atomically: sorted, so that the order of
// computation leaves no trace, and with numbers at full precision, so that
// reading gives back the same bits.
func WriteCells(path string, cells []Cell) error {
	return writeCSV(path, Columns, cellRecords(cells))
}

// cellRecords are the lines of cells.csv below its header.
func cellRecords(cells []Cell) [][]string {
	sorted := slices.Clone(cells)
	slices.SortFunc(sorted, compareCells)
	records := make([][]string, len(sorted))
	for i, c := range sorted {
		records[i] = []string{
			c.Experiment, strconv.FormatInt(c.Seed, 10), c.Task, c.Method, c.Lambda, c.Source, c.Evaluator, c.Dataset,
			c.Metric, formatNumber(c.Value), formatNumber(c.CILow), formatNumber(c.CIHigh), strconv.Itoa(c.N), c.Key,
		}
	}
	return records
}

// ReadCells reads what WriteCells wrote. Errors name the file, the line and
// the column.
func ReadCells(path string) ([]Cell, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return parseCells(file, path)
}

func parseCells(source io.Reader, path string) ([]Cell, error) {
	var cells []Cell
	err := parseCSV(source, path, Columns, func(r *record) {
		cells = append(cells, Cell{
			Experiment: r.text("experiment"), Seed: int64(r.integer("seed")),
			Task: r.text("task"), Method: r.text("method"), Lambda: r.text("lambda"), Source: r.text("source"),
			Evaluator: r.text("evaluator"), Dataset: r.text("dataset"), Metric: r.text("metric"),
			Value: r.number("value"), CILow: r.number("ci_low"), CIHigh: r.number("ci_high"),
			N: r.integer("n"), Key: r.text("key"),
		})
	})
	if err != nil {
		return nil, err
	}
	return cells, nil
}

func writeCSV(path string, header []string, records [][]string) error {
	return atomicfile.Stream(path, func(w io.Writer) error { return formatCSV(w, header, records) })
}

func formatCSV(w io.Writer, header []string, records [][]string) error {
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	return out.WriteAll(records) // flushes
}

// record is one line under a header; its first error is kept.
type record struct {
	fields map[string]string
	err    error
}

func (r *record) text(column string) string { return r.fields[column] }

func (r *record) number(column string) float64 {
	v, err := parseNumber(r.fields[column])
	r.fail(column, "a number or nothing", err)
	return v
}

func (r *record) integer(column string) int {
	v, err := strconv.Atoi(r.fields[column])
	r.fail(column, "a whole number", err)
	return v
}

func (r *record) fail(column, expected string, err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %q is not %s", column, r.fields[column], expected)
	}
}

// readCSV calls each for every line of a CSV file with exactly this header.
func readCSV(path string, header []string, each func(*record)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return parseCSV(file, path, header, each)
}

func parseCSV(source io.Reader, path string, header []string, each func(*record)) error {
	in := csv.NewReader(source)
	in.ReuseRecord = true
	first, err := in.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: empty; expected the header %s", path, strings.Join(header, ","))
	}
	if err != nil {
		return placed(path, err)
	}
	if !slices.Equal(first, header) {
		return fmt.Errorf("%s:1: header is %s; expected %s", path, strings.Join(first, ","), strings.Join(header, ","))
	}
	for {
		fields, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return placed(path, err)
		}
		r := record{fields: make(map[string]string, len(header))}
		for i, column := range header {
			r.fields[column] = fields[i]
		}
		each(&r)
		if r.err != nil {
			line, _ := in.FieldPos(0)
			return fmt.Errorf("%s:%d: %w", path, line, r.err)
		}
	}
}

// placed gives a CSV syntax error the form file:line: what.
func placed(path string, err error) error {
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%s:%d: %w", path, syntax.Line, syntax.Err)
	}
	return fmt.Errorf("%s: %w", path, err)
}
