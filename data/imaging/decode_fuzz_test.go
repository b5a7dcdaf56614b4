package imaging

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/fuzztest"
)

// FuzzDecode reads files as JPEG or PNG, the former through C. They are refused by name, or are a whole image within the bounds
// that Decode states, the same a second time.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(testdata, "decode", "*"))
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		if len(data) < 2500 { // small seeds keep mutations fast
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var m *Image
		var err error
		allocated := fuzztest.Allocated(fuzztest.Bound{}, func() { m, err = Decode(data, "fuzzed") })
		most := min(MaxPixels, maxPixelsPerByte*len(data))
		switch {
		case bytes.HasPrefix(data, pngMagic):
			most = min(MaxPixels, 8*1032*(len(data)+1))
		case arithmetic(data):
			most = MaxPixels
		}
		require.LessOrEqual(t, allocated, uint64(1<<20+11*most))
		if err != nil {
			require.True(t, m == nil)
			require.Contains(t, err.Error(), "fuzzed: ")
			return
		}
		require.LessOrEqual(t, m.Width*m.Height, most)
		require.Len(t, m.Pix, 3*m.Width*m.Height, "%dx%d", m.Width, m.Height)
		again, err := Decode(data, "fuzzed")
		require.NoError(t, err)
		require.True(t, bytes.Equal(m.Pix, again.Pix), "decoding depends on what was in memory")
	})
}
