package data

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Option is one setting of a degradation or of a kind of dataset.
type Option struct {
	Name    string
	Doc     string // with the unit
	Default any    // int, float64, bool or string; every value has this type
	// Min and Max bound a number, inclusively.
	Min, Max float64
	// Choices, if there are any, are the only valid values, of Default's type.
	Choices []any
}

// Options are settings by name. Values are int, float64, bool or string, as the Option declares; an int will do for a
// float64.
type Options map[string]any

// Check tells why value is invalid for the option, or returns nil.
func (o Option) Check(value any) error {
	value, err := o.typed(value)
	if err != nil {
		return err
	}
	if len(o.Choices) > 0 && !slices.Contains(o.Choices, value) {
		return fmt.Errorf("%s must be one of %v, not %v", o.Name, o.Choices, value)
	}
	number := o.Min // of a word or a flag: there is nothing to bound
	switch value := value.(type) {
	case int:
		number = float64(value)
	case float64:
		number = value
	}
	if math.IsNaN(number) || number < o.Min || number > o.Max {
		return fmt.Errorf("%s must lie in %v..%v, not %v", o.Name, o.Min, o.Max, value)
	}
	return nil
}

// typed returns value with the type of the option's default.
func (o Option) typed(value any) (any, error) {
	switch o.Default.(type) {
	case int:
		if v, ok := value.(int); ok {
			return v, nil
		}
		return nil, fmt.Errorf("%s must be a whole number, not %v", o.Name, value)
	case float64:
		switch v := value.(type) {
		case float64:
			return v, nil
		case int:
			return float64(v), nil
		}
		return nil, fmt.Errorf("%s must be a number, not %v", o.Name, value)
	case bool:
		if v, ok := value.(bool); ok {
			return v, nil
		}
		return nil, fmt.Errorf("%s must be true or false, not %v", o.Name, value)
	case string:
		if v, ok := value.(string); ok {
			return v, nil
		}
		return nil, fmt.Errorf("%s must be a word, not %v", o.Name, value)
	}
	panic(fmt.Sprintf("data: option %s has a default of type %T", o.Name, o.Default))
}

// parse reads a value of the option's type.
func (o Option) parse(text string) (value any, err error) {
	switch o.Default.(type) {
	case int:
		value, err = strconv.Atoi(text)
	case float64:
		value, err = strconv.ParseFloat(text, 64)
	case bool:
		value, err = strconv.ParseBool(text)
	default:
		value = text
	}
	if err != nil {
		_, err = o.typed(text) // says what it must be
	}
	return value, err
}

// complete checks given against what is declared and adds the defaults of the rest. owner, such as "degradation sr",
// begins every error.
func complete(owner string, declared []Option, given map[string]any) (Options, error) {
	result := Options{}
	var known []string
	for _, option := range declared {
		result[option.Name] = option.Default
		known = append(known, option.Name)
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		i := slices.Index(known, key)
		if i < 0 {
			return nil, fmt.Errorf("%s has no option %q%s; it has %s", owner, key, didYouMean(key, known), strings.Join(known, ", "))
		}
		if err := declared[i].Check(given[key]); err != nil {
			return nil, fmt.Errorf("%s: %w", owner, err)
		}
		result[key], _ = declared[i].typed(given[key])
	}
	return result, nil
}

// option reads a complete set of options. A name or type that was not declared is a bug, and panics.
func option[T int | float64 | bool | string](o Options, name string) T {
	value, ok := o[name].(T)
	if !ok {
		panic(fmt.Sprintf("data: option %q is %T, not %T", name, o[name], value))
	}
	return value
}
