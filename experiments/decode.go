package experiments

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// decoder fills structs from nodes and collects everything that is wrong.
type decoder struct {
	names *Names
	root  *node // what references refer to
	// incomplete says that a part of the tree could not be read, so that what is
	// missing or not defined may well be there.
	incomplete bool
	diags      Diagnostics
}

func (d *decoder) report(diagnostic Diagnostic) { d.diags = append(d.diags, diagnostic) }

// fail reports an error at n.
func (d *decoder) fail(n *node, format string, args ...any) {
	d.report(n.here(fmt.Sprintf(format, args...)))
}

// short is how many choices are shown even where one is suggested.
const short = 12

// unknown reports a word that is not among those known, and the nearest that is.
func (d *decoder) unknown(n *node, noun, word, list string, known []string) {
	diagnostic := n.here(fmt.Sprintf("unknown %s %s", noun, quote(word)))
	if diagnostic.Suggestion = suggest(word, known); diagnostic.Suggestion == "" || len(known) <= short {
		diagnostic.Detail = list
	}
	d.report(diagnostic)
}

// unknownKey makes the error for a key, written at n, that the mapping at has not.
func unknownKey(n *node, word, at string, known []string) Diagnostic {
	d := n.here(fmt.Sprintf("unknown key %s", quote(word)))
	place := at
	if at == "" {
		place = "an experiment"
		d.Suggestion = homes[word]
	}
	if d.Suggestion == "" {
		d.Suggestion = suggest(word, known)
	}
	if d.Suggestion == "" {
		d.Detail = fmt.Sprintf("the keys of %s are: %s", place, strings.Join(known, ", "))
	}
	return d
}

// decode fills v from n under the rules r; at is the dotted path for messages.
func (d *decoder) decode(n *node, v reflect.Value, r rules, at string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), r, at)
	case reflect.Struct:
		d.structure(n, v, at)
	case reflect.Map:
		d.mapping(n, v, r, at)
	case reflect.Slice:
		d.list(n, v, r, at)
	default:
		d.scalar(n, v, r, at)
	}
}

func (d *decoder) structure(n *node, v reflect.Value, at string) {
	if n.sort != mapping {
		d.fail(n, "%s is a mapping, not %s", at, n.what())
		return
	}
	keys := keysOf(v.Type())
	for _, f := range n.fields {
		if !slices.ContainsFunc(keys, func(k key) bool { return k.name == f.key.text }) {
			d.report(unknownKey(f.key, f.key.text, at, names(keys)))
		}
	}
	for _, k := range keys {
		d.key(n, v, k, join(at, k.name))
	}
	for _, k := range keys { // options last: they need their kind
		if k.rules.options != "" {
			sibling := keys[slices.IndexFunc(keys, func(s key) bool { return s.name == k.rules.options })]
			kind, known := d.names.kinds(sibling.rules.of)[v.FieldByIndex(sibling.index).String()]
			if known {
				v.FieldByIndex(k.index).Set(reflect.ValueOf(d.options(n.get(k.name), kind, join(at, k.name))))
			}
		}
	}
}

// key decodes one key of the mapping n, or its default.
func (d *decoder) key(n *node, v reflect.Value, k key, at string) {
	child, target := n.get(k.name), v.FieldByIndex(k.index)
	switch {
	case k.rules.options != "" || k.rules.partial && child == nil:
	case child != nil:
		d.decode(child, target, k.rules, at)
	case k.rules.required && n.get(k.rules.or) != nil:
	case k.rules.required:
		if !d.incomplete {
			diagnostic := n.here(fmt.Sprintf("the key %s is missing", quote(at)))
			diagnostic.width = 1
			diagnostic.Detail = k.doc
			d.report(diagnostic)
		}
	case k.fallback != "":
		fallback, diags := parse(&source{name: "default"}, k.fallback, 0)
		if diags != nil {
			panic(fmt.Sprintf("experiments: default %q of %s: %v", k.fallback, at, diags))
		}
		d.decode(fallback, target, k.rules, at)
	case target.Kind() == reflect.Struct: // its own keys have defaults
		d.structure(&node{sort: mapping, src: n.src, line: n.line, column: n.column}, target, at)
	}
}

