package blackbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
)

// reader finds labels and scores in answers.
type reader struct {
	labels *jsonpath.Path
	scores *jsonpath.Path // nil without
}

func newReader(s Service) (r reader, err error) {
	if r.labels, err = jsonpath.Parse(s.Labels); err != nil {
		return r, err
	}
	if s.Scores != "" {
		r.scores, err = jsonpath.Parse(s.Scores)
	}
	return r, err
}

// read interprets an answer. Where a path fits nothing, the error shows what there is.
func (r reader) read(body []byte) (Answer, error) {
	parsed, err := parse(body)
	if err != nil {
		return Answer{}, err
	}
	names, err := selected("labels", r.labels, parsed)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Labels: make([]Label, len(names))}
	for i, name := range names {
		text, ok := labelText(name)
		if !ok {
			return Answer{}, fmt.Errorf("labels: %s selects %s where text or a number is expected%s", r.labels, describe(name), listAdvice(name, r.labels))
		}
		answer.Labels[i] = Label{Name: text, Score: math.NaN()}
	}
	if r.scores == nil || len(names) == 0 {
		return answer, nil
	}
	return r.score(answer, parsed)
}

// score gives an answer's labels their scores, and orders them.
func (r reader) score(answer Answer, parsed any) (Answer, error) {
	values, err := selected("scores", r.scores, parsed)
	if err != nil {
		return Answer{}, err
	}
	if len(values) != len(answer.Labels) {
		return Answer{}, fmt.Errorf("labels: %s selects %d values, but scores: %s selects %d; each label needs one",
			r.labels, len(answer.Labels), r.scores, len(values))
	}
	for i, value := range values {
		score, ok := number(value)
		if !ok {
			return Answer{}, fmt.Errorf("scores: %s selects %s where a number is expected%s", r.scores, describe(value), listAdvice(value, r.scores))
		}
		answer.Labels[i].Score = score
	}
	slices.SortStableFunc(answer.Labels, func(a, b Label) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	return answer, nil
}

// maxDepth bounds how deep lists and objects of an answer lie in each other. Every value that a path finds has a place as long
// as it is deep, so that a short answer of ten thousand levels would take gigabytes.
const maxDepth = 100

// parse reads JSON and keeps its numbers as they are written, since some are names of classes.
func parse(body []byte) (any, error) {
	if deeperThan(maxDepth, body) {
		return nil, fmt.Errorf("the answer has lists and objects more than %d deep in each other", maxDepth)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var parsed any
	if err := decoder.Decode(&parsed); err != nil {
		return nil, fmt.Errorf("the answer is no JSON: %w", err)
	}
	return parsed, nil
}

// deeperThan looks at brackets outside of strings. What is no JSON may pass.
func deeperThan(most int, body []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			i++
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > most {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// selected is what a path finds, in the order of the answer's lists. Nothing is right only where a list or an object on the
// way is empty, or a filter lets nothing through.
func selected(key string, path *jsonpath.Path, parsed any) ([]any, error) {
	nodes := path.SelectLocated(parsed)
	values := make([]any, len(nodes))
	for i, node := range nodes {
		if i > 0 && membersApart(nodes[i-1].Path, node.Path) {
			return nil, fmt.Errorf("%s: %s walks over the members of an object, which have no order; walk over a list", key, path)
		}
		values[i] = node.Node
	}
	if len(values) == 0 && !emptyOnTheWay(path, parsed) {
		return nil, fmt.Errorf("%s: %s finds nothing; %s", key, path, topKeys(parsed))
	}
	return values, nil
}

// membersApart tells whether two places lie in different members of one object.
func membersApart(a, b spec.NormalizedPath) bool {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			_, isName := a[i].(spec.Name)
			return isName
		}
	}
	return false
}

// emptyOnTheWay tells whether the longest beginning of the path that finds something finds empty lists or objects alone, or
// what a filter is to choose from.
func emptyOnTheWay(path *jsonpath.Path, parsed any) bool {
	segments := path.Query().Segments()
	for n := len(segments) - 1; n >= 0; n-- {
		found := spec.Query(true, segments[:n]...).Select(parsed, parsed)
		if len(found) > 0 {
			return filters(segments[n]) || !slices.ContainsFunc(found, func(value any) bool { return !isEmpty(value, n > 0) })
		}
	}
	return false
}

func filters(segment *spec.Segment) bool {
	return slices.ContainsFunc(segment.Selectors(), func(s spec.Selector) bool {
		_, is := s.(*spec.FilterSelector)
		return is
	})
}

func isEmpty(value any, objects bool) bool {
	switch value := value.(type) {
	case []any:
		return len(value) == 0
	case map[string]any:
		return objects && len(value) == 0
	}
	return false
}

// topKeys says what an answer has at its top.
func topKeys(parsed any) string {
	object, ok := parsed.(map[string]any)
	if !ok {
		return "the answer is " + describe(parsed)
	}
	keys := slices.Sorted(maps.Keys(object))
	if len(keys) == 0 {
		return "the answer is an empty object"
	}
	const shown = 10
	if len(keys) > shown {
		keys = append(keys[:shown], "...")
	}
	return "the answer's keys are " + excerpt([]byte(strings.Join(keys, ", ")))
}

func labelText(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	}
	return "", false
}

// number reads a score, which some services write as text.
func number(value any) (float64, bool) {
	text, ok := labelText(value)
	if !ok {
		return 0, false
	}
	score, err := strconv.ParseFloat(text, 64)
	return score, err == nil && !math.IsNaN(score)
}

func describe(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case []any:
		return fmt.Sprintf("a list of %d", len(value))
	case map[string]any:
		return "an object"
	case string:
		return fmt.Sprintf("the text %s", excerpt([]byte(value)))
	}
	const shown = 40 // a number may have as many digits as the answer has bytes
	if text := fmt.Sprint(value); len(text) > shown {
		return fmt.Sprintf("the number %s...", text[:shown])
	}
	return fmt.Sprintf("the number %v", value)
}

func listAdvice(value any, path *jsonpath.Path) string {
	if _, ok := value.([]any); ok {
		return fmt.Sprintf("; to walk over the list, write %s[*]", path)
	}
	return ""
}
