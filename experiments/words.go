package experiments

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ofSource is the evaluator that stands for each source itself.
const ofSource = "source"

// ofEvaluator is the judged dataset that stands for each evaluator's own.
const ofEvaluator = "evaluator"

// definitions are the classes of words that the document itself defines, and the
// key under which it does.
var definitions = map[string]string{
	"dataset":        "datasets",
	"judged-dataset": "datasets",
	"degradation":    "degradations",
	"recognizer":     "recognizers",
	"evaluator":      "recognizers",
	"processor":      "processors",
	"profile":        "profiles",
}

// standIns are the words of a class that stand for others.
var standIns = map[string]string{"evaluator": ofSource, "judged-dataset": ofEvaluator}

// word checks text, written at n, against the words of class.
func (d *decoder) word(n *node, text, class string) {
	switch {
	case class == "":
		return
	case patterns[class].form != nil:
		if pattern := patterns[class]; !pattern.form.MatchString(text) {
			diagnostic := n.here(fmt.Sprintf("%s %s", quote(text), pattern.summary))
			diagnostic.Detail = pattern.fix
			d.report(diagnostic)
		}
		return
	}
	words, fixed := d.names.fixed(class)
	choices := "choose from: " + list(words)
	noun := strings.NewReplacer("-arch", " architecture", "-", " ").Replace(class)
	switch class {
	case "lambda-method":
		noun, choices = "method with a lambda", "methods with a lambda are: "+list(words)
	case "stage":
		noun = "kind of stage"
	}
	if !fixed {
		section := definitions[class]
		words = d.root.get(section).keys()
		choices = "defined under " + section + ": " + list(words)
		if word := standIns[class]; word != "" {
			words = append(words, word)
			choices += "; or the word " + word
		}
		if d.incomplete {
			return
		}
	}
	if !slices.Contains(words, text) {
		d.unknown(n, noun, text, choices, words)
	}
}

// options decodes the options of a kind and fills in the defaults of absent ones.
func (d *decoder) options(n *node, kind Kind, at string) Values {
	values := Values{}
	for name, option := range kind.Options {
		values[name] = option.Default
	}
	if n == nil {
		return values
	}
	if n.sort != mapping {
		d.fail(n, "%s is a mapping, not %s", at, n.what())
		return values
	}
	known := sortedKeys(kind.Options)
	for _, f := range n.fields {
		option, ok := kind.Options[f.key.text]
		switch {
		case !ok:
			d.unknown(f.key, "option", f.key.text, "the options here are: "+list(known), known)
		case f.value.sort != null:
			if value, ok := d.option(f.value, option, join(at, f.key.text)); ok {
				values[f.key.text] = value
			}
		}
	}
	return values
}

// option decodes one option into the type of its default.
func (d *decoder) option(n *node, o Option, at string) (any, bool) {
	value, ok := d.typed(n, o, at)
	if ok && o.Choices != nil && !slices.Contains(o.Choices, value) {
		var choices []string
		for _, c := range o.Choices {
			choices = append(choices, fmt.Sprint(c))
		}
		diagnostic := n.here(fmt.Sprintf("%s cannot be %s", at, n.shown()))
		diagnostic.Detail = "choose from: " + list(choices)
		if text, isText := n.asText(); isText {
			diagnostic.Suggestion = suggest(text, choices)
		}
		d.report(diagnostic)
	}
	return value, ok
}

func (d *decoder) typed(n *node, o Option, at string) (any, bool) {
	wanted := ""
	switch o.Default.(type) {
	case string:
		if text, ok := n.value.(string); ok {
			return text, true
		}
		wanted = "text"
	case bool:
		if flag, ok := n.value.(bool); ok {
			return flag, true
		}
		wanted = "true or false"
	case int:
		if x, ok := n.whole(); ok {
			d.within(n, float64(x), o.bounds(), at)
			return int(x), true
		}
		wanted = "a whole number"
	case float64:
		if x, ok := n.number(); ok {
			d.within(n, x, o.bounds(), at)
			return x, true
		}
		wanted = "a number"
	default:
		panic(fmt.Sprintf("experiments: %s has a default of type %T; give int, float64, bool or string", at, o.Default))
	}
	d.wrong(n, at, wanted)
	return nil, false
}

func (o Option) bounds() []bound {
	var bounds []bound
	if o.Min != nil {
		bounds = append(bounds, bound{">=", *o.Min})
	}
	if o.Max != nil {
		bounds = append(bounds, bound{"<=", *o.Max})
	}
	return bounds
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
