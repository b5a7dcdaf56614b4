// Package checkpoint reads the networks that a run trains: safetensors files that say themselves, in their metadata, what
// network their tensors belong to and where they come from.
//
// The metadata of every checkpoint are kind, arch, options and stage. A processor's and a transformer's are scale,
// degradation, method, lambda, training and seed as well, and, since they were added, source, dataset and code. A
// recognizer's are classes, normalize and, since they were added, labels. What is not text there is JSON.
package checkpoint

import (
	"fmt"
	"slices"
	"strings"

	"transfera/models"
	"transfera/models/nn"
	"transfera/models/weights"
)

// The kinds of checkpoints.
const (
	Processor   = "processor"
	Transformer = "transformer"
	Recognizer  = "recognizer"
)

// Checkpoint is one file.
type Checkpoint struct {
	File         *weights.File
	Kind         string
	Architecture models.Architecture
	Options      models.Options // complete
	Stage        string         // key of the stage that left it; "" if unknown

	// Of a processor or transformer.
	Scale       int // times by which it enlarges
	Degradation Degradation
	Method      string
	Lambda      float64
	Seed        int64
	Source      *Source  // the recognizer in the loss; nil without one, or in files that do not say
	Dataset     *Dataset // nil in files that do not say
	Code        string   // revision of transfera; "" where unknown

	// Of a recognizer.
	Classes       int
	Labels        []string // names of the classes, nil if unknown
	Normalization models.Normalization
}

// Degradation is what a processor undoes, as data.NewDegradation takes it.
type Degradation struct {
	Kind    string
	Options map[string]any
}

// String is such as "sr scale=4".
func (d Degradation) String() string {
	text := d.Kind
	for _, name := range sorted(d.Options) {
		text += fmt.Sprintf(" %s=%v", name, d.Options[name])
	}
	return text
}

// Source is the recognizer that a processor was trained with.
type Source struct {
	Name     string
	Arch     string
	Options  map[string]any `json:",omitempty"`
	Checksum string         // of its tensors, as weights.Dict has it
}

// Dataset is what a network was trained on. Images is the fingerprint.
type Dataset struct {
	Name   string
	Images string
	Cut    string `json:",omitempty"` // how the images were brought to one size
}

// Read reads the checkpoint at path, which must be one of the kinds. Its errors begin with path and say whether the file is
// no checkpoint, one of another kind, one of an unknown architecture, or which of its metadata is missing or damaged.
func Read(path string, kinds ...string) (*Checkpoint, error) {
	file, err := weights.Load(path)
	if err != nil {
		return nil, err
	}
	return Of(file, kinds...)
}

// Of is Read of a file that is loaded already.
func Of(file *weights.File, kinds ...string) (*Checkpoint, error) {
	c, err := parse(file, kinds)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Path, err)
	}
	return c, nil
}

func parse(file *weights.File, kinds []string) (*Checkpoint, error) {
	m := metadata(file.Metadata)
	if m["kind"] == "" && m["arch"] == "" {
		return nil, fmt.Errorf("%s without transfera's metadata; a file is needed that transfera run trained, such as %s",
			file.Format, strings.Join(fileNames(kinds), " or "))
	}
	if m["kind"] == "" {
		return nil, m.decode("kind", nil)
	}
	c := &Checkpoint{File: file, Kind: m["kind"], Stage: m["stage"]}
	if !slices.Contains(kinds, c.Kind) {
		return nil, fmt.Errorf("the checkpoint of a %s; that of a %s is needed", c.Kind, strings.Join(kinds, " or a "))
	}
	if c.Kind == Recognizer {
		return c, c.parseRecognizer(m)
	}
	return c, c.parseProcessor(m)
}

func fileNames(kinds []string) []string {
	var names []string
	for _, kind := range kinds {
		name := kind + ".safetensors"
		if kind == Recognizer {
			name = "weights.safetensors"
		}
		names = append(names, name)
	}
	return names
}

// Network builds the network and loads the tensors, which must fit.
func (c *Checkpoint) Network() (*nn.Network, error) {
	size := c.Scale
	if c.Kind == Recognizer {
		size = c.Classes
	}
	network := c.Architecture.Unset(size, c.Options)
	return network, network.Load(c.File.Path, c.File.Tensors)
}
