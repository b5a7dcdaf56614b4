package nn

import (
	"fmt"

	"transfera/aten"
	"transfera/models/weights"
)

// ToWeights copies a tensor out of libtorch.
func ToWeights(name string, t aten.Tensor) weights.Tensor {
	dtype := weights.F32
	switch t.Type() {
	case aten.Float:
	case aten.Double:
		dtype = weights.F64
	case aten.Long:
		dtype = weights.I64
	case aten.Byte:
		dtype = weights.U8
	default:
		panic(fmt.Sprintf("nn: tensor %s has element type %d, which no network state has", name, t.Type()))
	}
	return weights.Tensor{Name: name, DType: dtype, Shape: wide(t.Shape()), Data: t.Data()}
}

// FromWeights copies a stored tensor into libtorch: integers as int64 (bytes stay bytes), every floating-point type as
// float32.
func FromWeights(stored weights.Tensor) (aten.Tensor, error) {
	shape := make([]int, len(stored.Shape))
	for i, d := range stored.Shape {
		shape[i] = int(d)
	}
	switch stored.DType {
	case weights.U8:
		return aten.FromBytes(nil, stored.Data, shape...), nil
	case weights.F32:
		return aten.FromData(nil, aten.Float, stored.Data, shape...), nil
	case weights.F16, weights.BF16, weights.F64:
		values, err := stored.Floats()
		if err != nil {
			return aten.Tensor{}, err
		}
		return aten.FromFloats(nil, values, shape...), nil
	}
	values, err := stored.Longs()
	if err != nil {
		return aten.Tensor{}, err
	}
	return aten.FromLongs(nil, values, shape...), nil
}
