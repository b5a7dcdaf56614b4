package experiments

import (
	"math"
	"strings"
)

// source is one file, or one --set, that nodes come from.
type source struct {
	name  string // as the user would name it
	path  string // of the file; "" for a flag
	lines []string
}

// sort of node.
type sort int

const (
	null sort = iota
	scalar
	sequence
	mapping
)

// node is a YAML value that remembers its place. Nodes are never changed once
// made, so trees share them freely.
type node struct {
	sort   sort
	src    *source
	line   int
	column int
	width  int     // characters to underline
	value  any     // of a scalar: string, bool, int64 or float64
	text   string  // of a scalar: as written, unquoted
	fields []field // of a mapping, in order, no key twice
	items  []*node // of a sequence
}

type field struct {
	key   *node
	value *node
}

// get returns the value under key; nil if n is no mapping, has no such key or has
// null there: null is as good as absent everywhere.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, f := range n.fields {
		if f.key.text == key {
			if f.value.sort == null {
				return nil
			}
			return f.value
		}
	}
	return nil
}

// keys lists the keys that have a value.
func (n *node) keys() []string {
	if n == nil {
		return nil
	}
	var keys []string
	for _, f := range n.fields {
		if f.value.sort != null {
			keys = append(keys, f.key.text)
		}
	}
	return keys
}

// at follows path, of keys (string) and indices (int), as far as it goes and
// returns the last node reached.
func (n *node) at(path ...any) *node {
	for _, step := range path {
		var next *node
		switch step := step.(type) {
		case string:
			next = n.get(step)
		case int:
			if step < len(n.items) {
				next = n.items[step]
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// with returns a copy of the mapping n in which key has value. The copy's place is
// n's; the key's place is key's.
func (n *node) with(key, value *node) *node {
	c := *n
	c.fields = make([]field, 0, len(n.fields)+1)
	found := false
	for _, f := range n.fields {
		if f.key.text == key.text {
			f, found = field{key, value}, true
		}
		c.fields = append(c.fields, f)
	}
	if !found {
		c.fields = append(c.fields, field{key, value})
	}
	return &c
}

// replace returns a copy of the mapping n in which the existing key name has value.
func (n *node) replace(name string, value *node) *node {
	for _, f := range n.fields {
		if f.key.text == name {
			return n.with(f.key, value)
		}
	}
	panic("experiments: no key " + name)
}

// pairs returns the fields of a mapping, none of anything else.
func (n *node) pairs() []field {
	if n == nil || n.sort != mapping {
		return nil
	}
	return n.fields
}

// asText returns the value of text.
func (n *node) asText() (string, bool) {
	if n == nil {
		return "", false
	}
	text, ok := n.value.(string)
	return text, ok
}

// merge lays over on base: mappings merge key by key, anything else replaces. Null
// replaces too, and so deletes. Both may be nil.
func merge(base, over *node) *node {
	switch {
	case base == nil:
		return over
	case over == nil:
		return base
	case base.sort != mapping || over.sort != mapping:
		return over
	}
	merged := *over
	merged.fields = make([]field, 0, len(base.fields)+len(over.fields))
	place := make(map[string]int, len(base.fields))
	for _, f := range base.fields {
		place[f.key.text] = len(merged.fields)
		merged.fields = append(merged.fields, f)
	}
	for _, f := range over.fields {
		if i, ok := place[f.key.text]; ok {
			merged.fields[i] = field{f.key, merge(merged.fields[i].value, f.value)}
			continue
		}
		merged.fields = append(merged.fields, f)
	}
	return &merged
}

// what names a node's type for a message.
func (n *node) what() string {
	switch n.sort {
	case mapping:
		return "a mapping"
	case sequence:
		return "a list"
	case null:
		return "nothing"
	}
	switch n.value.(type) {
	case bool:
		return "true or false"
	case int64:
		return "a whole number"
	case float64:
		return "a number"
	}
	return "text"
}

// number returns the value of a finite number.
func (n *node) number() (float64, bool) {
	if n == nil {
		return 0, false
	}
	switch x := n.value.(type) {
	case int64:
		return float64(x), true
	case float64:
		return x, !math.IsNaN(x) && !math.IsInf(x, 0)
	}
	return 0, false
}

// whole returns the value of a whole number, which 1e3 is too.
func (n *node) whole() (int64, bool) {
	switch x := n.value.(type) {
	case int64:
		return x, true
	case float64:
		const exact = 1 << 53 // beyond, a float64 no longer tells neighbours apart
		return int64(x), x == math.Trunc(x) && math.Abs(x) <= exact
	}
	return 0, false
}

// here makes an error at n.
func (n *node) here(summary string) Diagnostic {
	d := Diagnostic{Summary: summary, File: n.src.name, Line: n.line, Column: n.column, width: n.width}
	if n.line > 0 && n.line <= len(n.src.lines) {
		d.text = n.src.lines[n.line-1]
	}
	return d
}

// shown quotes a scalar for a message, cut to a length that fits a line.
func (n *node) shown() string {
	if n.sort != scalar {
		return n.what()
	}
	text := []rune(strings.ToValidUTF8(n.text, "?"))
	if len(text) > 40 {
		text = append(text[:37], []rune("...")...)
	}
	return quote(string(text))
}
