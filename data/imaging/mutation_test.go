package imaging

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMutatedImagesStayWithinC sends damaged files through everything of this package that is C: decoding, resizing, encoding.
// TRANSFERA_MUTATIONS says how many, and TRANSFERA_SEED which; scripts/fuzz.sh runs it under valgrind and AddressSanitizer.
func TestMutatedImagesStayWithinC(t *testing.T) {
	mutations, seed := fromEnvironment(t, "TRANSFERA_MUTATIONS", 500), fromEnvironment(t, "TRANSFERA_SEED", 1)
	files, err := filepath.Glob(filepath.Join(testdata, "decode", "*"))
	require.NoError(t, err)
	var whole [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		whole = append(whole, data)
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 2))
	decoded := 0
	for i := range mutations {
		data := mutated(rng, whole[i%len(whole)])
		m, err := Decode(data, "mutated")
		if err != nil || m.Width*m.Height > 1<<16 {
			continue
		}
		decoded++
		small := m.Resize(1+rng.IntN(40), 1+rng.IntN(40), []Filter{Bilinear, Bicubic}[i%2])
		file, err := small.EncodeJPEG(1 + rng.IntN(100))
		require.NoError(t, err)
		again, err := Decode(file, "encoded")
		require.NoError(t, err)
		require.Equal(t, [2]int{small.Width, small.Height}, [2]int{again.Width, again.Height})
	}
	require.Greater(t, decoded, mutations/50, "too few mutations are images for this to mean anything")
	t.Logf("%d of %d were images", decoded, mutations)
}

func fromEnvironment(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, name)
	return n
}

// mutated changes, cuts or repeats a few bytes of a file, more often in its header, and lets a PNG's checksums be.
func mutated(rng *rand.Rand, file []byte) []byte {
	data := bytes.Clone(file)
	for range 1 + rng.IntN(3) {
		at := rng.IntN(len(data))
		if rng.IntN(2) == 0 {
			at = rng.IntN(min(len(data), 700))
		}
		switch rng.IntN(6) {
		case 0:
			data[at] = uint8(rng.IntN(256))
		case 1:
			data[at] ^= 1 << rng.IntN(8)
		case 2:
			data[at] = []byte{0, 1, 0x7f, 0x80, 0xff}[rng.IntN(5)]
		case 3:
			data = data[:max(at, 4)]
		case 4:
			data = append(data[:at:at], data[min(len(data), at+1+rng.IntN(8)):]...)
		case 5:
			data = append(data[:at:at], append(bytes.Clone(data[at:min(len(data), at+1+rng.IntN(40))]), data[at:]...)...)
		}
		if len(data) == 0 {
			return file
		}
	}
	return data
}
