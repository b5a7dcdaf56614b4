package weights

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSaveSafetensorsWritesTheCanonicalBytes(t *testing.T) {
	want, err := os.ReadFile(golden("canonical.safetensors"))
	require.NoError(t, err)
	file, err := Load(golden("loose.safetensors"))
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "saved.safetensors")
	require.NoError(t, os.WriteFile(path, []byte("what was there"), 0o600))
	for range 2 {
		require.NoError(t, SaveSafetensors(path, file.Tensors, file.Metadata))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	assert.Equal(t, []string{"saved.safetensors"}, entriesIn(t, filepath.Dir(path)))
}

// The script has a reader of its own, written after the format's description.
func TestPythonReadsSavedSafetensors(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 to read the files with")
	}
	for _, name := range []string{"zip.pth", "views.th", "dtypes.pth"} {
		t.Run(name, func(t *testing.T) {
			file, err := Load(golden(name))
			require.NoError(t, err)
			path := filepath.Join(t.TempDir(), "saved.safetensors")
			metadata := map[string]string{"source": name, "note": "é \" \n"}
			require.NoError(t, SaveSafetensors(path, file.Tensors, metadata))
			out, err := exec.Command(python, "../../scripts/goldens/weights.py", "check", path).CombinedOutput()
			require.NoError(t, err, string(out))
			var read goldenFile
			require.NoError(t, json.Unmarshal(out, &read))
			assert.Equal(t, metadata, read.Metadata)
			assert.Equal(t, file.Tensors.Checksum(), read.Checksum)
			assert.ElementsMatch(t, readGoldens(t).Files[name].Tensors, read.Tensors)
		})
	}
}

func TestSafetensorsKeepsOrderAndMetadata(t *testing.T) {
	dict := append(named("z", "a", "m"), Tensor{"empty", F64, []int64{3, 0}, []byte{}})
	path := filepath.Join(t.TempDir(), "w.safetensors")
	require.NoError(t, SaveSafetensors(path, dict, map[string]string{"step": "3"}))
	file, err := Load(path)
	require.NoError(t, err)
	assert.Equal(t, &File{path, Safetensors, dict, map[string]string{"step": "3"}}, file)

	require.NoError(t, SaveSafetensors(path, nil, nil))
	file, err = Load(path)
	require.NoError(t, err)
	assert.Empty(t, file.Tensors)
}

func TestSaveSafetensorsRefusesBeforeItWrites(t *testing.T) {
	for name, c := range map[string]struct {
		dict     Dict
		metadata map[string]string
		want     string
	}{
		"twice":         {named("a", "a"), nil, "tensor a is there twice"},
		"size":          {Dict{{"a", F32, []int64{2}, []byte{1}}}, nil, "tensor a has 1 bytes; expected 8 for 2 of F32"},
		"name":          {named("__metadata__"), nil, "cannot be named __metadata__"},
		"name's UTF-8":  {named("a\xff"), nil, `the tensor name "a\xff" is not valid UTF-8`},
		"metadata":      {nil, map[string]string{"k": "\xff"}, `metadata "k" is not valid UTF-8`},
		"metadata key":  {nil, map[string]string{"\xff": ""}, "is not valid UTF-8"},
		"no such dtype": {Dict{{"a", 77, nil, nil}}, nil, "tensor a has no valid dtype"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			err := SaveSafetensors(dir+"/w.safetensors", c.dict, c.metadata)
			require.ErrorContains(t, err, dir+"/w.safetensors: ")
			assert.ErrorContains(t, err, c.want)
			assert.Empty(t, entriesIn(t, dir))
		})
	}
}

func TestSaveSafetensorsLeavesNothingBehindWhenItFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "taken")
	require.NoError(t, os.Mkdir(path, 0o700))
	err := SaveSafetensors(path, named("a"), nil)
	require.ErrorContains(t, err, path+": cannot write weights")
	assert.Equal(t, []string{"taken"}, entriesIn(t, dir))
	assert.Error(t, SaveSafetensors(filepath.Join(dir, "no such folder", "w"), named("a"), nil))
}

