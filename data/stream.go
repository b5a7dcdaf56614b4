package data

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// streamKey derives the 32-byte key of one named random stream:
//
//	SHA-256("transfera/data/" + name + "\x00" + each number as 8 little-endian bytes)
//
// Streams with different names or numbers are independent, so that drawing more from one never shifts another.
func streamKey(name string, numbers ...uint64) [32]byte {
	message := []byte("transfera/data/" + name + "\x00")
	for _, n := range numbers {
		message = binary.LittleEndian.AppendUint64(message, n)
	}
	return sha256.Sum256(message)
}

// stream is the ChaCha8 generator keyed by streamKey. Only its Uint64 is specified to stay the same between Go
// releases, so everything drawn here is built on that alone.
type stream struct{ source *rand.ChaCha8 }

func newStream(name string, numbers ...uint64) stream {
	return stream{rand.NewChaCha8(streamKey(name, numbers...))}
}

// uniform draws from [0, 1) with 53 random bits.
func (s stream) uniform() float64 { return float64(s.source.Uint64()>>11) * 0x1p-53 }

// between draws from [low, high).
func (s stream) between(low, high float64) float64 { return low + float64((high-low)*s.uniform()) }

// below draws an integer from 0..n-1, n > 0, without bias: draws from the incomplete last block of n are repeated.
func (s stream) below(n int) int {
	bound := uint64(n)
	reject := -bound % bound // 2^64 mod n
	for {
		if v := s.source.Uint64(); v >= reject {
			return int(v % bound)
		}
	}
}

// permutation is a uniformly random order of 0..n-1 (Fisher-Yates, from the top).
func (s stream) permutation(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := s.below(i + 1)
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// noiseSeed is the seed of the torch generator that draws the training noise of one image in one epoch: the first 8
// bytes, little-endian, of the stream key "noise" with (seed, epoch, index).
func noiseSeed(seed uint64, epoch, index int) uint64 {
	key := streamKey("noise", seed, uint64(epoch), uint64(index))
	return binary.LittleEndian.Uint64(key[:8])
}
