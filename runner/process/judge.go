package process

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"transfera/aten"
	"transfera/data/imaging"
	"transfera/models"
	"transfera/models/checkpoint"
	"transfera/models/nn"
	"transfera/runner/classifier"
)

// judge is a recognizer that tells what it sees in a picture.
type judge struct {
	name    string
	network nn.Layer // behind its normalization
	input   models.Input
	labels  []string // nil: numbers
	device  aten.Device
}

// Prediction is one class and its confidence, from 0 to 1.
type Prediction struct {
	Label      string
	Confidence float64
}

// top is how many classes are told.
const top = 5

// readJudges reads recognizers given as FILE or NAME=FILE. labels, unless "", is a file of names for those without.
func readJudges(given []string, labels string, device aten.Device) ([]*judge, error) {
	if labels != "" && len(given) == 0 {
		return nil, fmt.Errorf("--labels %s names the classes of a --recognizer, and there is none", labels)
	}
	var judges []*judge
	for _, text := range given {
		name, path, named := strings.Cut(text, "=")
		if !named {
			path = text
		}
		c, err := checkpoint.Read(path, checkpoint.Recognizer)
		if err != nil {
			return nil, fmt.Errorf("--recognizer: %w", err)
		}
		if c.Architecture.Detects {
			return nil, fmt.Errorf("--recognizer %s: %s finds objects; name a classifier", path, c.Architecture.Name)
		}
		j := &judge{name: name, input: c.Architecture.Input, labels: c.Labels, device: device}
		if !named {
			j.name = c.Architecture.Name
		}
		if slices.ContainsFunc(judges, func(other *judge) bool { return other.name == j.name }) {
			return nil, fmt.Errorf("--recognizer: two are called %s; name one, as in --recognizer other=%s", j.name, path)
		}
		if j.labels == nil && labels != "" {
			if j.labels, err = readLabels(labels, c.Classes); err != nil {
				return nil, err
			}
		}
		network, err := c.Network()
		if err != nil {
			return nil, fmt.Errorf("--recognizer: %w", err)
		}
		if err := aten.Catch(func() {
			network.To(device)
			network.Freeze()
			j.network = nn.Sequential{c.Normalization.On(device), network}
		}); err != nil {
			return nil, fmt.Errorf("--recognizer %s: %w", path, err)
		}
		judges = append(judges, j)
	}
	return judges, nil
}

// readLabels reads the names of so many classes.
func readLabels(path string, classes int) ([]string, error) {
	labels, err := classifier.ReadLabels(path)
	if err == nil && len(labels) != classes {
		err = fmt.Errorf("--labels %s: %d names; the recognizer has %d classes", filepath.Base(path), len(labels), classes)
	}
	return labels, err
}

func (j *judge) warm() error {
	_, err := j.predict(imaging.New(j.input.Resize, j.input.Resize))
	return err
}

// predict prepares a picture as the recognizer's usual evaluation does and returns the likeliest classes.
func (j *judge) predict(m *imaging.Image) ([]Prediction, error) {
	m, err := classifier.Prepare(m, j.input.Resize, j.input.Crop)
	if err != nil {
		return nil, err
	}
	planes := make([]float32, 3*m.Width*m.Height)
	m.Planar(planes)
	var logits []float32
	err = aten.Catch(func() {
		aten.NoGrad(func() {
			s := aten.NewScope()
			defer s.Close()
			x := aten.FromFloats(s, planes, 1, 3, m.Height, m.Width).To(j.device)
			logits = j.network.Forward(x).Floats()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("recognizer %s: %w", j.name, err)
	}
	guesses, err := classifier.Ranked(logits)
	if err != nil {
		return nil, fmt.Errorf("recognizer %s: %w", j.name, err)
	}
	var predictions []Prediction
	for _, g := range guesses[:min(top, len(guesses))] {
		predictions = append(predictions, Prediction{j.label(g.Class), g.Score})
	}
	return predictions, nil
}

func (j *judge) label(class int) string {
	if j.labels == nil {
		return fmt.Sprintf("class %d", class)
	}
	return j.labels[class]
}
