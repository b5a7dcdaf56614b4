package weights

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nlpodyssey/safetensors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Another project's reader finds in our files what we put there.
func TestAnotherReaderReadsSavedSafetensors(t *testing.T) {
	for _, name := range []string{"zip.pth", "views.th", "dtypes.pth"} {
		t.Run(name, func(t *testing.T) {
			file, err := Load(golden(name))
			require.NoError(t, err)
			path := filepath.Join(t.TempDir(), "saved.safetensors")
			metadata := map[string]string{"source": name, "note": "é \" \n"}
			require.NoError(t, SaveSafetensors(path, file.Tensors, metadata))
			stored, err := os.ReadFile(path)
			require.NoError(t, err)

			read, err := safetensors.Deserialize(stored)
			require.NoError(t, err)
			assert.Equal(t, len(file.Tensors), read.Len())
			for _, want := range file.Tensors {
				got, ok := read.Tensor(want.Name)
				require.True(t, ok, want.Name)
				assert.Equal(t, want.DType.String(), got.DType().String(), want.Name)
				shape := []int64{}
				for _, d := range got.Shape() {
					shape = append(shape, int64(d))
				}
				assert.Equal(t, append([]int64{}, want.Shape...), shape, want.Name)
				assert.Equal(t, append([]byte{}, want.Data...), append([]byte{}, got.Data()...), want.Name)
			}
			_, header, err := safetensors.ReadMetadata(stored)
			require.NoError(t, err)
			assert.Equal(t, metadata, header.Metadata())
		})
	}
}
