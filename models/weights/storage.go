package weights

import (
	"errors"
	"fmt"
	"math"
)

// storage is a run of elements in a PyTorch file. Its bytes are read when the
// first tensor of the state dict needs them, so what only an optimizer uses is
// never read.
type storage struct {
	key      string
	dtype    DType
	elements int64
	at       int64  // legacy format: where the elements begin in the file
	data     []byte // nil until read
}

// storageView is the part of a storage that a tensor may address. Parts other
// than the whole exist only in files of PyTorch before 0.4.
type storageView struct {
	storage         *storage
	start, elements int64
}

// storageSet is the storages of a file by their keys.
type storageSet map[string]*storage

// view returns the whole storage of that key, entering it at its first mention.
func (set storageSet) view(key string, dtype DType, elements int64) (*storageView, error) {
	s, known := set[key]
	if !known {
		s = &storage{key: key, dtype: dtype, elements: elements}
		set[key] = s
	}
	if elements < 0 || s.elements != elements || s.dtype != dtype {
		return nil, refuse("storage %s is described as %d of %s and as %d of %s",
			key, s.elements, s.dtype, elements, dtype)
	}
	return &storageView{storage: s, elements: elements}, nil
}

// pickledTensor is a tensor as a pickle describes it: a strided window on a
// storage. Offset and stride count elements.
type pickledTensor struct {
	view   *storageView
	offset int64
	shape  []int64
	stride []int64
}

// loader turns pickled tensors into contiguous ones.
type loader struct {
	read func(*storage) ([]byte, error) // the storage's bytes, little-endian
	// spare bounds the bytes of all tensors together. A view with stride 0 can
	// claim any size with a storage of one element, and any number of tensors
	// can share one storage.
	spare int64
}

// newLoader allows eight times the bytes of the file and 64 MiB in any case.
func newLoader(fileSize int64, read func(*storage) ([]byte, error)) *loader {
	return &loader{read: read, spare: 64<<20 + 8*fileSize}
}

// tensor reads one tensor. A contiguous one shares memory with its storage.
func (l *loader) tensor(name string, t *pickledTensor) (Tensor, error) {
	fail := func(err error) (Tensor, error) { return Tensor{}, fmt.Errorf("tensor %s: %w", name, err) }
	s := t.view.storage
	size := int64(s.dtype.Size())
	bytes, err := byteCount(t.shape, s.dtype)
	if err != nil {
		return fail(err)
	}
	out := Tensor{Name: name, DType: s.dtype, Shape: t.shape, Data: []byte{}}
	if bytes == 0 {
		return out, nil
	}
	if err := t.checkExtent(); err != nil {
		return fail(err)
	}
	if bytes > l.spare {
		return fail(fmt.Errorf("views of shared storages, of which this one (%s) needs %d bytes, "+
			"come to more than a file of this size can mean", formatShape(t.shape), bytes))
	}
	l.spare -= bytes
	if s.data == nil {
		if s.data, err = l.read(s); err != nil {
			return fail(err)
		}
	}
	first := t.view.start + t.offset
	if t.contiguous() {
		out.Data = s.data[first*size : first*size+bytes : first*size+bytes]
		return out, nil
	}
	out.Data = gather(s.data, first, t.shape, t.stride, int(size))
	return out, nil
}

// checkExtent checks that a tensor with elements lies within its view.
func (t *pickledTensor) checkExtent() error {
	outside := errors.New("lies outside of its storage: the file is damaged")
	last := t.offset
	if last < 0 || last >= t.view.elements {
		return outside
	}
	for i, d := range t.shape {
		step := t.stride[i]
		if step < 0 || step > 0 && d-1 > (math.MaxInt64-last)/step {
			return outside
		}
		last += (d - 1) * step
		if last >= t.view.elements {
			return outside
		}
	}
	return nil
}

// contiguous reports whether the elements lie in C order without gaps. The
// stride of a dimension of 1 is never used.
func (t *pickledTensor) contiguous() bool {
	next := int64(1)
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] != 1 && t.stride[i] != next {
			return false
		}
		next *= t.shape[i]
	}
	return true
}

// gather copies a strided window into C order, counting through its indices
// like an odometer.
func gather(src []byte, first int64, shape, stride []int64, size int) []byte {
	n, element := int64(1), int64(size)
	for _, d := range shape {
		n *= d
	}
	dst := make([]byte, 0, n*element)
	index := make([]int64, len(shape))
	at := first
	for {
		dst = append(dst, src[at*element:(at+1)*element]...)
		dim := len(shape) - 1
		for ; dim >= 0; dim-- {
			index[dim]++
			at += stride[dim]
			if index[dim] < shape[dim] {
				break
			}
			at -= index[dim] * stride[dim]
			index[dim] = 0
		}
		if dim < 0 {
			return dst
		}
	}
}
