package experiments

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// rules are what the check tag of a key demands, written as a comma-separated list:
//
//	required     the key must be there
//	or=KEY       unless its sibling KEY is
//	nonempty     a list has at least one item
//	unique       no item of a list twice
//	len=3        a list has so many items
//	scalar       one value may stand for a list of one
//	word         an item of text may be written as a number
//	>=0 >0 <1    bounds of a number, or of each item
//	of=CLASS     text, or each item, is a word of CLASS (see Names.fixed, decoder.words)
//	keys=CLASS   the keys of a mapping are words of CLASS; "name" is any identifier
//	options=KEY  the mapping holds options of the kind that the sibling KEY names
//	partial      the mapping holds overrides: checked once merged, not here
//
// Rules of a mapping other than keys hold for each of its values.
type rules struct {
	required, nonempty, unique, scalar, word, partial bool

	or      string
	length  int
	bounds  []bound
	of      string
	keys    string
	options string
}

// bound is a comparison that a number must pass.
type bound struct {
	sign  string // >=, >, <=, <
	limit float64
}

func (b bound) holds(x float64) bool {
	switch b.sign {
	case ">=":
		return x >= b.limit
	case ">":
		return x > b.limit
	case "<=":
		return x <= b.limit
	default:
		return x < b.limit
	}
}

// String says the bound in words.
func (b bound) String() string {
	word := map[string]string{">=": "at least ", ">": "greater than ", "<=": "at most ", "<": "less than "}[b.sign]
	return word + shortest(b.limit)
}

func shortest(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// identifier is what definitions may be called: they become file names, columns and
// steps of --set paths.
var identifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// hexadecimal is the beginning of a checksum.
var hexadecimal = regexp.MustCompile(`^[0-9a-f]{1,64}$`)

// patterns are the classes of words that have a form instead of a list: what a word must match, and how to say it.
var patterns = map[string]struct {
	form         *regexp.Regexp
	summary, fix string
}{
	"hex":    {hexadecimal, "is no beginning of a checksum", "it is 1 to 64 of the digits 0-9 and a-f, in lower case"},
	"name":   {identifier, "is no name", "names are letters, digits, - and _, and start with a letter or digit"},
	"memory": {memorySize, "is no amount of memory", "write a whole number of MiB, GiB or TiB, such as 16GiB"},
	"time":   {longest, "is no length of time", "write days, hours and minutes, such as 90m, 4h or 1d12h"},
}

// key is one key of a spec's struct.
type key struct {
	name     string
	doc      string
	rules    rules
	fallback string // YAML; "" is Go's zero value
	index    []int  // for reflect.Value.FieldByIndex
	typ      reflect.Type
}

// keysOf lists the keys of a struct, those of inlined structs among them.
func keysOf(t reflect.Type) []key {
	var keys []key
	for i := range t.NumField() {
		f := t.Field(i)
		name, modifiers, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if strings.Contains(modifiers, "inline") {
			for _, k := range keysOf(f.Type) {
				k.index = append([]int{i}, k.index...)
				keys = append(keys, k)
			}
			continue
		}
		keys = append(keys, key{
			name:     name,
			doc:      f.Tag.Get("doc"),
			rules:    readRules(f.Tag.Get("check")),
			fallback: f.Tag.Get("default"),
			index:    []int{i},
			typ:      f.Type,
		})
	}
	return keys
}

// readRules reads a check tag; a tag that cannot be read is a bug and panics.
func readRules(tag string) rules {
	var r rules
	for rule := range strings.SplitSeq(tag, ",") {
		word, value, _ := strings.Cut(rule, "=")
		switch word {
		case "":
		case "required":
			r.required = true
		case "nonempty":
			r.nonempty = true
		case "unique":
			r.unique = true
		case "scalar":
			r.scalar = true
		case "word":
			r.word = true
		case "partial":
			r.partial = true
		case "or":
			r.or = value
		case "of":
			r.of = value
		case "keys":
			r.keys = value
		case "options":
			r.options = value
		case "len":
			r.length = int(mustNumber(value, tag))
		default:
			digits := strings.TrimLeft(rule, "<>=")
			r.bounds = append(r.bounds, bound{strings.TrimSuffix(rule, digits), mustNumber(digits, tag)})
		}
	}
	return r
}

func mustNumber(text, tag string) float64 {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(fmt.Sprintf("experiments: check tag %q: %v", tag, err))
	}
	return x
}

func names(keys []key) []string {
	var all []string
	for _, k := range keys {
		all = append(all, k.name)
	}
	return all
}
