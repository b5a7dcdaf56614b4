package detection

import "math"

// Box is (x1, y1, x2, y2) in pixels of the detector's input image: its left, upper, right and lower edge. A pixel spans 1, so
// that the whole image is (0, 0, width, height).
type Box = [4]float32

// Products are converted to float32 before they are added: the compiler must not fuse the two, since thresholds decide on
// the last bit, and PyTorch, which rounds in between, decides with it.

func area(b Box) float32 { return (b[2] - b[0]) * (b[3] - b[1]) }

// iou is the intersection over union of a and b, given their areas; NaN when both are empty.
func iou(a, b Box, areaA, areaB float32) float32 {
	width := max(min(a[2], b[2])-max(a[0], b[0]), 0)
	height := max(min(a[3], b[3])-max(a[1], b[1]), 0)
	intersection := float32(width * height)
	return intersection / (areaA + areaB - intersection)
}

// IoU returns the intersection over union of each pair, as torchvision.ops.box_iou: row i, column j is that of a[i] and b[j].
func IoU(a, b []Box) [][]float32 {
	areas := make([]float32, len(b))
	for j, box := range b {
		areas[j] = area(box)
	}
	rows := make([][]float32, len(a))
	for i, box := range a {
		rows[i] = make([]float32, len(b))
		own := area(box)
		for j, other := range b {
			rows[i][j] = iou(box, other, own, areas[j])
		}
	}
	return rows
}

// Coder turns boxes into offsets (dx, dy, dw, dh) relative to reference boxes and back: the distance of the centres in units
// of the reference's size, and the logarithm of the ratio of sizes, each times its weight (Girshick et al. 2014, appendix C).
type Coder struct{ Weights [4]float32 }

// The coders of the two stages.
var (
	ProposalCoder = Coder{Weights: [4]float32{1, 1, 1, 1}}
	HeadCoder     = Coder{Weights: [4]float32{10, 10, 5, 5}}
)

// largestGrowth is the largest dw and dh that Decode believes, after division by the weights.
var largestGrowth = float32(math.Log(1000.0 / 16))

// Encode returns the offsets of box relative to reference. Both need a positive width and height.
func (c Coder) Encode(box, reference Box) [4]float32 {
	var offsets [4]float32
	for d := range 2 { // x, then y
		size, wanted := reference[d+2]-reference[d], box[d+2]-box[d]
		centre, wantedCentre := reference[d]+float32(0.5*size), box[d]+float32(0.5*wanted)
		offsets[d] = float32(c.Weights[d]*(wantedCentre-centre)) / size
		offsets[d+2] = c.Weights[d+2] * float32(math.Log(float64(wanted/size)))
	}
	return offsets
}

// Decode returns the box at the offsets from reference.
func (c Coder) Decode(offsets [4]float32, reference Box) Box {
	var box Box
	for d := range 2 {
		size := reference[d+2] - reference[d]
		centre := reference[d] + float32(0.5*size)
		centre = float32(offsets[d]/c.Weights[d]*size) + centre
		growth := min(offsets[d+2]/c.Weights[d+2], largestGrowth)
		half := float32(0.5 * float32(float32(math.Exp(float64(growth)))*size))
		box[d], box[d+2] = centre-half, centre+half
	}
	return box
}

// Clip returns the part of b inside an image of height and width pixels.
func Clip(b Box, height, width int) Box {
	for i, limit := range [4]float32{float32(width), float32(height), float32(width), float32(height)} {
		b[i] = min(max(b[i], 0), limit)
	}
	return b
}

// Large tells whether both sides of b have at least smallest pixels.
func Large(b Box, smallest float32) bool { return b[2]-b[0] >= smallest && b[3]-b[1] >= smallest }
