package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
)

// JSON renders all that the table holds, for programs that show it again:
// numbers at full precision, the Place of each, and null where there is none.
func (t *Table) JSON() (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	err := encoder.Encode(t)
	return out.String(), err
}

// ReadTable reads what JSON wrote. Errors name the file.
func ReadTable(path string) (*Table, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var table Table
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&table); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s: more follows the table", path)
	}
	for i, row := range table.Rows {
		if len(row.Labels) != len(table.Axes) || len(row.Entries) != len(table.Columns) {
			return nil, fmt.Errorf("%s: row %d has %d labels and %d entries; expected %d and %d",
				path, i+1, len(row.Labels), len(row.Entries), len(table.Axes), len(table.Columns))
		}
	}
	return &table, nil
}

// exact is a number as JSON keeps it: finite ones as they are, infinite ones (the PSNR of equal images) as text.
type exact float64

func (x exact) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(x), 0) {
		return json.Marshal(formatNumber(float64(x)))
	}
	return json.Marshal(float64(x))
}

func (x *exact) UnmarshalJSON(data []byte) error {
	v, err := parseNumber(strings.Trim(string(data), `"`))
	*x = exact(v)
	return err
}

// entryJSON is an Entry that is present, with what JSON lacks (NaN) left out.
type entryJSON struct {
	Metric      string `json:"metric"`
	Mean        exact  `json:"mean"`
	Half        *exact `json:"half,omitempty"`
	Covers      string `json:"covers,omitempty"`
	PHolm       *exact `json:"p_holm,omitempty"`
	Significant bool   `json:"significant,omitempty"`
	Best        bool   `json:"best,omitempty"`
	Place       *Place `json:"place,omitempty"`
	Key         string `json:"key,omitempty"`
	Reference   string `json:"reference,omitempty"`
}

// MarshalJSON writes null for an empty place.
func (e Entry) MarshalJSON() ([]byte, error) {
	if !e.Present {
		return []byte("null"), nil
	}
	written := entryJSON{
		Metric: e.Metric, Mean: exact(e.Mean), Covers: e.Covers, Significant: e.Significant, Best: e.Best, Key: e.Key, Reference: e.Reference,
	}
	if !math.IsNaN(e.Half) {
		half := exact(e.Half)
		written.Half = &half
	}
	if e.Tested {
		p := exact(e.PHolm)
		written.PHolm = &p
	}
	if e.Place != (Place{}) {
		written.Place = &e.Place
	}
	return json.Marshal(written)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Entry) UnmarshalJSON(data []byte) error {
	*e = Entry{}
	if string(data) == "null" {
		return nil
	}
	var read entryJSON
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields() // the outer decoder's rule does not reach here
	if err := decoder.Decode(&read); err != nil {
		return err
	}
	*e = Entry{
		Present: true, Metric: read.Metric, Mean: float64(read.Mean), Half: math.NaN(), Covers: read.Covers,
		Significant: read.Significant, Best: read.Best, Key: read.Key, Reference: read.Reference,
	}
	if read.Half != nil {
		e.Half = float64(*read.Half)
	}
	if read.PHolm != nil {
		e.Tested, e.PHolm = true, float64(*read.PHolm)
	}
	if read.Place != nil {
		e.Place = *read.Place
	}
	return nil
}
