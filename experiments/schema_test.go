package experiments

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"transfera/experiments/schematest"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	return schematest.Compile(t, Schema(testNames()))
}

// Every key of a file that both accept is broken in turn; the schema and the decoder
// must both refuse the result.
func TestSchemaAndDecoderRefuseTheSameSlips(t *testing.T) {
	schema := compiled(t)
	text, err := os.ReadFile("testdata/every-key.yaml")
	require.NoError(t, err)
	require.NoError(t, schema.Validate(schematest.PlainYAML(t, text)))
	_, diags := Load("testdata/every-key.yaml", testNames(), Options{})
	require.NoError(t, diags.Err())
	dir := t.TempDir() // one file for all: there are hundreds
	for name, broken := range slips(t, text) {
		_, diags := Load(writtenIn(t, dir, "slip.yaml", string(broken)), testNames(), Options{})
		assert.True(t, diags.HasErrors(), "decoder takes a broken %s", name)
		assert.Error(t, schema.Validate(schematest.PlainYAML(t, broken)), "schema takes a broken %s", name)
	}
}

// slips returns copies of a YAML document, each with one key misspelt or one value of
// the wrong type, by what is wrong.
func slips(t *testing.T, text []byte) map[string][]byte {
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal(text, &document))
	all := map[string][]byte{}
	keep := func(name string) {
		broken, err := yaml.Marshal(&document)
		require.NoError(t, err)
		all[name] = broken
	}
	var walk func(n *yaml.Node, at string, free bool)
	walk = func(n *yaml.Node, at string, free bool) {
		original := *n
		if n.Kind == yaml.MappingNode {
			*n = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "slip"}
		} else {
			*n = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		}
		if at != "" {
			keep("type of " + at)
		}
		*n = original
		if n.Kind == yaml.ScalarNode && !strings.Contains(at, ".where.") {
			n.Tag, n.Value, n.Style = "!!bool", "true", 0
			if original.Tag == "!!bool" {
				n.Tag, n.Value = "!!int", "7"
			}
			keep("value of " + at)
			*n = original
		}
		for i, child := range n.Content {
			switch {
			case n.Kind == yaml.SequenceNode:
				walk(child, fmt.Sprintf("%s[%d]", at, i), false)
			case n.Kind == yaml.MappingNode && i%2 == 1:
				key := n.Content[i-1]
				place := strings.TrimPrefix(at+"."+key.Value, ".")
				if !free {
					was := key.Value
					key.Value += "x"
					keep("key " + place)
					key.Value = was
				}
				names := []string{"datasets", "degradations", "recognizers", "processors", "profiles", "per_task", "headers", "fields"}
				walk(child, place, !free && slices.Contains(names, key.Value))
			}
		}
	}
	walk(document.Content[0], "", false)
	return all
}

func TestSchemaAndDecoderKnowTheSameKeys(t *testing.T) {
	var schema map[string]any
	require.NoError(t, json.Unmarshal(Schema(testNames()), &schema))
	inSchema := map[string]bool{}
	for name, def := range schema["$defs"].(map[string]any) {
		for key := range def.(map[string]any)["properties"].(map[string]any) {
			inSchema[name+"."+key] = true
		}
	}
	for key := range schema["properties"].(map[string]any) {
		inSchema["document."+key] = true
	}
	inGo := map[string]bool{}
	var walk func(owner string, typ reflect.Type)
	walk = func(owner string, typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk("", typ.Elem())
		case reflect.Struct:
			if owner == "" {
				owner = strings.ToLower(typ.Name()[:1]) + typ.Name()[1:]
			}
			for i := range typ.NumField() {
				f := typ.Field(i)
				if f.Anonymous {
					walk(owner, f.Type)
					continue
				}
				name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
				assert.NotEmpty(t, name, "%s.%s has no key", typ, f.Name)
				assert.NotEmpty(t, f.Tag.Get("doc"), "%s.%s has no doc", typ, f.Name)
				inGo[owner+"."+name] = true
				walk("", f.Type)
			}
		}
	}
	walk("", reflect.TypeFor[Document]())
	assert.Equal(t, inGo, inSchema)
}

func TestEveryKeyFileUsesEveryKey(t *testing.T) {
	text, err := os.ReadFile("testdata/every-key.yaml")
	require.NoError(t, err)
	used := map[string]bool{}
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal(text, &document))
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 0 {
				used[child.Value] = true
			}
			walk(child)
		}
	}
	walk(&document)
	var visit func(typ reflect.Type)
	visit = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			visit(typ.Elem())
		case reflect.Struct:
			for _, k := range keysOf(typ) {
				assert.True(t, used[k.name] || k.name == "extends", "testdata/every-key.yaml lacks %s", k.name)
				visit(k.typ)
			}
		}
	}
	visit(reflect.TypeFor[Document]())
}

func TestSchemaDemandsWhatADefinitionNeedsUnlessTheFileExtendsAnother(t *testing.T) {
	schema := compiled(t)
	part := "recognizers: {resnet-s: {seed: 1}}\n"
	assert.Error(t, schema.Validate(schematest.PlainYAML(t, []byte(part))))
	assert.NoError(t, schema.Validate(schematest.PlainYAML(t, []byte("extends: base.yaml\n"+part))))
	assert.NoError(t, schema.Validate(schematest.PlainYAML(t, []byte("profiles: {quick: {"+strings.TrimSpace(part)+"}}\n"))))
}

func TestSchemaKnowsTheOptionsOfEachKind(t *testing.T) {
	schema := compiled(t)
	for text, valid := range map[string]bool{
		"{kind: sr, options: {scale: 4}}":      true,
		"{kind: sr, options: {scale: null}}":   true,
		"{kind: sr, options: {scale: 3}}":      false,
		"{kind: sr, options: {sigma: 0.1}}":    false,
		"{kind: dn, options: {sigma: 0.1}}":    true,
		"{kind: dn, options: {sigma: 2}}":      false,
		"{kind: blur, options: {sigma: 0.1}}":  false,
		"{kind: jpeg, options: {quality: 10}}": true,
	} {
		err := schema.Validate(schematest.PlainYAML(t, []byte("degradations: {task: "+text+"}")))
		assert.Equal(t, valid, err == nil, "%s: %v", text, err)
	}
}
