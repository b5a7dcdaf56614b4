package boundary

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
)

// linear is the classifier with logits weight x + bias; weight is (classes, dimension).
type linear struct {
	weight [][]float64
	bias   []float64
}

func (l linear) classifier() Classifier {
	var weight, bias []float32
	for k, row := range l.weight {
		for _, w := range row {
			weight = append(weight, float32(w))
		}
		bias = append(bias, float32(l.bias[k]))
	}
	w, b := aten.FromFloats(nil, weight, len(bias), len(weight)/len(bias)), aten.FromFloats(nil, bias, len(bias))
	return ClassifierFunc(func(x aten.Tensor) aten.Tensor { return aten.Linear(aten.Flatten(x, 1), w, b) })
}

func (l linear) logit(k int, x []float32) float64 {
	z := l.bias[k]
	for i, v := range x {
		z += l.weight[k][i] * float64(v)
	}
	return z
}

func randomLinear(rng *rand.Rand, classes, dimension int) linear {
	l := linear{weight: make([][]float64, classes), bias: make([]float64, classes)}
	for k := range l.weight {
		l.bias[k] = float64(float32(rng.NormFloat64()))
		for range dimension {
			l.weight[k] = append(l.weight[k], float64(float32(rng.NormFloat64())))
		}
	}
	return l
}

func randomImages(rng *rand.Rand, n, height, width int) Images {
	x := Images{Height: height, Width: width, Pixels: make([]float32, n*3*height*width)}
	for i := range x.Pixels {
		x.Pixels[i] = rng.Float32()
	}
	return x
}

// plainGo makes a classifier of a function from an image's values to its logits.
func plainGo(classes int, logits func(image []float32) []float32) Classifier {
	return ClassifierFunc(func(x aten.Tensor) aten.Tensor {
		n, values := x.Dim(0), x.Floats()
		var all []float32
		for i := range n {
			all = append(all, logits(values[i*len(values)/n:(i+1)*len(values)/n])...)
		}
		return aten.FromFloats(nil, all, n, classes)
	})
}

// labelled makes a classifier of a function from an image's values to its label.
func labelled(classes int, label func(image []float32) int) Classifier {
	return plainGo(classes, func(image []float32) []float32 {
		logits := make([]float32, classes)
		logits[label(image)] = 1
		return logits
	})
}

// halfSpace says 1 where the first value of the image exceeds the threshold, and 0 elsewhere.
func halfSpace(threshold float32) Classifier {
	return labelled(2, func(image []float32) int {
		if image[0] > threshold {
			return 1
		}
		return 0
	})
}

// noise labels each point at random, with the given shares of the labels; salts make it independent.
func noise(salt uint64, shares ...float64) Classifier {
	return labelled(len(shares), func(image []float32) int {
		h := fnv.New64a()
		_ = binary.Write(h, binary.LittleEndian, image)
		uniform := rand.New(rand.NewPCG(h.Sum64(), salt)).Float64()
		for label, share := range shares {
			if uniform -= share; uniform < 0 {
				return label
			}
		}
		return len(shares) - 1
	})
}

// along returns 1x1 images on the axis of the first value.
func along(values ...float32) Images {
	x := Images{Height: 1, Width: 1}
	for _, v := range values {
		x.Pixels = append(x.Pixels, v, 0, 0)
	}
	return x
}

// watched counts the images that f gets, and the most at once.
func watched(f Classifier, images, most *int) Classifier {
	return ClassifierFunc(func(x aten.Tensor) aten.Tensor {
		*images += x.Dim(0)
		*most = max(*most, x.Dim(0))
		return f.Logits(x)
	})
}

// cancelling ends the context in the given call, and counts calls.
func cancelling(f Classifier, cancel context.CancelFunc, at int, calls *int) Classifier {
	return ClassifierFunc(func(x aten.Tensor) aten.Tensor {
		if *calls++; *calls == at {
			cancel()
		}
		return f.Logits(x)
	})
}

func batches(size int) Batches { return Batches{Size: size} }

func TestEqualLogitsGoToTheLowerClass(t *testing.T) {
	cases := []struct {
		name   string
		logits []float32
		label  int64
	}{
		{"all equal", []float32{2, 2, 2}, 0},
		{"the last two", []float32{-1, 3, 3}, 1},
		{"the outer two", []float32{3, 1, 3}, 0},
		{"the highest is last", []float32{1, 2, 3}, 2},
		{"all negative", []float32{-3, -1, -2}, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, double := range []bool{false, true} {
				f := ClassifierFunc(func(x aten.Tensor) aten.Tensor {
					z := aten.FromFloats(nil, c.logits, 1, len(c.logits))
					if double {
						return z.Cast(aten.Double)
					}
					return z
				})
				labels, err := Predict(t.Context(), f, along(0), batches(1))
				require.NoError(t, err)
				assert.Equal(t, []int64{c.label}, labels)
			}
		})
	}
}

func TestDoubleLogitsAreNotRounded(t *testing.T) {
	f := ClassifierFunc(func(x aten.Tensor) aten.Tensor {
		return aten.AddScalar(aten.FromFloats(nil, []float32{0, 1e-12}, 1, 2).Cast(aten.Double), 1)
	})
	labels, err := Predict(t.Context(), f, along(0), batches(1))
	require.NoError(t, err)
	assert.Equal(t, []int64{1}, labels)
}

func TestPredictRefusesBadInput(t *testing.T) {
	good := halfSpace(0)
	logits := func(values []float32, shape ...int) Classifier {
		return ClassifierFunc(func(aten.Tensor) aten.Tensor { return aten.FromFloats(nil, values, shape...) })
	}
	nan := float32(math.NaN())
	cases := []struct {
		name string
		f    Classifier
		x    Images
		size int
		want string
	}{
		{"no batch", good, along(0), 0, "the size must be at least 1"},
		{"no images", good, Images{Height: 1, Width: 1}, 1, "there are no images"},
		{"no size", good, Images{Pixels: []float32{1, 2, 3}}, 1, "images are 0x0"},
		{"part of an image", good, Images{1, 1, []float32{1, 2, 3, 4}}, 1, "4 values are no whole number of images"},
		{"pixels that are not finite", good, Images{1, 1, []float32{0, 0, 0, 0, nan, 0}}, 1, "image 1 has values that are not finite"},
		{"logits that are not finite", logits([]float32{0, nan}, 1, 2), along(0), 1, "logit of class 1 for image 0 in the batch is NaN"},
		{"logits of fewer images", logits([]float32{0, 1}, 1, 2), along(0, 1), 2, "logits of shape [1 2] from 2 images; expected (2,classes)"},
		{"logits of no shape", logits([]float32{0, 1}, 2), along(0, 1), 2, "expected (2,classes)"},
		{"no logits", ClassifierFunc(func(aten.Tensor) aten.Tensor { return aten.Tensor{} }), along(0), 1, "returned no logits"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := Predict(t.Context(), c.f, c.x, batches(c.size))
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestFromTensorKeepsTheOrderOfValues(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	x, err := FromTensor(aten.FromFloats(s, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 2, 3, 1, 2))
	require.NoError(t, err)
	assert.Equal(t, []float32{7, 8, 9, 10, 11, 12}, x.At(1))
	assert.Equal(t, 2, x.Len())
	_, err = FromTensor(aten.FromFloats(s, []float32{1, 2}, 2, 1, 1, 1))
	assert.ErrorContains(t, err, "expected (N,3,H,W)")
}
