package detection

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
	"transfera/models/weights"
)

// Target is what an image shows.
type Target struct {
	Boxes  []Box
	Labels []int64 // of each box: 0 to classes-1, without a background class
}

// Check returns an error unless the target has a label of 0 to classes-1 and a positive width and height for every box.
func (t Target) Check(classes int) error {
	if len(t.Boxes) != len(t.Labels) {
		return fmt.Errorf("target has %d boxes and %d labels; give each box one label", len(t.Boxes), len(t.Labels))
	}
	for i, b := range t.Boxes {
		if !(b[2] > b[0] && b[3] > b[1]) {
			return fmt.Errorf("box %d of the target is %v; give it a positive width and height", i, b)
		}
		if t.Labels[i] < 0 || t.Labels[i] >= int64(classes) {
			return fmt.Errorf("box %d of the target has label %d; expected 0 to %d", i, t.Labels[i], classes-1)
		}
	}
	return nil
}

// Detections are the objects found in an image, best first.
type Detections struct {
	Boxes  []Box
	Labels []int64 // 0 to classes-1
	Scores []float32
}

// Detector is a Faster R-CNN. Images are (1,3,H,W), normalized as its architecture's Input says, of any size. Parameters
// gives what is to be trained: neither pretrained first layers nor BatchNorms are.
type Detector struct {
	*nn.Network
	network *network
}

// New builds the detector of an architecture of this package for so many classes of objects, with initial values from the
// stream of seed.
func New(a models.Architecture, seed uint64, classes int, given models.Options) *Detector {
	return Of(a.New(seed, classes, given))
}

// Of returns the detector that a network of one of this package's architectures is; any other network is a bug and panics.
func Of(n *nn.Network) *Detector { return &Detector{Network: n, network: n.Layer.(*network)} }

// To moves the whole state to a device, as nn.Network's To; images have to be there as well.
func (d *Detector) To(device aten.Device) {
	d.Network.To(device)
	d.network.device = device
}

// Classes returns the number of classes of objects.
func (d *Detector) Classes() int { return d.network.classes }

// FitClassifier returns what the detector takes of the state of a classifier of the architecture that its first layers have,
// under its own names: the backbone and the head, without the classifier's last layer. A missing, unexpected or
// mis-shaped tensor is an error, as is a detector that has no classifier to start from; source names dict's origin in it.
func (d *Detector) FitClassifier(source string, dict weights.Dict) (weights.Dict, error) {
	if d.network.fromClassifier == nil {
		return nil, fmt.Errorf("%s: this detector has no classifier to start from; train it from its initial values", source)
	}
	var known weights.Dict
	for _, t := range dict.TrimPrefix("module.") {
		if name := d.network.fromClassifier(t.Name); name != "" {
			t.Name = name
			known = append(known, t)
		}
	}
	want := slices.DeleteFunc(d.Wants(), func(w weights.Want) bool { return !d.network.pretrained(w.Name) })
	if err := weights.Match(want, known); err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	if err := known.CheckFinite(); err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	return known, nil
}

// LoadClassifier sets what FitClassifier returns; what only the detector has stays as it is. After an error nothing has
// changed.
func (d *Detector) LoadClassifier(source string, dict weights.Dict) error {
	known, err := d.FitClassifier(source, dict)
	if err != nil {
		return err
	}
	state := d.Dict()
	for i, t := range state {
		if stored, ok := known.Get(t.Name); ok {
			state[i] = stored
		}
	}
	return d.Load(source, state)
}

// pretrained tells whether a tensor of the detector comes from a classifier.
func (n *network) pretrained(name string) bool {
	return strings.HasPrefix(name, "backbone.") || !n.ownHead && strings.HasPrefix(name, "roi_heads.box_head.")
}

// Detect finds the objects of an image. It records nothing for backward. What the network says must be finite: boxes that are
// no numbers would only be left out, and the image would seem to be empty.
func (d *Detector) Detect(image aten.Tensor) (found Detections, err error) {
	n := d.network
	aten.NoGrad(func() {
		aten.Within(image, func(image aten.Tensor) aten.Tensor {
			v := n.look(image)
			if err = finite(v.objectness, v.offsets); err != nil {
				return image
			}
			if proposals := n.propose(v, n.beforeTest, n.afterTest); len(proposals) > 0 {
				logits, offsets := n.judge(v, proposals)
				if err = finite(logits, offsets); err != nil {
					return image
				}
				found = n.decide(v, proposals, aten.Softmax(logits, 1).Floats(), offsets.Floats())
			}
			return image
		})
	})
	return found, err
}

func finite(scores, offsets aten.Tensor) error {
	if aten.FirstNotFinite(scores, offsets) >= 0 {
		return errors.New("the detector's outputs are no finite numbers; its image or its weights may be damaged")
	}
	return nil
}

// decide turns the probabilities and offsets of every proposal and class, background first, into detections.
func (n *network) decide(v view, proposals []Box, probabilities, offsets []float32) Detections {
	var all Detections
	for i, p := range proposals {
		for c := 1; c <= n.classes; c++ {
			at := i*(n.classes+1) + c
			if probabilities[at] <= float32(n.threshold) {
				continue
			}
			box := Clip(HeadCoder.Decode([4]float32(offsets[at*4:at*4+4]), p), v.height, v.width)
			if Large(box, 1e-2) {
				all.Boxes, all.Labels = append(all.Boxes, box), append(all.Labels, int64(c-1))
				all.Scores = append(all.Scores, probabilities[at])
			}
		}
	}
	var found Detections
	for _, i := range SuppressPerClass(all.Boxes, all.Scores, all.Labels, n.overlap, n.limit) {
		found.Boxes, found.Labels = append(found.Boxes, all.Boxes[i]), append(found.Labels, all.Labels[i])
		found.Scores = append(found.Scores, all.Scores[i])
	}
	return found
}
