package models

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ParseOptions reads options that were given as text, such as width=16. Unknown ones and values of the wrong kind or out of
// range are errors that begin with the option.
func (a Architecture) ParseOptions(given map[string]string) (Options, error) {
	options := Options{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(a.Options, func(o Option) bool { return o.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("%s: %s has %s", name, a.Name, a.optionNames())
		}
		value, err := a.Options[i].parse(given[name])
		if err != nil {
			return nil, fmt.Errorf("%s=%s: %w", name, given[name], err)
		}
		options[name] = value
	}
	return options, nil
}

func (a Architecture) optionNames() string {
	var names []string
	for _, o := range a.Options {
		names = append(names, o.Name)
	}
	if names == nil {
		return "no options"
	}
	return "only " + strings.Join(names, ", ")
}

// parse reads a value of the type of the option's default.
func (o Option) parse(text string) (any, error) {
	value, err := strconv.ParseFloat(text, 64)
	_, whole := o.Default.(int)
	kind := "number"
	if whole {
		kind = "whole number"
	}
	if err != nil || !(value >= o.Min && value <= o.Max) || whole && value != math.Trunc(value) {
		return nil, fmt.Errorf("a %s from %v to %v is needed", kind, o.Min, o.Max)
	}
	if whole {
		return int(value), nil
	}
	return value, nil
}
