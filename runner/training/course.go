package training

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"transfera/models/weights"
	"transfera/results/atomicfile"
)

// Course is how the terms of a loss developed, one value per step; NaN where a step had no such term.
type Course struct {
	Terms  []string
	Values [][]float32 // by term, then step
}

func newCourse(terms []string) *Course {
	return &Course{Terms: terms, Values: make([][]float32, len(terms))}
}

func (c *Course) add(values []float64) {
	for i, v := range values[:len(c.Terms)] {
		c.Values[i] = append(c.Values[i], float32(v))
	}
}

// window is how many steps the words on the present state average over.
const window = 20

// Last says what the terms were lately.
func (c *Course) Last() string {
	var words []string
	for i, term := range c.Terms {
		recent := c.Values[i][max(0, len(c.Values[i])-window):]
		if m := mean(recent); !math.IsNaN(m) {
			words = append(words, fmt.Sprintf("%s %.4g", term, m))
		}
	}
	return strings.Join(words, ", ")
}

func mean(values []float32) float64 {
	total := 0.0
	for _, v := range values {
		total += float64(v)
	}
	return total / float64(len(values))
}

// points is how many lines the file of a course has at most.
const points = 200

// WriteCSV writes the course, averaged over equal stretches of steps, as a file with one line per stretch: the last step of
// the stretch and the mean of each term, empty where there was none.
func (c *Course) WriteCSV(path string) error {
	return atomicfile.Stream(path, func(w io.Writer) error {
		out := csv.NewWriter(w)
		if err := out.Write(append([]string{"step"}, c.Terms...)); err != nil {
			return err
		}
		steps := 0
		if len(c.Values) > 0 {
			steps = len(c.Values[0])
		}
		stretch := max(1, (steps+points-1)/points)
		for from := 0; from < steps; from += stretch {
			to := min(from+stretch, steps)
			record := []string{strconv.Itoa(to)}
			for i := range c.Terms {
				text := ""
				if m := mean(c.Values[i][from:to]); !math.IsNaN(m) {
					text = strconv.FormatFloat(m, 'g', 6, 64)
				}
				record = append(record, text)
			}
			if err := out.Write(record); err != nil {
				return err
			}
		}
		out.Flush()
		return out.Error()
	})
}

func (c *Course) dict() weights.Dict {
	var dict weights.Dict
	for i, term := range c.Terms {
		dict = append(dict, weights.FromFloats(term, []int64{int64(len(c.Values[i]))}, c.Values[i]))
	}
	return dict
}

func (c *Course) restore(dict weights.Dict, steps int) error {
	for i, term := range c.Terms {
		t, ok := dict.Get(term)
		if !ok {
			return fmt.Errorf("the course of %s is missing", term)
		}
		values, err := t.Floats()
		if err != nil {
			return err
		}
		if len(values) != steps {
			return fmt.Errorf("the course of %s has %d steps of %d", term, len(values), steps)
		}
		c.Values[i] = values
	}
	return nil
}
