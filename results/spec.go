package results

import (
	"fmt"
	"slices"
	"strings"
)

// TableSpec says how cells are laid out as a table.
type TableSpec struct {
	Title string
	// Rows are the axes (see Axes) that rows are made of, outermost first.
	Rows []string
	// Columns is the axis of the columns; "metric", or nothing, gives one
	// column per metric. With another axis and several metrics each value gets
	// one column per metric.
	Columns string
	// Metrics shown, in order.
	Metrics []string
	// Where keeps the cells whose value on an axis is among those listed, and
	// shows them in that order. A source, evaluator or lambda that does not
	// apply passes, so that "source: [resnet-s]" keeps plain to compare with.
	Where map[string][]string
	// Order sorts values of an axis that Where does not list, such as
	// evaluators in the experiment's order. Unlisted values come last: tasks,
	// methods and metrics in the paper's order, others by name.
	Order map[string][]string
	// Published names the set of published numbers to show beside ours, "none"
	// for no such columns. Empty shows whatever there is of the same cells.
	Published string
	// Tasks gives the definition of each task here, such as sr: "scale=4".
	// Without it no published number counts as the same cell's.
	Tasks map[string]string
}

// check refuses a spec that cannot be laid out, naming what is wrong.
func (s TableSpec) check() error {
	axes := append(slices.Clone(s.Rows), s.columnAxis())
	for axis := range s.Where {
		axes = append(axes, axis)
	}
	for axis := range s.Order {
		axes = append(axes, axis)
	}
	slices.Sort(axes[len(s.Rows)+1:]) // map order must not choose the error
	for _, axis := range axes {
		if !slices.Contains(Axes, axis) {
			return fmt.Errorf("no axis %q; there is %s", axis, strings.Join(Axes, ", "))
		}
	}
	if len(s.Rows) == 0 {
		return fmt.Errorf("no row axis; name one or more of %s", strings.Join(Axes, ", "))
	}
	for i, axis := range s.Rows {
		if axis == s.columnAxis() || slices.Contains(s.Rows[:i], axis) {
			return fmt.Errorf("axis %q is used twice", axis)
		}
	}
	if len(s.Metrics) == 0 {
		return fmt.Errorf("no metric to show")
	}
	return nil
}

func (s TableSpec) columnAxis() string {
	if s.Columns == "" {
		return "metric"
	}
	return s.Columns
}

// order is the wanted order of values on an axis.
func (s TableSpec) order(axis string) []string {
	if axis == "metric" {
		return s.Metrics
	}
	return append(slices.Clone(s.where(axis)), s.Order[axis]...)
}

// where is Where with lambdas as cells write them.
func (s TableSpec) where(axis string) []string {
	values := slices.Clone(s.Where[axis])
	if axis == "lambda" {
		for i, v := range values {
			values[i] = canonicalLambda(v)
		}
	}
	return values
}

// optional are the axes that do not apply to every cell.
var optional = []string{"lambda", "source", "evaluator"}

// selects reports whether a cell passes Where on all axes but those skipped.
func (s TableSpec) selects(c Cell, skip ...string) bool {
	for axis := range s.Where {
		if slices.Contains(skip, axis) {
			continue
		}
		value := c.axis(axis)
		if value == "" && slices.Contains(optional, axis) {
			continue
		}
		if !slices.Contains(s.where(axis), value) {
			return false
		}
	}
	return true
}

// column is the column that a cell belongs to.
func (s TableSpec) column(c Cell) Column {
	if s.columnAxis() == "metric" {
		return Column{Metric: c.Metric}
	}
	if slices.Contains(s.Rows, "metric") {
		return Column{Value: c.axis(s.Columns)}
	}
	return Column{Value: c.axis(s.Columns), Metric: c.Metric}
}

func (s TableSpec) compareColumns(a, b Column) int {
	if c := compareOn(s.columnAxis(), s.order(s.columnAxis()), a.Value, b.Value); c != 0 {
		return c
	}
	return compareOn("metric", s.Metrics, a.Metric, b.Metric)
}

// labels are the row labels that a cell belongs to.
func (s TableSpec) labels(c Cell) []string {
	labels := make([]string, len(s.Rows))
	for k, axis := range s.Rows {
		labels[k] = c.axis(axis)
	}
	return labels
}

func (s TableSpec) compareLabels(a, b []string) int {
	for k, axis := range s.Rows {
		if c := compareOn(axis, s.order(axis), a[k], b[k]); c != 0 {
			return c
		}
	}
	return 0
}
