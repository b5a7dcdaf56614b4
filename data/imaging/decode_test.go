package imaging

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDecodeGivesPillowsPixels(t *testing.T) {
	require.Equal(t, golden(t).SourceSHA256, sum(source(t).Pix))
	for _, want := range golden(t).Decode {
		t.Run(want.File, func(t *testing.T) {
			m, err := DecodeFile(filepath.Join(testdata, "decode", want.File))
			require.NoError(t, err)
			assert.Equal(t, []int{want.Width, want.Height}, []int{m.Width, m.Height})
			assert.Equal(t, want.SHA256, sum(m.Pix))
		})
	}
}

func TestDecodeTakesTheHighByteOf16BitGrey(t *testing.T) {
	want := golden(t).DecodeDifferently
	m, err := DecodeFile(filepath.Join(testdata, "decode", want.File))
	require.NoError(t, err)
	assert.Equal(t, want.HighByteSHA256, sum(m.Pix))
	assert.NotEqual(t, want.PillowSHA256, sum(m.Pix), "the difference that Decode documents is gone")
}

func TestDecodeTellsTheFormatByContent(t *testing.T) {
	want, err := DecodeFile(filepath.Join(testdata, "decode", "rgb.png"))
	require.NoError(t, err)
	got, err := Decode(readTestdata(t, "decode/rgb.png"), "n02105855_2933.JPEG")
	require.NoError(t, err)
	requireSame(t, want, got, "a PNG file named JPEG")
}

func TestFromAdobeCMYKRoundsAsPillow(t *testing.T) {
	inks := make([]uint8, 0, 4*256*256)
	for k := range 256 {
		for c := range 256 {
			inks = append(inks, uint8(c), uint8(255-c), uint8(7*c+13*k), uint8(k))
		}
	}
	assert.Equal(t, golden(t).CMYKSHA256, sum(fromAdobeCMYK(inks, 256, 256).Pix))
}

