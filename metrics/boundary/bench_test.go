package boundary

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/aten"
)

// cheap is a classifier that costs far less than any network: it averages the channels.
var cheap = ClassifierFunc(func(x aten.Tensor) aten.Tensor { return aten.Mean(x, 2, 3) })

// What one plane of region agreement costs beside the classifiers: points made, labels taken, pairs counted.
func BenchmarkAgreeOnPlanes(b *testing.B) {
	for _, side := range []int{32, 224} {
		for _, recognizers := range []int{2, 5} {
			b.Run(fmt.Sprintf("%d-px/%d-classifiers", side, recognizers), func(b *testing.B) {
				x := randomImages(rand.New(rand.NewPCG(1, 1)), 3, side, side)
				classifiers := make([]Classifier, recognizers)
				for k := range classifiers {
					classifiers[k] = cheap
				}
				for b.Loop() {
					_, err := AgreeOnPlanes(b.Context(), classifiers, x, []Triplet{{0, 1, 2}}, 50, batches(64))
					require.NoError(b, err)
				}
			})
		}
	}
}

// The same points put through the cheap classifier alone, to be taken off.
func BenchmarkCheapClassifier(b *testing.B) {
	for _, side := range []int{32, 224} {
		b.Run(fmt.Sprintf("%d-px", side), func(b *testing.B) {
			s := aten.NewScope()
			defer s.Close()
			points := aten.Full(s, 0.5, 64, 3, side, side)
			for b.Loop() {
				for done := 0; done < 2500; done += 64 {
					aten.NoGrad(func() { cheap(points).Free() })
				}
			}
		})
	}
}

func BenchmarkMinDist(b *testing.B) {
	for _, side := range []int{32, 224} {
		b.Run(fmt.Sprintf("64-rays/%d-px", side), func(b *testing.B) {
			rng := rand.New(rand.NewPCG(2, 1))
			x, targets := randomImages(rng, 64, side, side), randomImages(rng, 64, side, side)
			d, err := Toward(x, targets)
			require.NoError(b, err)
			for b.Loop() {
				_, err := MinDist(b.Context(), cheap, x, d, 10, batches(64))
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkTowardNearest(b *testing.B) {
	x := randomImages(rand.New(rand.NewPCG(3, 1)), 100, 224, 224)
	labels := make([]int64, 100)
	for i := range labels {
		labels[i] = int64(i)
	}
	for b.Loop() {
		_, err := TowardNearest(b.Context(), x, labels)
		require.NoError(b, err)
	}
}
