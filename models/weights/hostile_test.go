package weights

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/fuzztest"
)

// hostilePickles would run a command, or open a file, in Python.
var hostilePickles = map[string]string{
	"call":                  "\x80\x02cos\nsystem\nX\x0c\x00\x00\x00touch HACKED\x85R.",
	"call in protocol 0":    "cposix\nsystem\n(S'touch HACKED'\ntR.",
	"call by stack global":  "\x80\x04\x8c\x0asubprocess\x8c\x05Popen\x93\x8c\x0ctouch HACKED\x85R.",
	"evaluation":            "\x80\x02cbuiltins\neval\nX\x12\x00\x00\x00open('HACKED','w')\x85R.",
	"Python 2 evaluation":   "\x80\x02c__builtin__\neval\nX\x12\x00\x00\x00open('HACKED','w')\x85R.",
	"opened file":           "\x80\x02c_io\nopen\nX\x06\x00\x00\x00HACKEDX\x01\x00\x00\x00w\x86R.",
	"instance":              "(S'touch HACKED'\nios\nsystem\n.",
	"object":                "(cos\nsystem\nS'touch HACKED'\no.",
	"new object":            "\x80\x02csubprocess\nPopen\nX\x0c\x00\x00\x00touch HACKED\x85\x81.",
	"new object of names":   "\x80\x04\x8c\x0asubprocess\x8c\x05Popen\x93)}\x8c\x04args\x8c\x0ctouch HACKEDs\x92.",
	"attribute of a module": "\x80\x02cbuiltins\ngetattr\ncos\n__dict__\nX\x06\x00\x00\x00system\x86R.",
	"module of ours":        "\x80\x02ctorch\nload\nX\x06\x00\x00\x00HACKED\x85R.",
	"tensor subclass":       "\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(cos\nsystem\nNX\x0c\x00\x00\x00touch HACKED\x85NtR.",
	"state of an object":    "\x80\x02cargparse\nNamespace\n)R}X\x0c\x00\x00\x00__setstate__cos\nsystem\nsb.",
	"key of a state dict":   "\x80\x02}cos\nsystem\nX\x0c\x00\x00\x00touch HACKED\x85RK\x01s.",
	"dotted name":           "\x80\x04\x8c\x05torch\x8c\x17serialization.os.system\x93.",
	"name by memo":          "\x80\x04\x8c\x02os\x940\x8c\x06system\x940h\x00h\x01\x93\x8c\x0ctouch HACKED\x85R.",
}

func TestPicklesThatCallPythonAreRefusedAndRunNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, pickle := range hostilePickles {
		t.Run(name, func(t *testing.T) {
			for format, content := range map[string][]byte{
				"zip": zipped(t, pickle), "legacy": []byte(legacyStart + pickle + oneKey), "legacy facts": []byte(legacyStart[:len(legacyStart)-4] + pickle),
			} {
				_, err := readBytes(content)
				require.Error(t, err, format)
				assert.ErrorContains(t, err, "refers to the Python object", format)
			}
			files, err := filepath.Glob("*")
			require.NoError(t, err)
			assert.Empty(t, files)
		})
	}
	assert.NoFileExists(t, "HACKED")
}

// The opcodes of Python's pickletools that only build values. The others fetch from a registry of the process (EXT1, EXT2,
// EXT4) or from buffers beside the pickle.
const buildingOpcodes = "IJKLMFGNSTUVXBC\x88\x89\x8a\x8b\x8c\x8d\x8e\x96" + "]ael" + ")t\x85\x86\x87" + "}dsu" + "\x8f\x90\x91" +
	"02(1" + "ghjpqr\x94" + "c\x93Rbio\x81\x92" + "\x80.\x95" + "PQ"

func TestOpcodesThatDoNotBuildValuesAreRefused(t *testing.T) {
	for op := range 256 {
		_, err := readBytes(zipped(t, string([]byte{byte(op)})+strings.Repeat("\x00", 16)))
		require.Error(t, err)
		known := strings.IndexByte(buildingOpcodes, byte(op)) >= 0
		assert.Equal(t, !known, strings.Contains(err.Error(), "unknown pickle opcode") && strings.Contains(err.Error(), "at byte 0"), "%q: %v", op, err)
	}
}

// A pickle that refers to one long text many times is short, and its error message would not be.
func TestRepeatedTextIsBounded(t *testing.T) {
	const size = 20_000
	text := "X" + string(binary.LittleEndian.AppendUint32(nil, size)) + strings.Repeat("a", size)
	for name, again := range map[string]string{
		"memo":              "q\x01" + strings.Repeat("h\x01", size),
		"long memo":         "r\x01\x00\x00\x00" + strings.Repeat("j\x01\x00\x00\x00", size),
		"text memo":         "p1\n" + strings.Repeat("g1\n", size),
		"memo of its own":   "\x94" + strings.Repeat("h\x00", size),
		"duplicates":        strings.Repeat("2", size),
		"memo after a pop":  "N0q\x01" + strings.Repeat("h\x01", size),
		"memo after a mark": "(N1q\x01" + strings.Repeat("h\x01", size),
		"memo of the memo":  "q\x01h\x01q\x02" + strings.Repeat("h\x02", size),
		"after a protocol":  "\x80\x02q\x01" + strings.Repeat("h\x01", size),
	} {
		t.Run(name, func(t *testing.T) {
			pickle := "](" + text + again + "e)R." // calls the list, and gopickle's error would show it
			var err error
			data := zipped(t, pickle)
			fuzztest.Hold(t, readBound, len(data), func() { _, err = readBytes(data) })
			assert.ErrorContains(t, err, "repeats its texts more often than a state dict does")
		})
	}
}

func TestOrdinaryRepetitionIsRead(t *testing.T) {
	var b strings.Builder
	b.WriteString("\x80\x02}(X\x06\x00\x00\x00configX\x10\x27\x00\x00" + strings.Repeat("c", 10_000) + "q\x03")
	for i := range 200 {
		b.WriteString("X\x02\x00\x00\x00t" + string(rune('0'+i%10)) + "X\x03\x00\x00\x00cpuq\x04")
		b.WriteString("X\x01\x00\x00\x00xh\x04")
	}
	b.WriteString("X\x01\x00\x00\x00w" + pickleTensor(6, window(0, []int{6}, []int{1})) + "u.")
	_, err := readBytes(zipped(t, b.String()))
	require.NoError(t, err)
	for _, name := range []string{"zip.pth", "checkpoint.pth", "views.th", "python2.th", "protocol4.th"} {
		data, err := os.ReadFile(golden(name))
		require.NoError(t, err)
		_, err = readBytes(data)
		require.NoError(t, err)
	}
}