func TestDecodeRefusesWithTheReason(t *testing.T) {
	jpeg := readTestdata(t, "decode/rgb-444.jpg")
	progressive := readTestdata(t, "decode/progressive.jpg")
	padded := readTestdata(t, "decode/padding-before-end.jpg")
	png := readTestdata(t, "decode/rgb.png")
	const truncated = "truncated JPEG: the file ends before the image does"
	cases := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "empty file; expected a JPEG or PNG image"},
		{"text", []byte("once upon a time in a folder"), `neither JPEG nor PNG: it starts with "once upon a time"`},
		{"one byte", []byte("x"), `neither JPEG nor PNG: it starts with "x"`},
		{"gif", []byte("GIF89a......"), "a GIF image"},
		{"webp", []byte("RIFF\x10\x00\x00\x00WEBPVP8 "), "perhaps WebP"},
		{"html", []byte("<!DOCTYPE html>"), "an error page"},
		{"lfs pointer", []byte("version https://git-lfs.github.com/spec/v1"), "git lfs pull"},
		{"jpeg start only", jpeg[:3], truncated},
		{"jpeg header only", jpeg[:300], "damaged JPEG: Invalid JPEG file structure: missing SOS marker"},
		{"jpeg half", jpeg[:len(jpeg)/2], truncated},
		{"jpeg without its last byte", jpeg[:len(jpeg)-1], truncated},
		{"jpeg without its end marker", jpeg[:len(jpeg)-2], truncated},
		{"jpeg padded, without its end marker", padded[:len(padded)-2], truncated},
		{"jpeg half with an end marker", append(bytes.Clone(jpeg[:len(jpeg)/2]), 0xff, 0xd9), "damaged JPEG"},
		{"progressive half", progressive[:len(progressive)/2], truncated},
		{"jpeg with a marker in its data", withMarker(jpeg, 0xd3), "damaged JPEG: Corrupt JPEG data"},
		{"jpeg of 65500x65500", resized(jpeg, 65500, 65500), "65500x65500 pixels; images of up to 100 megapixels"},
		{"jpeg of 9000x9000 in 6 kB", resized(jpeg, 9000, 9000), truncated},
		{"jpeg of 0x20", resized(jpeg, 0, 20), "damaged JPEG"},
		{"jpeg of 12 bits", withPrecision(jpeg, 12), "precision"},
		{"png magic only", png[:8], "truncated PNG"},
		{"png half", png[:len(png)/2], "not enough pixel data"},
		{"png zeroed in the middle", zeroed(png, len(png)/2, 40), "damaged PNG"},
		{"png of 100000x100000", resizedPNG(png, 100000, 100000), "100000x100000 pixels; images of up to 100 megapixels"},
		{"png of 10000x10000 in 500 bytes", resizedPNG(png, 10000, 10000), "truncated PNG"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m, err := Decode(c.data, "train/cat/7.jpg")
			require.Error(t, err)
			assert.True(t, m == nil, "an image beside the error")
			assert.Contains(t, err.Error(), c.want)
			assert.True(t, strings.HasPrefix(err.Error(), "train/cat/7.jpg: "), err.Error())
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestHarmlessWarningsLoseNoImageData(t *testing.T) {
	whole := []byte("\xff\xd8..\xff\xda..\xff\xd9")
	for text, want := range map[string]bool{
		"Warning: unknown JFIF revision number 9.01":                      true,
		"Unknown Adobe color transform code 9":                            true,
		"Invalid SOS parameters for sequential JPEG":                      true,
		"Corrupt JPEG data: 7 extraneous bytes before marker 0xd9":        true,
		"Corrupt JPEG data: 7 extraneous bytes before marker 0xda":        true,
		"Corrupt JPEG data: 7 extraneous bytes before marker 0xd3":        false, // a restart
		"Corrupt JPEG data: found marker 0xd3 instead of RST1":            false,
		"Corrupt JPEG data: premature end of data segment":                false,
		"Corrupt JPEG data: bad Huffman code":                             false,
		"Premature end of JPEG file":                                      false,
		"Inconsistent progression sequence for component 0 coefficient 1": false,
	} {
		assert.Equal(t, want, harmless(text, whole), text)
		assert.False(t, harmless(text, whole[:len(whole)-2]), "%s, and truncated", text)
	}
}

// A damaged file must leave nothing behind that the next file would meet.
func TestDecodeIsRightAfterAFailure(t *testing.T) {
	jpeg := readTestdata(t, "decode/rgb-420.jpg")
	want, err := Decode(jpeg, "whole.jpg")
	require.NoError(t, err)
	for _, length := range []int{10, 200, len(jpeg) / 2, len(jpeg) - 2} {
		_, err := Decode(jpeg[:length], "cut.jpg")
		require.Error(t, err)
		got, err := Decode(jpeg, "whole.jpg")
		require.NoError(t, err)
		requireSame(t, want, got, "after %d bytes of it", length)
	}
}

func TestConcurrentDecodesAgree(t *testing.T) {
	var group sync.WaitGroup
	for worker := range 6 {
		group.Go(func() {
			cases := golden(t).Decode
			for i := range cases {
				want := cases[(i+5*worker)%len(cases)]
				data := readTestdata(t, "decode/"+want.File)
				_, err := Decode(data[:len(data)/2], want.File) // failures in between
				assert.Error(t, err)
				m, err := Decode(data, want.File)
				if assert.NoError(t, err) {
					assert.Equal(t, want.SHA256, sum(m.Pix), want.File)
				}
			}
		})
	}
	group.Wait()
}

func TestDecodeFileNamesWhatItCannotRead(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.jpg")
	require.NoError(t, os.WriteFile(text, []byte("not a picture"), 0o600))
	for path, want := range map[string]string{
		filepath.Join(folder, "absent.jpg"): "no such file",
		folder:                              "not a regular file",
		text:                                "neither JPEG nor PNG",
	} {
		_, err := DecodeFile(path)
		require.Error(t, err)
		assert.Contains(t, err.Error(), path)
		assert.Contains(t, err.Error(), want)
	}
}

func TestHasExtensionIgnoresCase(t *testing.T) {
	for name, want := range map[string]bool{
		"a.jpg": true, "n01440764_tench.JPEG": true, "b.Png": true, ".jpg": true,
		"c.gif": false, "jpg": false, "d.jpg.txt": false, "e.tiff": false, "": false,
	} {
		assert.Equal(t, want, HasExtension(name), name)
	}
}

func zeroed(data []byte, at, length int) []byte {
	data = bytes.Clone(data)
	clear(data[at : at+length])
	return data
}

// resized returns a baseline JPEG file with other sides in its frame header.
func resized(jpeg []byte, width, height uint16) []byte {
	jpeg = bytes.Clone(jpeg)
	frame := bytes.Index(jpeg, []byte("\xff\xc0"))
	binary.BigEndian.PutUint16(jpeg[frame+5:], height)
	binary.BigEndian.PutUint16(jpeg[frame+7:], width)
	return jpeg
}

func withMarker(jpeg []byte, marker byte) []byte {
	jpeg = bytes.Clone(jpeg)
	copy(jpeg[len(jpeg)/2:], []byte{0xff, marker})
	return jpeg
}

func withPrecision(jpeg []byte, bits byte) []byte {
	jpeg = bytes.Clone(jpeg)
	jpeg[bytes.Index(jpeg, []byte("\xff\xc0"))+4] = bits
	return jpeg
}

// resizedPNG returns a PNG file with other sides in its header.
func resizedPNG(png []byte, width, height uint32) []byte {
	png = bytes.Clone(png)
	binary.BigEndian.PutUint32(png[16:], width)
	binary.BigEndian.PutUint32(png[20:], height)
	binary.BigEndian.PutUint32(png[29:], crc32.ChecksumIEEE(png[12:29]))
	return png
}

func BenchmarkDecode(b *testing.B) {
	for _, file := range []string{"rgb-420.jpg", "rgb-444.jpg", "progressive.jpg", "rgb.png"} {
		data := readTestdata(b, "decode/"+file)
		b.Run(file, func(b *testing.B) {
			for b.Loop() {
				if _, err := Decode(data, file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
