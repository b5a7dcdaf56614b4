package results

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"transfera/metrics/statistics"
)

// MatrixSpec says what a transfer matrix shows.
type MatrixSpec struct {
	Title string
	// Metric is the one that fields show; empty is top1.
	Metric string
	// Gains shows the gain over plain in the metric's unit (points where that
	// is percent), on a scale that is neutral at 0; without it fields show the
	// metric itself.
	Gains bool
	// Rows and Columns are axes of cells; empty is source and evaluator. On
	// axis source, none and plain are rows of their own.
	Rows, Columns string
	// Panels are one or two axes that give one panel per value; empty is task.
	// Of two, the first goes down and the second across.
	Panels []string
	// Where and Order are those of TableSpec.
	Where map[string][]string
	Order map[string][]string
	// Limit is the gain, up or down, at which colours end, so that one large
	// number does not pale all others; 0 is the largest gain shown.
	Limit float64
}

// TransferMatrix draws how well what was trained with one recognizer serves
// another: per panel a field for each row (source) and column (evaluator),
// coloured by and labelled with its number. Gains shows gains, and needs no
// cells; otherwise numbers are means of cells over seeds. A star marks gains,
// up or down, that are significant after Holm's correction over all gains shown,
// as in tables. A field without a number is hatched. Cells of one field may
// differ in nothing but the seed; anything else is an error that names the
// axis.
func TransferMatrix(cells []Cell, gains []Gain, spec MatrixSpec) (*Figure, error) {
	m := matrix{spec: spec}
	figure, err := m.figure(cells, gains)
	if err != nil {
		return nil, fmt.Errorf("figure %q: %w", spec.Title, err)
	}
	return figure, nil
}

// matrix is a transfer matrix in the making.
type matrix struct {
	spec          MatrixSpec
	layout        TableSpec
	panels        [2][]string // values of the axis down and of that across
	rows, columns []string
	fields        map[spot]*entry
	tested        int
	tests         []string
}

// spot is where a field is; panel is its values on the panels' axes.
type spot struct {
	panel       [2]string
	row, column string
}

type entry struct {
	cell   Cell
	value  float64
	marked bool
}

func (m *matrix) figure(cells []Cell, gains []Gain) (*Figure, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	shown := cells
	if m.spec.Gains {
		shown = make([]Cell, len(gains))
		for i, g := range gains {
			shown[i] = g.cell()
		}
	}
	if err := m.collect(shown); err != nil {
		return nil, err
	}
	m.mark(gains)
	return m.lay(), nil
}

// check fills in what the spec leaves open and refuses what cannot be drawn.
func (m *matrix) check() error {
	s := &m.spec
	for value, open := range map[*string]string{&s.Metric: "top1", &s.Rows: "source", &s.Columns: "evaluator"} {
		if *value == "" {
			*value = open
		}
	}
	if len(s.Panels) == 0 {
		s.Panels = []string{"task"}
	}
	if len(s.Panels) > 2 {
		return fmt.Errorf("panels of %d axes (%s); at most two", len(s.Panels), strings.Join(s.Panels, ", "))
	}
	if s.Limit < 0 || math.IsNaN(s.Limit) || math.IsInf(s.Limit, 0) {
		return fmt.Errorf("limit %v of the colours is not a number from 0 on", s.Limit)
	}
	m.layout = TableSpec{Rows: append([]string{s.Rows}, s.Panels...), Columns: s.Columns,
		Metrics: []string{s.Metric}, Where: s.Where, Order: s.Order}
	return m.layout.check()
}

// value is the cell's place on an axis. What no recognizer took part in has no
// source, and goes by its method.
func (m *matrix) value(axis string, c Cell) string {
	if axis == "source" && c.Source == "" {
		return c.Method
	}
	return c.axis(axis)
}

func (m *matrix) hides(c Cell) bool {
	untrained := c.Method == MethodNone || c.Method == MethodPlain
	return c.Metric != m.spec.Metric || !m.layout.selects(c) ||
		c.Task == TaskClean && !slices.Contains(m.spec.Where["task"], TaskClean) ||
		untrained && slices.Contains(m.spec.Panels, "method") // they are no matrix of sources
}

