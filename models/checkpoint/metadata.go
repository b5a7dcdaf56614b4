package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"transfera/models"
	"transfera/models/processing"
	"transfera/models/recognizers"
)

// metadata is that of a file, of which each value is text or JSON.
type metadata map[string]string

// decode reads the JSON of one entry. A whole number becomes an int where any type will do.
func (m metadata) decode(name string, into any) error {
	text, ok := m[name]
	if !ok {
		return fmt.Errorf("metadata %s is missing; the file was made by something else or by a much older version", name)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.New("more than one value")
	}
	return fmt.Errorf("metadata %s is damaged: %w", name, err)
}

// optional is decode of what older files have not.
func (m metadata) optional(name string, into any) error {
	if _, ok := m[name]; !ok {
		return nil
	}
	return m.decode(name, into)
}

// numbers turns the json.Numbers of options into int where they are whole, and float64.
func numbers(options map[string]any) error {
	for name, value := range options {
		number, ok := value.(json.Number)
		if !ok {
			continue
		}
		if whole, err := number.Int64(); err == nil {
			options[name] = int(whole)
			continue
		}
		float, err := number.Float64()
		if err != nil {
			return fmt.Errorf("option %s: %w", name, err)
		}
		options[name] = float
	}
	return nil
}

func sorted(options map[string]any) []string { return slices.Sorted(maps.Keys(options)) }

func (c *Checkpoint) parseProcessor(m metadata) error {
	architecture, ok := processing.Find(m["arch"])
	if !ok {
		var known []string
		for _, a := range processing.Architectures {
			known = append(known, a.Name)
		}
		return fmt.Errorf("unknown architecture %q; known are %s", m["arch"], strings.Join(known, ", "))
	}
	c.Architecture, c.Method, c.Code = architecture, m["method"], m["code"]
	err := errors.Join(
		c.parseOptions(m), m.decode("scale", &c.Scale), m.decode("degradation", &c.Degradation),
		m.decode("lambda", &c.Lambda), m.decode("seed", &c.Seed), m.optional("source", &c.Source), m.optional("dataset", &c.Dataset))
	if err != nil {
		return firstLine(err)
	}
	if c.Method == "" {
		return m.decode("method", nil)
	}
	if err := c.checkScale(); err != nil {
		return err
	}
	if c.Source != nil {
		if err := numbers(c.Source.Options); err != nil {
			return fmt.Errorf("metadata source is damaged: %w", err)
		}
	}
	if err := numbers(c.Degradation.Options); err != nil || c.Degradation.Kind == "" {
		return errors.New("metadata degradation is damaged: no kind, or an option that is no number")
	}
	return nil
}

func (c *Checkpoint) checkScale() error {
	scales := c.Architecture.Scales
	ok := slices.Contains(scales, c.Scale)
	if scales == nil {
		ok = c.Scale >= 1 && c.Scale <= 64 && c.Scale&(c.Scale-1) == 0
	}
	if !ok {
		return fmt.Errorf("metadata scale is %d, by which %s does not enlarge", c.Scale, c.Architecture.Name)
	}
	return nil
}

// firstLine keeps one of several joined errors: the rest would be read after that is repaired.
func firstLine(err error) error {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(text)
}

// parseOptions reads the options, which the architecture must have, and completes them.
func (c *Checkpoint) parseOptions(m metadata) error {
	given := map[string]any{}
	if err := m.decode("options", &given); err != nil {
		return err
	}
	text := map[string]string{}
	for name, value := range given {
		text[name] = fmt.Sprint(value)
	}
	options, err := c.Architecture.ParseOptions(text)
	if err != nil {
		return fmt.Errorf("metadata options: %w", err)
	}
	c.Options = c.Architecture.Complete(options)
	return nil
}

func (c *Checkpoint) parseRecognizer(m metadata) error {
	architecture, err := recognizers.Named(m["arch"])
	if err != nil {
		return err
	}
	c.Architecture = architecture
	var normalize struct{ Mean, Std []float32 }
	if err := c.parseOptions(m); err != nil {
		return err
	}
	if err := m.decode("classes", &c.Classes); err != nil {
		return err
	}
	if err := m.decode("normalize", &normalize); err != nil {
		return err
	}
	if err := m.optional("labels", &c.Labels); err != nil {
		return err
	}
	if c.Classes < 1 || c.Labels != nil && len(c.Labels) != c.Classes {
		return fmt.Errorf("metadata classes is %d and labels has %d names; the file is damaged", c.Classes, len(c.Labels))
	}
	if len(normalize.Mean) != 3 || len(normalize.Std) != 3 || slices.ContainsFunc(normalize.Std, func(v float32) bool { return !(v > 0) }) {
		return errors.New("metadata normalize is damaged: three means and three deviations above 0 are needed")
	}
	c.Normalization = models.Normalization{Mean: [3]float32(normalize.Mean), Std: [3]float32(normalize.Std)}
	return nil
}
