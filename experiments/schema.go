package experiments

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"strings"
)

// object is a JSON object; encoding/json writes its keys in order.
type object = map[string]any

// Schema returns the JSON Schema (draft 2020-12) of spec files, for editors. It comes
// from the same types and tags as the decoder.
//
// A file may extend another and so hold parts only. What is required is therefore
// demanded of items of lists, which are never merged, and of definitions (datasets,
// degradations, recognizers, processors) in a file that extends nothing.
func Schema(names Names) []byte {
	w := &schemaWriter{names: &names, defs: object{}}
	root := w.keys(keysOf(reflect.TypeFor[Document]()), true)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "transfera experiment"
	root["description"] = "One file is one experiment: one table or figure, or several that share their cells."
	root["$defs"] = w.defs
	root["if"] = object{"not": object{"required": []string{"extends"}}}
	root["then"] = object{"properties": w.complete}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("experiments: the schema cannot be written: %v", err))
	}
	return append(text, '\n')
}

type schemaWriter struct {
	names    *Names
	defs     object
	complete object // by section, what a definition must have
}

// value is the schema of a value of type t under the rules r. Parts of what is merged
// may be missing; whole values may not.
func (w *schemaWriter) value(t reflect.Type, r rules, partial bool) object {
	switch t.Kind() {
	case reflect.Pointer:
		return w.value(t.Elem(), r, partial)
	case reflect.Struct:
		return w.reference(t, partial)
	case reflect.Map:
		if r.options != "" {
			return object{"type": "object"}
		}
		return w.mapping(t, r, partial)
	case reflect.Slice:
		return w.list(t, r)
	case reflect.String:
		return w.text(r)
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return bounded(object{"type": "integer"}, r.bounds)
	case reflect.Float64:
		return bounded(object{"type": "number"}, r.bounds)
	}
	panic(fmt.Sprintf("experiments: no schema for %s", t))
}

// reference defines the struct t once and refers to it.
func (w *schemaWriter) reference(t reflect.Type, partial bool) object {
	name := lowerFirst(t.Name())
	if _, done := w.defs[name]; !done {
		w.defs[name] = object{} // ends recursion
		keys := keysOf(t)
		def := w.keys(keys, partial)
		if variants := w.variants(keys); variants != nil {
			def["allOf"] = variants
		}
		w.defs[name] = def
	}
	return object{"$ref": "#/$defs/" + name}
}

