package boundary

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

// stream returns the random stream of one named use, and of one of its numbered parts. Streams of different names or
// numbers are independent, so that drawing more from one never shifts another.
func stream(seed uint64, name string, numbers ...int) *rand.Rand {
	message := []byte("transfera/metrics/boundary/" + name + "\x00")
	for _, n := range numbers {
		message = binary.LittleEndian.AppendUint64(message, uint64(n))
	}
	h := fnv.New64a()
	_, _ = h.Write(message) // a hash never fails to write
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
