package classifier

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"transfera/models/checkpoint"
	"transfera/models/weights"
)

// Completed fills in what the settings leave open from what the file says of itself, if it is a recognizer that was trained
// here, and else the normalization of ImageNet. labels are the names of its classes, nil if the file has none. Settings that
// contradict the file are errors that name the flag.
func (s Settings) Completed(file *weights.File) (completed Settings, labels []string, err error) {
	switch kind := file.Metadata["kind"]; kind {
	case checkpoint.Recognizer:
		return s.described(file)
	case checkpoint.Processor, checkpoint.Transformer:
		return s, nil, fmt.Errorf("%s holds a %s, which makes images; name the weights of a recognizer", file.Path, kind)
	}
	if s.Arch == "" { // other programs write an arch into their files, too, and mean something else
		return s, nil, fmt.Errorf("%s does not say which network it is; name the architecture with --arch (transfera models lists them)", file.Path)
	}
	if s.Mean == nil {
		s.Mean = ImageNetMean
	}
	if s.Std == nil {
		s.Std = ImageNetStd
	}
	return s, nil, nil
}

// described is Completed with a recognizer's checkpoint.
func (s Settings) described(file *weights.File) (Settings, []string, error) {
	c, err := checkpoint.Of(file, checkpoint.Recognizer)
	if err != nil {
		return s, nil, err
	}
	if s.Arch != "" && s.Arch != c.Architecture.Name {
		return s, nil, fmt.Errorf("--arch %s: %s holds a %s; leave --arch out", s.Arch, file.Path, c.Architecture.Name)
	}
	for _, n := range []struct {
		flag  string
		given *[]float64
		said  [3]float32
	}{{"mean", &s.Mean, c.Normalization.Mean}, {"std", &s.Std, c.Normalization.Std}} {
		said := decimals(n.said)
		if *n.given != nil && !slices.Equal(*n.given, said) {
			return s, nil, fmt.Errorf("--%s %v: %s was trained with %v; leave --%s out", n.flag, *n.given, file.Path, said, n.flag)
		}
		*n.given = said
	}
	given, err := c.Architecture.ParseOptions(s.Options)
	if err != nil {
		return s, nil, fmt.Errorf("--option %w", err)
	}
	options := map[string]string{}
	for name, said := range c.Options {
		options[name] = fmt.Sprint(said)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Options)) {
		if given[name] != c.Options[name] {
			return s, nil, fmt.Errorf("--option %s=%s: %s was trained with %s=%v; leave --option out", name, s.Options[name], file.Path, name, c.Options[name])
		}
	}
	s.Arch, s.Options = c.Architecture.Name, options
	return s, c.Labels, nil
}

// decimals are single-precision values as people write them.
func decimals(values [3]float32) []float64 {
	list := make([]float64, len(values))
	for i, v := range values {
		list[i], _ = strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64) // what was just written
	}
	return list
}
