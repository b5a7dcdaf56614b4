package detection

import (
	"transfera/aten"
	"transfera/models"
	"transfera/models/nn"
)

// network is the layers of a Faster R-CNN and its settings.
type network struct {
	trunk
	settings
	convolution, objectness, offsets nn.Layer // of the region proposal network
	score, refine                    nn.Layer // of the predictor
	classes                          int      // of objects
	device                           aten.Device
}

// trunk is what distinguishes one Faster R-CNN from another.
type trunk struct {
	backbone nn.Layer // (1,3,H,W) to (1,channels,H/stride,W/stride)
	channels int
	stride   int
	head     nn.Layer // (boxes,channels,roi_size,roi_size) to (boxes,width)
	width    int
	// fromClassifier returns the name of a classifier's tensor in the detector; "" for one that it does not use.
	fromClassifier func(name string) string
	// ownHead says that the head does not come from the classifier.
	ownHead bool
}

// newNetwork adds the layers that every Faster R-CNN has, named and initialized as in torchvision.
func newNetwork(b nn.Builder, t trunk, classes int, o models.Options) *network {
	n := &network{trunk: t, settings: settingsOf(o), classes: classes}
	rpn := b.In("rpn").In("head").Initialized(nn.Initialization{Convolution: nn.Normal(0.01), ZeroBias: true})
	anchors := n.anchors.Count()
	n.convolution = nn.Sequential{rpn.Conv2d("conv.0.0", t.channels, t.channels, 3, nn.Same(3)), nn.Func(aten.ReLUInPlace)}
	n.objectness = rpn.Conv2d("cls_logits", t.channels, anchors, 1, nn.ConvOptions{})
	n.offsets = rpn.Conv2d("bbox_pred", t.channels, 4*anchors, 1, nn.ConvOptions{})
	predictor := b.In("roi_heads").In("box_predictor").Initialized(nn.Initialization{})
	n.score = predictor.Linear("cls_score", t.width, classes+1)
	n.refine = predictor.Linear("bbox_pred", t.width, 4*(classes+1))
	return n
}

// Forward maps an image (1,3,H,W) to its features.
func (n *network) Forward(image aten.Tensor) aten.Tensor { return n.backbone.Forward(image) }

// padding is what image sides are made a multiple of, with zeros on the right and below, as torchvision does.
const padding = 32

// view is an image and what the region proposal network says of it.
type view struct {
	height, width       int // of the image without padding
	features            aten.Tensor
	objectness, offsets aten.Tensor // (1,anchors,rows,columns) and (1,4 anchors,rows,columns)
	anchors             []Box
	perPosition         int
	plane               int // rows times columns
}

func (n *network) look(image aten.Tensor) view {
	shape := image.Shape()
	v := view{height: shape[2], width: shape[3], perPosition: n.anchors.Count()}
	below, right := (padding-v.height%padding)%padding, (padding-v.width%padding)%padding
	if below+right > 0 {
		image = aten.PadZero(image, 0, right, 0, below)
	}
	v.features = n.Forward(image)
	hidden := n.convolution.Forward(v.features)
	v.objectness, v.offsets = n.objectness.Forward(hidden), n.offsets.Forward(hidden)
	grid := v.features.Shape()
	v.anchors = n.anchors.Grid(grid[2], grid[3], v.height+below, v.width+right)
	v.plane = grid[2] * grid[3]
	return v
}

// at returns where channel c of perAnchor of an anchor is in the memory of (1,anchors*perAnchor,rows,columns).
func (v view) at(anchor, c, perAnchor int) int {
	position, kind := anchor/v.perPosition, anchor%v.perPosition
	return (kind*perAnchor+c)*v.plane + position
}

// propose returns the boxes that most likely hold an object: the best before limits, then what suppression leaves of them.
func (n *network) propose(v view, before, after int) []Box {
	objectness, offsets := v.objectness.Floats(), v.offsets.Floats()
	ordered := make([]float32, len(v.anchors))
	for i := range ordered {
		ordered[i] = objectness[v.at(i, 0, 1)]
	}
	best := descending(ordered)
	var boxes []Box
	var scores []float32
	for _, i := range best[:min(before, len(best))] {
		var o [4]float32
		for c := range o {
			o[c] = offsets[v.at(i, c, 4)]
		}
		box := Clip(ProposalCoder.Decode(o, v.anchors[i]), v.height, v.width)
		if Large(box, 1e-3) {
			boxes, scores = append(boxes, box), append(scores, ordered[i])
		}
	}
	kept := Suppress(boxes, scores, n.proposalOverlap, after)
	proposals := make([]Box, len(kept))
	for i, k := range kept {
		proposals[i] = boxes[k]
	}
	return proposals
}

// judge returns the class logits (boxes,classes+1), of which class 0 is the background, and the offsets
// (boxes,4(classes+1)) of boxes.
func (n *network) judge(v view, boxes []Box) (logits, offsets aten.Tensor) {
	regions := aten.Regions{High: n.roiSize, Wide: n.roiSize, Scale: 1 / float64(n.stride), Sampling: n.sampling}
	pool := aten.RoIAlign
	if n.maximum {
		pool = aten.RoIPool
	}
	hidden := n.head.Forward(pool(v.features, boxes, regions))
	return n.score.Forward(hidden), n.refine.Forward(hidden)
}
