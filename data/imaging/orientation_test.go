package imaging

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryOrientationBecomesUprightAsInPillow(t *testing.T) {
	var goldens struct {
		Files map[string]struct {
			Orientation, Width, Height int
			SHA256                     string
		}
	}
	require.NoError(t, json.Unmarshal(readTestdata(t, "orientation/goldens.json"), &goldens))
	require.Len(t, goldens.Files, 9)
	for name, want := range goldens.Files {
		file := readTestdata(t, "orientation/"+name)
		assert.Equal(t, want.Orientation, Orientation(file), name)
		stored, err := Decode(file, name)
		require.NoError(t, err)
		got := stored.Upright(Orientation(file))
		assert.Equal(t, []int{want.Width, want.Height}, []int{got.Width, got.Height}, name)
		assert.Equal(t, want.SHA256, sum(got.Pix), name)
	}
}

func TestDamagedOrientationIsUpright(t *testing.T) {
	file := readTestdata(t, "orientation/6.jpg")
	require.Equal(t, 6, Orientation(file))
	tag := bytes.Index(file, []byte{0x12, 0x01, 3, 0})
	if tag < 0 {
		tag = bytes.Index(file, []byte{0x01, 0x12, 0, 3})
	}
	require.Positive(t, tag)
	outOfRange := bytes.Clone(file)
	copy(outOfRange[tag+8:], []byte{9, 9, 9, 9})
	for name, data := range map[string][]byte{
		"out of range":  outOfRange,
		"cut in EXIF":   file[:tag+4],
		"no JPEG":       []byte("text"),
		"empty":         nil,
		"marker only":   file[:3],
		"PNG signature": pngMagic,
	} {
		assert.Equal(t, 1, Orientation(data), name)
	}
}
