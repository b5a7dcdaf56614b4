package boundary

import "transfera/aten"

// piece is about how many values of a batch are computed at once, so that what that needs stays small beside the batch.
const piece = 1 << 20

// points is the memory of one batch of images on the device. It is used again for every batch: taking fresh memory of that
// size from the system each time costs more than computing what goes in.
type points struct {
	images aten.Tensor // (size,3,H,W)
	device aten.Device
	each   int // images per piece
}

func newPoints(scope *aten.Scope, device aten.Device, size, height, width int) points {
	images := aten.Empty(scope, size, 3, height, width).To(device)
	return points{images: images, device: device, each: max(1, piece/(3*height*width))}
}

// fill overwrites the images from the given place on, one per coefficient in along, with base + along*axis. base and axis
// are (1,3,H,W), the same for all, or (n,3,H,W).
func (p points) fill(place int, base, axis aten.Tensor, along []float64) {
	for start := 0; start < len(along); start += p.each {
		end := min(start+p.each, len(along))
		scope := aten.NewScope()
		b, a := rows(base, start, end), rows(axis, start, end)
		sum := aten.AddInPlace(aten.Mul(column(scope, p.device, along[start:end]), a), b) // of the first operand's scope
		at := aten.Narrow(p.images, 0, place+start, end-start)
		at.CopyFrom(sum)
		for _, view := range []aten.Tensor{b, a, at} {
			view.Free()
		}
		scope.Close()
	}
}

// add adds across*axis to the first images, one per coefficient; axis is (1,3,H,W).
func (p points) add(axis aten.Tensor, across []float64) {
	for start := 0; start < len(across); start += p.each {
		end := min(start+p.each, len(across))
		scope := aten.NewScope()
		at := aten.Narrow(p.images, 0, start, end-start)
		aten.AddInPlace(at, aten.Mul(column(scope, p.device, across[start:end]), axis))
		at.Free()
		scope.Close()
	}
}

// predict returns f's labels of the first n images.
func (p points) predict(f Classifier, n int) (labels []int64, classes int, err error) {
	images := aten.Narrow(p.images, 0, 0, n)
	defer images.Free()
	return predict(f, images)
}

// rows is the images start..end-1, or the only one.
func rows(t aten.Tensor, start, end int) aten.Tensor {
	if t.Dim(0) == 1 {
		start, end = 0, 1
	}
	return aten.Narrow(t, 0, start, end-start)
}

// column puts one coefficient per point on the device, (n,1,1,1).
func column(scope *aten.Scope, device aten.Device, values []float64) aten.Tensor {
	coefficients := make([]float32, len(values))
	scaled(coefficients, values, 1)
	return tensorOf(scope, device, coefficients, len(values), 1, 1, 1)
}
