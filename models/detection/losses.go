package detection

import (
	"slices"

	"transfera/aten"
)

// Losses are the four parts of the detector's training loss, one-element tensors.
type Losses struct {
	Objectness aten.Tensor // cross-entropy of the sampled anchors
	RPNBox     aten.Tensor // smooth L1 of the offsets of anchors with an object, per sampled anchor
	Class      aten.Tensor // cross-entropy of the sampled proposals
	Box        aten.Tensor // smooth L1 of the offsets of proposals with an object, per sampled proposal
}

// Sum returns the whole loss.
func (l Losses) Sum() aten.Tensor {
	return aten.Add(aten.Add(l.Objectness, l.RPNBox), aten.Add(l.Class, l.Box))
}

const smoothL1Beta = 1.0 / 9

// Losses returns the training losses of one image, differentiable with respect to the image and to what is trained. The
// generator chooses anchors and proposals; take SamplingGenerator's. An image without objects has box losses of 0. A target
// that fails Check is an error.
func (d *Detector) Losses(image aten.Tensor, target Target, g *aten.Generator) (Losses, error) {
	n := d.network
	if err := target.Check(n.classes); err != nil {
		return Losses{}, err
	}
	v := n.look(image)
	proposals := n.propose(v, n.beforeTrain, n.afterTrain)
	var l Losses
	l.Objectness, l.RPNBox = n.proposalLosses(v, target, g)
	l.Class, l.Box = n.headLosses(v, append(proposals, target.Boxes...), target, g)
	return l, nil
}

func (n *network) proposalLosses(v view, target Target, g *aten.Generator) (objectness, box aten.Tensor) {
	matches := n.anchorMatch.match(target.Boxes, v.anchors)
	positive, negative := n.anchorSample.sample(matches, g)
	sampled := len(positive) + len(negative)
	if sampled == 0 {
		return nothing(v.objectness), nothing(v.offsets)
	}
	var logits, places []int64
	truth := make([]float32, sampled)
	var offsets []float32
	for i, anchor := range positive {
		truth[i] = 1
		logits = append(logits, int64(v.at(anchor, 0, 1)))
		for c, offset := range ProposalCoder.Encode(target.Boxes[matches[anchor]], v.anchors[anchor]) {
			places, offsets = append(places, int64(v.at(anchor, c, 4))), append(offsets, offset)
		}
	}
	for _, anchor := range negative {
		logits = append(logits, int64(v.at(anchor, 0, 1)))
	}
	chosen := aten.Take(v.objectness, aten.FromLongs(nil, logits, sampled))
	objectness = aten.BinaryCrossEntropy(chosen, aten.FromFloats(nil, truth, sampled).To(n.device))
	return objectness, n.boxLoss(v.offsets, places, offsets, sampled)
}

func (n *network) headLosses(v view, proposals []Box, target Target, g *aten.Generator) (class, box aten.Tensor) {
	matches := n.boxMatch.match(target.Boxes, proposals)
	positive, negative := n.boxSample.sample(matches, g)
	chosen := slices.Sorted(slices.Values(append(positive, negative...)))
	if len(chosen) == 0 {
		return nothing(v.features), nothing(v.features)
	}
	boxes, labels := make([]Box, len(chosen)), make([]int64, len(chosen))
	var places []int64
	var offsets []float32
	for i, p := range chosen {
		boxes[i] = proposals[p]
		if m := matches[p]; m >= 0 {
			labels[i] = target.Labels[m] + 1
			for c, offset := range HeadCoder.Encode(target.Boxes[m], proposals[p]) {
				place := (int64(i*(n.classes+1))+labels[i])*4 + int64(c)
				places, offsets = append(places, place), append(offsets, offset)
			}
		}
	}
	logits, refined := n.judge(v, boxes)
	class = aten.CrossEntropy(logits, aten.FromLongs(nil, labels, len(labels)).To(n.device))
	return class, n.boxLoss(refined, places, offsets, len(chosen))
}

// boxLoss is the smooth L1 of the elements at places and their targets, per sampled box.
func (n *network) boxLoss(predicted aten.Tensor, places []int64, targets []float32, sampled int) aten.Tensor {
	if len(places) == 0 {
		return nothing(predicted)
	}
	chosen := aten.Take(predicted, aten.FromLongs(nil, places, len(places)))
	wanted := aten.FromFloats(nil, targets, len(targets)).To(n.device)
	return aten.MulScalar(aten.SmoothL1Sum(chosen, wanted, smoothL1Beta), 1/float64(sampled))
}

// nothing is a loss of 0 that backward may start from.
func nothing(of aten.Tensor) aten.Tensor {
	return aten.MulScalar(aten.Sum(aten.Narrow(of, 1, 0, 0)), 0)
}