// collect sorts the cells into fields.
func (m *matrix) collect(cells []Cell) error {
	members := map[spot][]Cell{}
	var spots []spot
	for _, c := range slices.SortedFunc(slices.Values(cells), compareCells) {
		if m.hides(c) {
			continue
		}
		at := spot{row: m.value(m.spec.Rows, c), column: m.value(m.spec.Columns, c)}
		for i, axis := range m.spec.Panels {
			at.panel[i] = m.value(axis, c)
			m.panels[i] = appendUnique(m.panels[i], at.panel[i])
		}
		if members[at] == nil {
			spots = append(spots, at)
		}
		members[at] = append(members[at], c)
		m.rows, m.columns = appendUnique(m.rows, at.row), appendUnique(m.columns, at.column)
	}
	m.fields = map[spot]*entry{}
	for _, at := range spots {
		g, err := newGroup(members[at])
		if err != nil {
			return fmt.Errorf("row %s, column %s: %w", label(at.row), label(at.column), err)
		}
		if !math.IsNaN(g.mean) && !math.IsInf(g.mean, 0) {
			m.fields[at] = &entry{cell: g.first(), value: g.mean}
		}
	}
	if len(m.fields) == 0 {
		what := "cells has"
		if m.spec.Gains {
			what = "gains is of"
		}
		return fmt.Errorf("none of the %d %s a number of %s that passes where", len(cells), what, m.spec.Metric)
	}
	m.sort(m.spec.Rows, m.rows)
	m.sort(m.spec.Columns, m.columns)
	for i, axis := range m.spec.Panels {
		m.sort(axis, m.panels[i])
	}
	return nil
}

func (m *matrix) sort(axis string, values []string) {
	first := m.layout.order(axis)
	if axis == "source" {
		first = append([]string{MethodNone, MethodPlain}, first...)
	}
	slices.SortFunc(values, func(a, b string) int { return compareOn(axis, first, a, b) })
}

// mark stars the significant gains among those shown.
func (m *matrix) mark(gains []Gain) {
	var family []*entry
	var members []Gain
	var p []float64
	m.each(func(_ spot, e *entry) {
		for _, g := range gains {
			if sameButSeed(g.cell(), e.cell) {
				family, members, p = append(family, e), append(members, g), append(p, g.P)
			}
		}
	})
	for i, adjusted := range statistics.Holm(p) {
		if math.IsNaN(adjusted) {
			continue
		}
		m.tested++
		m.tests = appendNew(m.tests, members[i].Test)
		family[i].marked = adjusted < significance
	}
}

// each visits the fields that have a number, panel by panel in reading order.
func (m *matrix) each(visit func(spot, *entry)) {
	for _, panel := range m.panelList() {
		for _, row := range m.rows {
			for _, column := range m.columns {
				at := spot{panel, row, column}
				if e := m.fields[at]; e != nil {
					visit(at, e)
				}
			}
		}
	}
}

// panelList are the panels in reading order.
func (m *matrix) panelList() [][2]string {
	var list [][2]string
	for _, down := range m.panels[0] {
		for _, across := range append(slices.Clone(m.panels[1]), make([]string, 1-min(1, len(m.panels[1])))...) {
			list = append(list, [2]string{down, across})
		}
	}
	return list
}

// text is what is written in a field.
func (m *matrix) text(e *entry) string {
	format := "%.*f"
	if m.spec.Gains {
		format = "%+.*f"
	}
	text := fmt.Sprintf(format, LookupMetric(m.spec.Metric).Decimals, e.value)
	if m.spec.Gains && strings.Trim(text, "+-0.") == "" {
		text = strings.TrimLeft(text, "+-") // what rounds to nothing goes nowhere
	}
	text = minusSign(text)
	if e.marked {
		text += "*"
	}
	return text
}

// bar is the scale of the fields' colours.
func (m *matrix) bar() *colourBar {
	metric := LookupMetric(m.spec.Metric)
	low, high := math.Inf(1), math.Inf(-1)
	m.each(func(_ spot, e *entry) { low, high = math.Min(low, e.value), math.Max(high, e.value) })
	if m.spec.Gains {
		limit := m.spec.Limit
		if limit == 0 {
			limit = math.Max(math.Max(math.Abs(low), math.Abs(high)), math.Pow(10, -float64(metric.Decimals)))
		}
		unit := metric.Unit
		if unit == "%" {
			unit = "points"
		}
		return &colourBar{label: "gain over plain, " + Metric{Name: metric.Name, Unit: unit}.Label(),
			colours: diverging, low: -limit, high: limit}
	}
	if low == high {
		low, high = low-1, high+1
	}
	return &colourBar{label: metric.Label(), colours: sequential, low: low, high: high}
}

// appendUnique appends what is not there yet, the empty text too.
func appendUnique(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// title names a panel by its values.
func (m *matrix) title(panel [2]string) string {
	if len(m.spec.Panels) == 1 {
		return label(panel[0])
	}
	return label(panel[0]) + ", " + label(panel[1])
}