// homes maps keys that are easily written one level too high to their full paths.
var homes = func() map[string]string {
	homes := map[string]string{}
	for _, k := range keysOf(reflect.TypeFor[Spec]()) {
		t := k.typ
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() == reflect.Struct {
			for _, inner := range keysOf(t) {
				if homes[inner.name] == "" {
					homes[inner.name] = join(k.name, inner.name)
				}
			}
		}
	}
	return homes
}()

func (d *decoder) mapping(n *node, v reflect.Value, r rules, at string) {
	if n.sort != mapping {
		d.fail(n, "%s is a mapping, not %s", at, n.what())
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	inner := r
	inner.keys = ""
	for _, f := range n.fields {
		d.word(f.key, f.key.text, r.keys)
		switch place := join(at, f.key.text); {
		case f.value.sort == null:
		case r.partial:
			if f.value.sort != mapping {
				d.fail(f.value, "%s is a mapping, not %s", place, f.value.what())
			}
		default:
			value := reflect.New(v.Type().Elem()).Elem()
			d.decode(f.value, value, inner, place)
			v.SetMapIndex(reflect.ValueOf(f.key.text), value)
		}
	}
}

func (d *decoder) list(n *node, v reflect.Value, r rules, at string) {
	items := n.items
	switch {
	case n.sort == scalar && r.scalar:
		items = []*node{n}
	case n.sort != sequence:
		wanted := "a list"
		if r.scalar {
			wanted = "one value or a list"
		}
		d.fail(n, "%s is %s, not %s", at, wanted, n.what())
		return
	}
	if r.nonempty && len(items) == 0 {
		d.fail(n, "%s must not be empty", at)
	}
	if r.length > 0 && len(items) != r.length {
		d.fail(n, "%s has %d numbers, not %d", at, r.length, len(items))
	}
	seen := map[any]bool{}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		place := at
		if n.sort == sequence {
			place = fmt.Sprintf("%s[%d]", at, i)
		}
		before := len(d.diags)
		d.decode(item, v.Index(i), r, place)
		if r.unique && len(d.diags) == before {
			value := v.Index(i).Interface()
			if seen[value] {
				d.fail(item, "%s is in %s twice", item.text, at)
			}
			seen[value] = true
		}
	}
}

func (d *decoder) scalar(n *node, v reflect.Value, r rules, at string) {
	switch v.Kind() {
	case reflect.String:
		text, ok := n.value.(string)
		if x, isNumber := n.number(); isNumber && r.word {
			text, ok = shortest(x), true
		}
		if !ok {
			d.wrong(n, at, "text")
			return
		}
		v.SetString(text)
		d.word(n, text, r.of)
	case reflect.Bool:
		flag, ok := n.value.(bool)
		if !ok {
			d.wrong(n, at, "true or false")
			return
		}
		v.SetBool(flag)
	case reflect.Int, reflect.Int64:
		x, ok := n.whole()
		if !ok {
			d.wrong(n, at, "a whole number")
			return
		}
		v.SetInt(x)
		d.within(n, float64(x), r.bounds, at)
	case reflect.Float64:
		x, ok := n.number()
		if !ok {
			d.wrong(n, at, "a number")
			return
		}
		v.SetFloat(x)
		d.within(n, x, r.bounds, at)
	default:
		panic(fmt.Sprintf("experiments: cannot decode %s into %s", at, v.Type()))
	}
}

// wrong reports a value of the wrong type, with a hint for the usual slips.
func (d *decoder) wrong(n *node, at, wanted string) {
	diagnostic := n.here(fmt.Sprintf("%s is %s, not %s", at, wanted, n.shown()))
	switch text := strings.ToLower(n.text); {
	case wanted == "true or false" && (text == "yes" || text == "on" || text == "1"):
		diagnostic.Suggestion = "true"
	case wanted == "true or false" && (text == "no" || text == "off" || text == "0"):
		diagnostic.Suggestion = "false"
	case wanted == "text" && n.sort == scalar:
		diagnostic.Detail = "write it in quotes if it is meant as text"
	}
	d.report(diagnostic)
}

func (d *decoder) within(n *node, x float64, bounds []bound, at string) {
	for _, b := range bounds {
		if !b.holds(x) {
			d.fail(n, "%s must be %s, not %s", at, b, n.text)
			return
		}
	}
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
