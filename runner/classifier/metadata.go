package classifier

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"transfera/models"
	"transfera/models/recognizers"
	"transfera/models/weights"
)

// described is what the file of a recognizer that was trained here says of it.
type described struct {
	arch    string
	options map[string]string
	mean    []float64
	std     []float64
	labels  []string // nil in files of older versions
}

// Completed fills in what the settings leave open from what the file says of itself, if it is a recognizer that was trained
// here, and else the normalization of ImageNet. labels are the names of its classes, nil if the file has none. Settings that
// contradict the file are errors that name the flag.
func (s Settings) Completed(file *weights.File) (completed Settings, labels []string, err error) {
	d, err := describe(file)
	if err != nil {
		return s, nil, err
	}
	if d == nil {
		if s.Arch == "" {
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
	if err := d.agrees(s, file.Path); err != nil {
		return s, nil, err
	}
	s.Arch, s.Options, s.Mean, s.Std = d.arch, d.options, d.mean, d.std
	return s, d.labels, nil
}

// describe reads the metadata, nil if they are not a recognizer's of ours: other programs have an arch there, too.
func describe(file *weights.File) (*described, error) {
	switch kind := file.Metadata["kind"]; kind {
	case "recognizer":
	case "processor", "transformer":
		return nil, fmt.Errorf("%s holds a %s, which makes images; name the weights of a recognizer", file.Path, kind)
	default:
		return nil, nil
	}
	d := &described{arch: file.Metadata["arch"], options: map[string]string{}}
	var options map[string]json.Number
	var normalize struct{ Mean, Std []float64 }
	err := errors.Join(metadata(file, "options", &options), metadata(file, "normalize", &normalize))
	if _, ok := file.Metadata["labels"]; ok {
		err = errors.Join(err, metadata(file, "labels", &d.labels))
	}
	for name, value := range options {
		d.options[name] = value.String()
	}
	d.mean, d.std = normalize.Mean, normalize.Std
	return d, err
}

func metadata(file *weights.File, name string, into any) error {
	if err := json.Unmarshal([]byte(file.Metadata[name]), into); err != nil {
		return fmt.Errorf("%s: its metadata %s cannot be read: %w", file.Path, name, err)
	}
	return nil
}

// agrees refuses settings that say something else than the file.
func (d *described) agrees(s Settings, path string) error {
	if s.Arch != "" && s.Arch != d.arch {
		return fmt.Errorf("--arch %s: %s holds a %s; leave --arch out", s.Arch, path, d.arch)
	}
	for _, n := range []struct {
		flag        string
		given, said []float64
	}{{"mean", s.Mean, d.mean}, {"std", s.Std, d.std}} {
		if n.given != nil && !slices.Equal(n.given, n.said) {
			return fmt.Errorf("--%s %v: %s was trained with %v; leave --%s out", n.flag, n.given, path, n.said, n.flag)
		}
	}
	architecture, err := recognizers.Named(d.arch)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	said, err := complete(architecture, d.options)
	if err != nil {
		return fmt.Errorf("%s: its metadata options: %w", path, err)
	}
	given, err := complete(architecture, s.Options)
	if err != nil {
		return fmt.Errorf("--option %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Options)) {
		if given[name] != said[name] {
			return fmt.Errorf("--option %s=%s: %s was trained with %s=%v; leave --option out", name, s.Options[name], path, name, said[name])
		}
	}
	return nil
}

func complete(architecture models.Architecture, given map[string]string) (models.Options, error) {
	options, err := architecture.ParseOptions(given)
	return architecture.Complete(options), err
}
