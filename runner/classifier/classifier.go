// Package classifier loads a recognizer that names one class per image, as the commands that judge or serve by one need it.
package classifier

import (
	"errors"
	"fmt"
	"slices"

	"transfera/aten"
	"transfera/data"
	"transfera/data/imaging"
	"transfera/models"
	"transfera/models/nn"
	"transfera/models/recognizers"
	"transfera/models/weights"
)

// Settings say which recognizer it is. Mean and Std have three values each.
type Settings struct {
	Arch, Weights, Device string
	Options               map[string]string
	Mean, Std             []float64
}

// ImageNet's statistics are what networks are normalized by unless something else is said.
var (
	ImageNetMean = []float64{0.485, 0.456, 0.406}
	ImageNetStd  = []float64{0.229, 0.224, 0.225}
)

// Plan is what Settings come to before any file is read.
type Plan struct {
	Device        aten.Device
	Architecture  models.Architecture
	Options       models.Options
	Normalization models.Normalization
}

// Plan checks the settings. Its errors name flags.
func (s Settings) Plan() (p Plan, err error) {
	if p.Device, err = aten.ParseDevice(s.Device); err != nil {
		return p, err
	}
	if p.Normalization, err = normalization(s.Mean, s.Std); err != nil {
		return p, err
	}
	if p.Architecture, err = recognizers.Named(s.Arch); err != nil {
		return p, err
	}
	if p.Architecture.Detects {
		return p, fmt.Errorf("%s finds objects, and this command names one class per image; name a classifier (a spec with a dataset of objects judges detectors)", s.Arch)
	}
	if p.Options, err = p.Architecture.ParseOptions(s.Options); err != nil {
		return p, fmt.Errorf("--option %w", err)
	}
	return p, nil
}

func normalization(mean, std []float64) (n models.Normalization, err error) {
	if len(mean) != 3 || len(std) != 3 {
		return n, errors.New("--mean and --std have three values each, as in --mean 0.5,0.5,0.5")
	}
	if slices.ContainsFunc(std, func(v float64) bool { return !(v > 0) }) {
		return n, errors.New("--std has values above 0, as in --std 0.25,0.25,0.25")
	}
	for c := range 3 {
		n.Mean[c], n.Std[c] = float32(mean[c]), float32(std[c])
	}
	return n, nil
}

// Load builds the recognizer of so many classes with the tensors of a file: a frozen layer on the device from pictures
// (N,3,H,W) in [0,1] to logits (N,classes). Native errors panic, as everywhere below package aten.
func (p Plan) Load(file *weights.File, classes int) (nn.Layer, error) {
	network := p.Architecture.Unset(classes, p.Options)
	if err := network.Load(file.Path, file.Tensors); err != nil {
		return nil, err
	}
	network.To(p.Device)
	network.Freeze()
	return nn.Sequential{p.Normalization.On(p.Device), network}, nil
}

// Classes is how many classes the network in a file tells apart: the size of the tensor that depends on it, or as many as the
// architecture was made for where the file has no such tensor. Native errors panic.
func (p Plan) Classes(file *weights.File) int {
	two, three := p.Architecture.Unset(2, p.Options).Wants(), p.Architecture.Unset(3, p.Options).Wants()
	tensors := file.Tensors.TrimPrefix("module.")
	for i, want := range two {
		for d, size := range want.Shape {
			if size == three[i].Shape[d] {
				continue
			}
			if t, ok := tensors.Get(want.Name); ok && len(t.Shape) == len(want.Shape) && size == 2 {
				return int(t.Shape[d])
			}
		}
	}
	return p.Architecture.Input.Classes
}

// Prepare brings a picture to the form in which the recognizer is shown it: resized and cropped as in evaluation.
func Prepare(image *imaging.Image, resize, crop int) (*imaging.Image, error) {
	return data.Prepared(image, data.LoaderOptions{Resize: resize, Crop: crop})
}
