package experiments

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

func (c *checker) table(i int) {
	t := c.e.Tables[i]
	used := append(slices.Clone(t.Rows), t.Columns...)
	for j, axis := range t.Columns {
		if slices.Contains(t.Rows, axis) {
			c.fails(fmt.Sprintf("axis %s is in rows and in columns", axis), "", "tables", i, "columns", j)
		}
	}
	c.columns(t.Columns, i)
	c.measured(t.Metric, "tables", i, "metric")
	metrics := t.Metric
	asked := c.root.at("tables", i).get("metric")
	switch {
	case len(t.Rows) == 0 || len(t.Columns) == 0, !knownAxes(used): // reported
		return
	case !slices.Contains(used, "metric") && len(t.Metric) != 1 && (asked == nil || asked.sort == sequence):
		c.fails("a table shows one metric, unless metric is an axis", "name it under metric, or put metric in rows or columns", "tables", i, "metric")
		return
	case len(metrics) == 0:
		metrics = c.e.Metrics
	}
	c.where(t.Where, "tables", i, "where")
	c.mixed(used, metrics, t.Where, i)
}

func knownAxes(used []string) bool {
	return !slices.ContainsFunc(used, func(axis string) bool { return !slices.Contains(axes, axis) })
}

// columns checks that table i has columns that can be laid out: the values of one axis, each with one column per metric or
// not.
func (c *checker) columns(axes []string, i int) {
	var others []string
	for _, axis := range axes {
		if axis != "metric" {
			others = append(others, axis)
		}
	}
	if len(others) > 1 {
		c.fails(fmt.Sprintf("columns cannot be %s at once", strings.Join(others, " and ")),
			fmt.Sprintf("columns are one axis, or one and metric: move %s to rows, or narrow the table with where", others[len(others)-1]),
			"tables", i, "columns", slices.Index(axes, others[1]))
	}
}

func (c *checker) figure(i int) {
	f := c.e.Figures[i]
	if kind, known := c.names.Figures[f.Kind]; known {
		for _, key := range []string{"x", "y", "series", "panels", "images"} {
			if c.root.at("figures", i).get(key) != nil && !slices.Contains(kind.Keys, key) {
				c.fails(fmt.Sprintf("%s means nothing to a %s", key, f.Kind), "its keys are: "+list(slices.Concat(kind.Keys, []string{"title", "where"})), "figures", i, key)
			}
		}
	}
	c.measured(f.Y, "figures", i, "y")
	c.where(f.Where, "figures", i, "where")
	seen := map[string]string{}
	for _, use := range []struct{ key, axis string }{{"x", f.X}, {"series", f.Series}, {"panels", f.Panels}} {
		if before := seen[use.axis]; use.axis != "" && before != "" {
			c.fails(fmt.Sprintf("axis %s is %s and %s", use.axis, before, use.key), "", "figures", i, use.key)
		}
		seen[use.axis] = use.key
	}
}

// measured checks that the metrics shown at path are among those measured.
func (c *checker) measured(shown []string, path ...any) {
	for i, metric := range shown {
		if _, known := c.names.metric(metric); known && !slices.Contains(c.e.Metrics, metric) {
			c.fails(fmt.Sprintf("metric %s is not measured here", metric), "add it to metrics, which are: "+list(c.e.Metrics), append(slices.Clone(path), i)...)
		}
	}
}

// values lists what stands on an axis in this experiment, and what could.
func (c *checker) values(axis string) (here, known []string) {
	switch axis {
	case "task":
		return c.e.Tasks, sortedKeys(c.e.Degradations)
	case "method":
		words, _ := c.names.fixed("method")
		return c.e.Methods, words
	case "source":
		return c.e.Sources, sortedKeys(c.e.Recognizers)
	case "evaluator":
		return c.e.AllEvaluators(), sortedKeys(c.e.Recognizers)
	case "metric":
		words, _ := c.names.fixed("metric")
		return c.e.Metrics, words
	case "dataset":
		return c.e.JudgedDatasets(), sortedKeys(c.e.Datasets)
	case "seed":
		for _, seed := range c.e.Seeds {
			here = append(here, strconv.FormatInt(seed, 10))
		}
	case "lambda":
		here = c.lambdaValues(c.e.Methods)
	}
	return here, here
}

// lambdaValues lists the lambdas of methods over all tasks, each once.
func (c *checker) lambdaValues(methods []string) []string {
	seen := map[string]bool{}
	for _, task := range c.e.Tasks {
		for _, method := range methods {
			for _, lambda := range c.e.LambdasFor(task, method) {
				seen[shortest(lambda)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// where checks that a filter names values that there are.
func (c *checker) where(filter map[string][]string, path ...any) {
	for _, axis := range sortedKeys(filter) {
		if !slices.Contains(axes, axis) {
			continue
		}
		here, known := c.values(axis)
		for i, value := range filter[axis] {
			place := append(slices.Clone(path), axis, i)
			switch {
			case slices.Contains(here, value):
			case slices.Contains(known, value):
				c.warns(fmt.Sprintf("%s %s is not part of this experiment", axis, value), "it has: "+list(here), place...)
			default:
				d := c.e.At(fmt.Sprintf("unknown %s %s", axis, quote(value)), place...)
				d.Suggestion, d.Detail = suggest(value, here), "this experiment has: "+list(here)
				c.report(d)
			}
		}
	}
}

// mixed finds axes, other than seeds, of which several values would fall into one
// cell of table i.
func (c *checker) mixed(used, metrics []string, filter map[string][]string, i int) {
	needsEvaluator := func(name string) bool {
		m, _ := c.names.metric(name)
		return m.NeedsEvaluator
	}
	judged := slices.ContainsFunc(metrics, needsEvaluator)
	onlyJudged := judged && !slices.ContainsFunc(metrics, func(name string) bool { return !needsEvaluator(name) })
	own := c.e.ownEvaluator() // source and evaluator are one axis then
	if own && filter["source"] == nil && filter["evaluator"] != nil {
		filter = maps.Clone(filter)
		filter["source"] = filter["evaluator"]
	}
	for _, axis := range []string{"task", "method", "lambda", "source", "evaluator", "dataset"} {
		here, _ := c.values(axis)
		switch {
		case slices.Contains(used, axis):
			continue
		case axis == "evaluator" && (own || !judged):
			continue
		case axis == "source" && (own && slices.Contains(used, "evaluator") || !own && !c.needsSource()):
			continue
		case axis == "dataset" && onlyJudged: // the evaluator, an axis itself or one only, decides it
			continue
		case axis == "lambda":
			here = c.sweep(filter)
		}
		if kept := filter[axis]; kept != nil {
			here = slices.DeleteFunc(slices.Clone(here), func(v string) bool { return !slices.Contains(kept, v) })
		}
		if len(here) > 1 {
			c.fails(fmt.Sprintf("each cell of this table would mix %d values of %s: %s", len(here), axis, strings.Join(here, ", ")),
				fmt.Sprintf("put %s in rows or columns, or choose one with where", axis), "tables", i)
		}
	}
}

// sweep lists the lambdas of the first method and task that have several.
func (c *checker) sweep(filter map[string][]string) []string {
	for _, task := range c.e.Tasks {
		for _, method := range c.e.Methods {
			kept := func(axis, value string) bool { return filter[axis] == nil || slices.Contains(filter[axis], value) }
			if lambdas := c.e.LambdasFor(task, method); len(lambdas) > 1 && kept("task", task) && kept("method", method) {
				var words []string
				for _, lambda := range lambdas {
					words = append(words, shortest(lambda))
				}
				return words
			}
		}
	}
	return nil
}
