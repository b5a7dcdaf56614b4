package experiments

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Aliases can blow a short file up without bound; no spec comes near this.
const mostNodes = 100_000

func quote(s string) string { return strconv.Quote(s) }

// parser turns the YAML of one source into nodes.
type parser struct {
	src   *source
	shift int // columns by which the text is shifted within its source
	diags Diagnostics
	nodes int
	open  map[*yaml.Node]bool // anchors being expanded
}

// parse reads one YAML document. The node is nil if it is empty or cannot be read;
// columns of line 1 are shifted by shift.
func parse(src *source, text string, shift int) (*node, Diagnostics) {
	p := &parser{src: src, shift: shift, open: map[*yaml.Node]bool{}}
	if !utf8.ValidString(text) {
		p.fail(p.place(1, 1), "the file is not UTF-8 text")
		return nil, p.diags
	}
	document, next, err := unmarshal(text)
	if err != nil {
		p.syntax(text, err)
		return nil, p.diags
	}
	if next != nil {
		p.fail(p.place(next.Line, next.Column), "a second YAML document: a spec is one document")
	}
	if document == nil || len(document.Content) == 0 {
		return nil, p.diags
	}
	return p.node(document.Content[0]), p.diags
}

// unmarshal returns the first document and, if there is one, the second. A panic of
// the YAML library on text that it cannot cope with becomes an error.
func unmarshal(text string) (first, second *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: the parser gave up: %v", r)
		}
	}()
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var nodes [2]yaml.Node
	for i := range nodes {
		if err := decoder.Decode(&nodes[i]); err != nil {
			if err.Error() == "EOF" {
				break
			}
			return nil, nil, err
		}
	}
	if nodes[0].Kind != 0 {
		first = &nodes[0]
	}
	if nodes[1].Kind != 0 {
		second = &nodes[1]
	}
	return first, second, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (line (\d+): )?`)

// Longer files are not searched for the line of a syntax error, which parses them once for each line.
const (
	mostSearched      = 1000     // lines
	mostSearchedBytes = 64 << 10 // far more than any spec
)

// syntax reports an error of the YAML library, which knows the line only roughly: for
// some errors that before, for others that where the broken mapping starts. The error
// stands on the first line from which on every longer part of the text has it, too.
func (p *parser) syntax(text string, err error) {
	message := yamlLine.ReplaceAllString(err.Error(), "")
	lines := strings.SplitAfter(text, "\n")
	line := len(lines)
	search := line <= mostSearched && len(text) <= mostSearchedBytes
	if !search {
		line = 1
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil && m[2] != "" {
			line, _ = strconv.Atoi(m[2])
		}
	}
	for ; search && line > 1; line-- {
		_, _, err := unmarshal(strings.Join(lines[:line-1], ""))
		if err == nil || yamlLine.ReplaceAllString(err.Error(), "") != message {
			break
		}
	}
	n := p.place(line, 1)
	if line <= len(p.src.lines) {
		shown := p.src.lines[line-1]
		n.column = max(n.column, 1+len(shown)-len(strings.TrimLeft(shown, " ")))
		n.width = len([]rune(shown)) - n.column + 1
	}
	d := n.here("not valid YAML: " + message)
	if strings.Contains(message, "cannot start any token") {
		d.Detail = "indent with spaces, not tabs, and quote text that starts with a special character"
	}
	p.diags = append(p.diags, d)
}

// place makes an empty node at a line and column of the text.
func (p *parser) place(line, column int) *node {
	if line == 1 {
		column += p.shift
	}
	return &node{src: p.src, line: line, column: column, width: 1}
}

func (p *parser) fail(n *node, summary string) {
	p.diags = append(p.diags, n.here(summary))
}

func (p *parser) node(y *yaml.Node) *node {
	n := p.place(y.Line, y.Column)
	if p.nodes++; p.nodes > mostNodes {
		if p.nodes == mostNodes+1 {
			p.fail(n, fmt.Sprintf("more than %d values: aliases multiply", mostNodes))
		}
		return n
	}
	if y.Anchor != "" {
		p.open[y] = true
		defer delete(p.open, y)
	}
	switch y.Kind {
	case yaml.AliasNode:
		return p.alias(y, n)
	case yaml.ScalarNode:
		return p.scalar(y, n)
	case yaml.SequenceNode:
		n.sort = sequence
		p.tag(y, n, "!!seq")
		for _, item := range y.Content {
			n.items = append(n.items, p.node(item))
		}
	case yaml.MappingNode:
		n.sort = mapping
		p.tag(y, n, "!!map")
		p.mapping(y, n)
	}
	return n
}

func (p *parser) alias(y *yaml.Node, n *node) *node {
	if y.Alias == nil || p.open[y.Alias] {
		p.fail(n, fmt.Sprintf("the anchor %s contains itself", quote(y.Value)))
		return n
	}
	return p.node(y.Alias)
}

// tag refuses tags other than the node's natural one.
func (p *parser) tag(y *yaml.Node, n *node, natural string) {
	if tag := y.ShortTag(); tag != natural {
		p.fail(n, fmt.Sprintf("the tag %s means nothing here", quote(tag)))
	}
}

func (p *parser) scalar(y *yaml.Node, n *node) *node {
	n.sort, n.text, n.value = scalar, y.Value, y.Value
	n.width = max(len([]rune(y.Value)), 1)
	if y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		n.width += 2
	}
	switch y.ShortTag() {
	case "!!null":
		n.sort = null
	case "!!bool", "!!int", "!!float":
		var value any
		if err := y.Decode(&value); err != nil {
			p.fail(n, strings.TrimPrefix(err.Error(), "yaml: "))
			return n
		}
		switch x := value.(type) {
		case int:
			value = int64(x)
		case uint64:
			value = float64(x)
		}
		n.value = value
	case "!!str", "!!timestamp": // dates are text to a spec
	default:
		p.fail(n, fmt.Sprintf("the tag %s means nothing here", quote(y.ShortTag())))
	}
	return n
}

// mapping fills n.fields from the pairs of y. Keys of "<<" give way to keys written
// in the mapping itself, and earlier merges to none.
func (p *parser) mapping(y *yaml.Node, n *node) {
	first := map[string]*node{}
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		if key.ShortTag() == "!!merge" {
			merged = append(merged, p.merges(p.node(value))...)
			continue
		}
		k := p.node(key)
		if k.sort != scalar && k.sort != null {
			p.fail(k, "a key must be a word")
			continue
		}
		k.sort = scalar
		v := p.node(value)
		if before, ok := first[k.text]; ok {
			d := k.here(fmt.Sprintf("the key %s is here twice", quote(k.text)))
			d.Detail = fmt.Sprintf("it was given on line %d already", before.line)
			p.diags = append(p.diags, d)
			continue
		}
		first[k.text] = k
		n.fields = append(n.fields, field{k, v})
	}
	for _, m := range merged {
		for _, f := range m.fields {
			if _, ok := first[f.key.text]; !ok {
				first[f.key.text] = f.key
				n.fields = append(n.fields, f)
			}
		}
	}
}

// merges lists the mappings that the value of "<<" names.
func (p *parser) merges(n *node) []*node {
	switch n.sort {
	case mapping:
		return []*node{n}
	case sequence:
		var all []*node
		for _, item := range n.items {
			all = append(all, p.merges(item)...)
		}
		return all
	}
	p.fail(n, "<< merges a mapping (or a list of them), such as *anchor")
	return nil
}