func TestReadSafetensorsIsStrict(t *testing.T) {
	const a = `"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	tensor := func(dtype, shape, offsets string) string {
		return fmt.Sprintf(`{"a":{"dtype":%s,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
	}
	for name, c := range map[string]struct {
		header string
		data   int
		want   string // empty: accepted
	}{
		"plain":               {"{" + a + "}", 8, ""},
		"padded":              {"{" + a + "}      ", 8, ""},
		"no tensors":          {"{}", 0, ""},
		"missing data":        {"{" + a + "}", 7, "tensor a ends at byte 8 of 7: truncated"},
		"data behind":         {"{" + a + "}", 9, "tensors end at byte 8; expected the end of the file, at 9"},
		"no tensors but data": {"{}", 4, "tensors end at byte 0"},
		"junk behind":         {"{" + a + "}x", 8, "something behind the closing }"},
		"second object":       {"{" + a + "}{}", 8, "something behind the closing }"},
		"duplicate":           {"{" + a + "," + a + "}", 8, "a: duplicate name"},
		"duplicate escaped":   {"{" + a + "," + strings.Replace(a, "a", `\u0061`, 1) + "}", 8, "a: duplicate name"},
		"duplicate field":     {`{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8, "dtype: duplicate name"},
		"field in capitals":   {`{"a":{"DTYPE":"F32","shape":[2],"data_offsets":[0,8]}}`, 8, "a: DTYPE: unknown field"},
		"extra field":         {`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"b":1}}`, 8, "a: b: unknown field"},
		"missing field":       {`{"a":{"dtype":"F32","shape":[2]}}`, 8, "a: incomplete"},
		"not a tensor":        {`{"a":[]}`, 0, "a: expected an object"},
		"unknown dtype":       {tensor(`"F8_E4M3"`, "[8]", "[0,8]"), 8, `"F8_E4M3" is not supported`},
		"dtype number":        {tensor("32", "[2]", "[0,8]"), 8, "a: dtype: expected a string"},
		"shape null":          {tensor(`"F32"`, "null", "[0,8]"), 8, "a: shape: expected an array"},
		"shape negative":      {tensor(`"F32"`, "[-2]", "[0,8]"), 8, "a: shape: -2; expected an integer"},
		"shape fraction":      {tensor(`"F32"`, "[2.0]", "[0,8]"), 8, "a: shape: 2.0; expected an integer"},
		"shape exponent":      {tensor(`"F32"`, "[2e0]", "[0,8]"), 8, "a: shape: 2e0; expected an integer"},
		"shape overflow":      {tensor(`"F32"`, "[4294967296,4294967296]", "[0,8]"), 8, "more elements than fit into 63 bits"},
		"bytes overflow":      {tensor(`"F32"`, "[4611686018427387904]", "[0,0]"), 0, "more bytes than fit into 63 bits"},
		"size overflow":       {tensor(`"F32"`, "[99999999999999999999]", "[0,8]"), 8, "expected an integer"},
		"three offsets":       {tensor(`"F32"`, "[2]", "[0,8,8]"), 8, "a: data_offsets: 3 numbers; expected 2"},
		"backwards":           {tensor(`"F32"`, "[2]", "[8,0]"), 8, "data_offsets [8,0]; expected 8 bytes for 2 of F32"},
		"gap":                 {tensor(`"F32"`, "[1]", "[4,8]"), 8, "tensor a begins at byte 4; expected 0"},
		"overlap":             {"{" + a + `,"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}`, 8, "tensor b begins at byte 4; expected 8"},
		"wrong size":          {tensor(`"F64"`, "[2]", "[0,8]"), 8, "expected 16 bytes for 2 of F64"},
		"beyond the file":     {tensor(`"U8"`, "[9223372036854775807]", "[0,9223372036854775807]"), 8, "truncated"},
		"metadata number":     {`{"__metadata__":{"k":1}}`, 0, "__metadata__: k: expected a string"},
		"metadata list":       {`{"__metadata__":[]}`, 0, "__metadata__: expected an object"},
		"metadata twice":      {`{"__metadata__":{},"__metadata__":{}}`, 0, "__metadata__: duplicate name"},
		"cut JSON":            {`{"a":{"dtype":`, 0, "invalid JSON: unexpected EOF"},
		"trailing comma":      {"{" + a + ",}", 8, "invalid JSON"},
		"not UTF-8":           {"{\"a\xff\":{}}", 0, "not valid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := readBytes(safetensorsBytes(c.header, c.data))
			if c.want == "" {
				require.NoError(t, err)
				assert.Equal(t, Safetensors, file.Format)
				return
			}
			require.ErrorContains(t, err, "weights.pth: safetensors header: ")
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestReadSafetensorsChecksTheHeaderLengthBeforeItAllocates(t *testing.T) {
	data := safetensorsBytes("{}      ", 0)
	binary.LittleEndian.PutUint64(data, 90_000_000)
	_, err := readBytes(data)
	assert.ErrorContains(t, err, "safetensors header of 90000000 bytes in a file of 16: truncated")
	binary.LittleEndian.PutUint64(data, maxHeader+1)
	_, err = readBytes(data)
	assert.ErrorContains(t, err, "not a weights file")
}

func safetensorsBytes(header string, data int) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), make([]byte, data)...)
}

func entriesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
