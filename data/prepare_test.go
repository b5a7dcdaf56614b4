package data

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPreparedIsWhatEvalShows(t *testing.T) {
	dataset, err := OpenImageFolder(goldenFolder, FolderOptions{})
	require.NoError(t, err)
	for _, options := range []LoaderOptions{{Batch: 1, Resize: 20, Crop: 12}, {Batch: 1, Crop: 9}} {
		loader, err := NewLoader(dataset, nil, options)
		require.NoError(t, err)
		for batch, err := range loader.Eval(t.Context()) {
			require.NoError(t, err)
			original, err := dataset.Image(batch.Indices[0])
			require.NoError(t, err)
			image, err := Prepared(original, options)
			require.NoError(t, err)
			planes := make([]float32, len(image.Pix))
			image.Planar(planes)
			assert.Equal(t, batch.Target, planes)
		}
	}
}
