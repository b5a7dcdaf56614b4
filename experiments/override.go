package experiments

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// setFlag is the file that diagnostics about an override name.
const setFlag = "--set"

// setter applies one override, such as "tables[0].metric=top1".
type setter struct {
	src   *source
	value *node
	diags Diagnostics
}

// step is one part of an override's path: a key, or the index of a list's item.
type step struct {
	name  string
	index int // -1 for a key
	place *node
}

// override returns root with the value that text, "path=value", sets.
func override(root *node, text string) (*node, Diagnostics) {
	s := &setter{src: &source{name: setFlag, lines: strings.Split(text, "\n")}}
	path, value, found := strings.Cut(text, "=")
	if !found || strings.TrimSpace(path) == "" || strings.TrimSpace(value) == "" {
		d := s.place(0, len(path)).here("an override is path=value, such as training.steps=100")
		d.Detail = "path=null removes a value"
		return root, Diagnostics{d}
	}
	parsed, diags := parse(s.src, value, len([]rune(path))+1)
	if parsed == nil || diags != nil {
		return root, diags
	}
	s.value = parsed
	steps, ok := s.steps(path)
	if !ok {
		return root, s.diags
	}
	changed := s.apply(root, reflect.TypeFor[Spec](), "", "", steps)
	if changed == nil {
		return root, s.diags
	}
	return changed, nil
}

// place is the node for the characters of the override from start on.
func (s *setter) place(start, width int) *node {
	return &node{sort: scalar, src: s.src, line: 1, column: start + 1, width: max(width, 1)}
}

func (s *setter) fail(n *node, format string, args ...any) {
	s.diags = append(s.diags, n.here(fmt.Sprintf(format, args...)))
}

// steps splits a path at its dots and brackets.
func (s *setter) steps(path string) ([]step, bool) {
	var steps []step
	start := 0
	for part := range strings.SplitSeq(path, ".") {
		name, brackets, _ := strings.Cut(part, "[")
		name = strings.TrimSpace(name)
		place := s.place(start, len([]rune(name)))
		place.text, place.value = name, name
		steps = append(steps, step{name, -1, place})
		at := start + len([]rune(name))
		for brackets != "" {
			digits, rest, closed := strings.Cut(brackets, "]")
			index, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 31)
			place := s.place(at, len([]rune(digits))+2)
			if !closed || err != nil || rest != "" && !strings.HasPrefix(rest, "[") {
				s.fail(place, "an index is a number in brackets, such as tables[0]")
				return nil, false
			}
			steps = append(steps, step{"", int(index), place})
			at += len([]rune(digits)) + 2
			brackets = strings.TrimPrefix(rest, "[")
		}
		start += len([]rune(part)) + 1
	}
	return steps, true
}

// apply returns n, of type t, with the value under steps replaced; nil, and a diagnostic,
// if there is no such value. class is that of n's keys if n is a mapping of names, and at
// n's own path.
func (s *setter) apply(n *node, t reflect.Type, class, at string, steps []step) *node {
	if len(steps) == 0 {
		return s.value
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	first, rest := steps[0], steps[1:]
	if first.index >= 0 {
		return s.item(n, t, at, first, rest)
	}
	if n == nil || n.sort != mapping { // a value of the wrong type is the decoder's to report
		n = &node{sort: mapping, src: s.src, line: 1, column: first.place.column}
	}
	var inner reflect.Type
	var innerClass string
	switch t.Kind() {
	case reflect.Struct:
		keys := keysOf(t)
		i := slices.IndexFunc(keys, func(k key) bool { return k.name == first.name })
		if i < 0 {
			s.diags = append(s.diags, unknownKey(first.place, first.name, at, names(keys)))
			return nil
		}
		inner, innerClass = keys[i].typ, keys[i].rules.keys
	case reflect.Map:
		if class == "name" && len(rest) > 0 && n.get(first.name) == nil {
			d := first.place.here("unknown name " + quote(first.name))
			d.Suggestion, d.Detail = suggest(first.name, n.keys()), fmt.Sprintf("defined under %s: %s", at, list(n.keys()))
			s.diags = append(s.diags, d)
			return nil
		}
		inner = t.Elem()
	default:
		s.fail(first.place, "%s has no keys", at)
		return nil
	}
	value := s.apply(n.get(first.name), inner, innerClass, join(at, first.name), rest)
	if value == nil {
		return nil
	}
	return n.with(first.place, value)
}

// item replaces an item of the list n.
func (s *setter) item(n *node, t reflect.Type, at string, first step, rest []step) *node {
	switch {
	case t.Kind() != reflect.Slice:
		s.fail(first.place, "%s is not a list", at)
		return nil
	case n == nil || n.sort != sequence || first.index >= len(n.items):
		have := 0
		if n != nil {
			have = len(n.items)
		}
		s.fail(first.place, "%s has %d items, counted from 0: there is no [%d]", at, have, first.index)
		return nil
	}
	value := s.apply(n.items[first.index], t.Elem(), "", fmt.Sprintf("%s[%d]", at, first.index), rest)
	if value == nil {
		return nil
	}
	c := *n
	c.items = slices.Clone(n.items)
	c.items[first.index] = value
	return &c
}
