package stages

import (
	"fmt"
	"strings"

	"transfera/experiments"
	"transfera/models"
	"transfera/models/detection"
	"transfera/models/nn"
	"transfera/models/weights"
	"transfera/results/atomicfile"
)

// read reads a file of a recognizer's weights, after comparing it with the checksum that the spec gives, if it does.
func read(spec experiments.Recognizer, path string) (*weights.File, error) {
	if spec.SHA256 != "" {
		sum, err := atomicfile.Sum(path)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(sum, spec.SHA256) {
			advice := ""
			if spec.Download != "" {
				advice = "; get it again: " + spec.Download
			}
			return nil, fmt.Errorf("%s: its SHA-256 begins with %.*s, not with %s as the spec says: it is damaged or another file%s",
				path, len(spec.SHA256), sum, spec.SHA256, advice)
		}
	}
	return weights.Load(path)
}

// start is R before its training: network, with the backbone that the spec names.
func (r *recognizer) start(env *Environment) (*nn.Network, error) {
	network := r.network()
	if r.spec.Backbone == "" {
		return network, nil
	}
	path := r.spec.Backbone
	if r.backbone != nil {
		path = env.Store.File(r.backbone.Key, WeightsFile)
	}
	file, err := read(r.spec, path)
	if err != nil {
		return nil, err
	}
	return network, detection.Of(network).LoadClassifier(file.Path, file.Tensors)
}

// fitsInto tells whether a detector can start from the classifier, before there are any weights.
func (r *recognizer) fitsInto(detector *nn.Network) error {
	var tensors weights.Dict
	for _, want := range r.architecture.Unset(len(r.classes), models.Options(r.spec.Options)).Wants() {
		tensors = append(tensors, weights.Tensor{Name: want.Name, DType: weights.F32, Shape: want.Shape})
	}
	_, err := detection.Of(detector).FitClassifier("backbone "+r.name, tensors)
	return err
}
