package weights

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"sort"
	"strings"
)

// Dict is a state dict: tensors in the order of their file, each name once.
type Dict []Tensor

// Get returns the tensor of that name, and whether there is one.
func (d Dict) Get(name string) (Tensor, bool) {
	for _, t := range d {
		if t.Name == name {
			return t, true
		}
	}
	return Tensor{}, false
}

// TrimPrefix returns d without the prefix when every name carries it, and d
// itself otherwise. torch.nn.DataParallel puts "module." before all names of
// the network it wraps. Trimming all or none keeps names distinct, and leaves
// it to Match to report a file that is half one and half the other.
func (d Dict) TrimPrefix(prefix string) Dict {
	trimmed := make(Dict, len(d))
	for i, t := range d {
		if !strings.HasPrefix(t.Name, prefix) {
			return d
		}
		t.Name = strings.TrimPrefix(t.Name, prefix)
		trimmed[i] = t
	}
	return trimmed
}

// Rename returns d under the names that rename gives. Two tensors that come to
// one name are an error.
func (d Dict) Rename(rename func(name string) string) (Dict, error) {
	renamed := make(Dict, len(d))
	before := make(map[string]string, len(d))
	for i, t := range d {
		name := rename(t.Name)
		if other, taken := before[name]; taken {
			return nil, fmt.Errorf("tensors %s and %s are both %s; keep one of them", other, t.Name, name)
		}
		before[name] = t.Name
		t.Name = name
		renamed[i] = t
	}
	return renamed, nil
}

// Checksum returns the SHA-256, in hexadecimal, of the names, types, shapes and
// bytes. It depends neither on the file format nor on the order: the same
// tensors read from a .pth file and from safetensors have the same sum.
//
// What is hashed, for the tensors sorted by name (as bytes): the name, the
// type's name, the number of dimensions, each dimension, and the data; a string
// and the data are preceded by their length, and every number is an unsigned
// 64-bit little-endian integer.
func (d Dict) Checksum() string {
	sorted := append(Dict{}, d...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Name < sorted[j].Name })
	h := sha256.New()
	for _, t := range sorted {
		hashBytes(h, []byte(t.Name))
		hashBytes(h, []byte(t.DType.String()))
		hashNumber(h, uint64(len(t.Shape)))
		for _, dimension := range t.Shape {
			hashNumber(h, uint64(dimension))
		}
		hashBytes(h, t.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func hashBytes(h hash.Hash, b []byte) {
	hashNumber(h, uint64(len(b)))
	h.Write(b)
}

func hashNumber(h hash.Hash, n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	h.Write(b[:])
}