// keys is the schema of a mapping with these keys.
func (w *schemaWriter) keys(keys []key, partial bool) object {
	properties, required := object{}, []string{}
	for _, k := range keys {
		property := w.value(k.typ, k.rules, partial)
		if k.rules.required && k.rules.or == "" && !partial {
			required = append(required, k.name)
		} else {
			property = nullable(property)
		}
		property["description"] = k.doc
		if k.fallback != "" {
			property["default"] = plain(k.fallback)
		}
		properties[k.name] = property
		w.demand(k)
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// demand notes what each definition of section k must have.
func (w *schemaWriter) demand(k key) {
	if k.typ.Kind() != reflect.Map || k.rules.keys != "name" || k.rules.partial {
		return
	}
	required := []string{}
	unless := map[string][]string{} // what must be there where a key is not
	for _, inner := range keysOf(k.typ.Elem()) {
		switch {
		case inner.rules.or != "":
			unless[inner.rules.or] = append(unless[inner.rules.or], inner.name)
		case inner.rules.required:
			required = append(required, inner.name)
		}
	}
	var instead []object
	for _, key := range sortedKeys(unless) {
		instead = append(instead, object{"required": unless[key]}, object{"required": []string{key}})
	}
	if w.complete == nil {
		w.complete = object{}
	}
	demand := object{"required": required}
	if instead != nil {
		demand["anyOf"] = instead
	}
	w.complete[k.name] = object{"additionalProperties": demand}
}

// variants are the options of each kind that a mapping with these keys can be of.
func (w *schemaWriter) variants(keys []key) []object {
	var all []object
	for _, k := range keys {
		for _, sibling := range keys {
			if k.rules.options == "" || sibling.name != k.rules.options {
				continue
			}
			kinds := w.names.kinds(sibling.rules.of)
			for _, name := range sortedKeys(kinds) {
				options := optionsSchema(kinds[name])
				options["description"] = kinds[name].Doc
				all = append(all, object{
					"if":   object{"properties": object{sibling.name: object{"const": name}}, "required": []string{sibling.name}},
					"then": object{"properties": object{k.name: options}},
				})
			}
		}
	}
	return all
}

func optionsSchema(kind Kind) object {
	properties := object{}
	for name, o := range kind.Options {
		var property object
		switch o.Default.(type) {
		case string:
			property = object{"type": "string"}
		case bool:
			property = object{"type": "boolean"}
		case int:
			property = bounded(object{"type": "integer"}, o.bounds())
		case float64:
			property = bounded(object{"type": "number"}, o.bounds())
		default:
			panic(fmt.Sprintf("experiments: option %s has a default of type %T; give int, float64, bool or string", name, o.Default))
		}
		if o.Choices != nil {
			property["enum"] = o.Choices
		}
		property = nullable(property)
		property["description"], property["default"] = o.Doc, o.Default
		properties[name] = property
	}
	return nullable(object{"type": "object", "properties": properties, "additionalProperties": false})
}

func (w *schemaWriter) mapping(t reflect.Type, r rules, partial bool) object {
	inner := r
	inner.keys = ""
	value := nullable(w.value(t.Elem(), inner, partial))
	schema := object{"type": "object"}
	if words, fixed := w.names.fixed(r.keys); fixed {
		properties := object{}
		for _, word := range words {
			properties[word] = value
		}
		schema["properties"], schema["additionalProperties"] = properties, false
		return schema
	}
	schema["additionalProperties"] = value
	if r.keys == "name" {
		schema["propertyNames"] = object{"pattern": identifier.String()}
	}
	return schema
}

func (w *schemaWriter) list(t reflect.Type, r rules) object {
	item := w.value(t.Elem(), r, false)
	schema := object{"type": "array", "items": item}
	if r.nonempty {
		schema["minItems"] = 1
	}
	if r.unique {
		schema["uniqueItems"] = true
	}
	if r.length > 0 {
		schema["minItems"], schema["maxItems"] = r.length, r.length
	}
	if r.scalar {
		return object{"anyOf": []object{item, schema}}
	}
	return schema
}

func (w *schemaWriter) text(r rules) object {
	if r.word {
		return object{"type": []string{"string", "number"}}
	}
	schema := object{"type": "string"}
	if words, fixed := w.names.fixed(r.of); fixed {
		schema["enum"] = anys(words)
	}
	if pattern, ok := patterns[r.of]; ok {
		schema["pattern"] = pattern.form.String()
	}
	return schema
}

func bounded(schema object, bounds []bound) object {
	for _, b := range bounds {
		word := map[string]string{">=": "minimum", ">": "exclusiveMinimum", "<=": "maximum", "<": "exclusiveMaximum"}[b.sign]
		schema[word] = b.limit
	}
	return schema
}

// nullable lets null stand for what is absent or deleted.
func nullable(schema object) object {
	copied := maps.Clone(schema)
	switch word := copied["type"].(type) {
	case string:
		copied["type"] = []string{word, "null"}
		if enum, ok := copied["enum"].([]any); ok {
			copied["enum"] = append(append([]any{}, enum...), nil)
		}
		return copied
	case []string:
		copied["type"] = append(append([]string{}, word...), "null")
		return copied
	}
	choices, ok := copied["anyOf"].([]object)
	if !ok {
		choices = []object{schema}
	}
	return object{"anyOf": append(append([]object{}, choices...), object{"type": "null"})}
}

// plain reads the YAML of a default as a JSON value.
func plain(text string) any {
	n, _ := parse(&source{name: "default"}, text, 0)
	if n.sort == sequence {
		all := []any{}
		for _, item := range n.items {
			all = append(all, item.value)
		}
		return all
	}
	return n.value
}

func anys(words []string) []any {
	all := make([]any, len(words))
	for i, word := range words {
		all[i] = word
	}
	return all
}

func lowerFirst(name string) string { return strings.ToLower(name[:1]) + name[1:] }
