package weights

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/fuzztest"
)

// Whatever the bytes are, reading them is an error or gives tensors that are
// sound and survive being written and read again.

func FuzzSafetensors(f *testing.F) {
	for _, name := range []string{"canonical.safetensors", "loose.safetensors"} {
		addFile(f, name)
	}
	f.Add(safetensorsBytes("{}", 0))
	f.Add(safetensorsBytes(`{"__metadata__":{"a":"b"},"\u0000":{"shape":[0],"dtype":"U8","data_offsets":[0,0]}}   `, 0))
	f.Fuzz(func(t *testing.T, data []byte) { checkRead(t, data) })
}

func FuzzLegacyPickle(f *testing.F) {
	for _, name := range []string{"legacy.th", "python2.th", "protocol4.th", "parts.th", "checkpoint.th"} {
		addFile(f, name)
	}
	f.Add([]byte(legacyStart + legacyTensor("N") + oneKey + legacyStorage(6, 24)))
	f.Fuzz(func(t *testing.T, data []byte) { checkRead(t, data) })
}

// FuzzZipPickle makes the pickle of a zip file, whose checksums would keep a
// fuzzer from getting any further.
func FuzzZipPickle(f *testing.F) {
	f.Add(stateDictPickle(pickleTensor(6, window(0, []int{2, 3}, []int{3, 1}))))
	f.Add(stateDictPickle(pickleTensor(6, window(0, []int{3, 2}, []int{1, 3}))))
	f.Add(stateDictPickle(pickleTensor(6, window(0, []int{1 << 20}, []int{0}))))
	f.Add("\x80\x02ccollections\nOrderedDict\n](]K\x01aK\x02ae\x85R}X\x01\x00\x00\x00a]sb.")
	f.Add("\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00}\x94K\x01N.")
	f.Add("(lp0\nI1\naL12L\naF1.5\naS'a'\nVb\n(dp1\ng0\ns.")
	for _, pickle := range hostilePickles {
		f.Add(pickle)
	}
	f.Fuzz(func(t *testing.T, pickle string) { checkRead(t, zipped(t, pickle)) })
}

// FuzzZipFile changes the container and leaves the checksums to luck.
func FuzzZipFile(f *testing.F) {
	for _, name := range []string{"zip.pth", "big_endian.pth", "net_key.pth", "views.pth"} {
		addFile(f, name)
	}
	f.Add(zipped(f, stateDictPickle(pickleTensor(6, window(0, []int{2, 3}, []int{3, 1})))))
	f.Fuzz(func(t *testing.T, data []byte) { checkRead(t, data) })
}

func addFile(f *testing.F, name string) {
	data, err := os.ReadFile(golden(name))
	require.NoError(f, err)
	if len(data) < 16<<10 { // small seeds keep mutations fast
		f.Add(data)
	}
}

// readBound is what Load promises, beside the tensors themselves.
var readBound = fuzztest.Bound{Bytes: 4 << 20, PerByte: 2048}

func checkRead(t *testing.T, data []byte) {
	var file *File
	var err error
	allocated := fuzztest.Allocated(readBound, func() { file, err = readBytes(data) })
	bound := readBound.Of(len(data))
	if err != nil {
		if strings.Contains(err.Error(), "tensor ") { // some may have been made before
			bound += uint64(newLoader(int64(len(data)), nil).spare)
		}
		require.LessOrEqual(t, allocated, bound, "%v", err)
		require.True(t, strings.HasPrefix(err.Error(), "weights.pth: "), "%v", err)
		require.NotContains(t, err.Error(), "runtime error: invalid memory")
		return
	}
	total := 0
	for _, tensor := range file.Tensors {
		require.NoError(t, tensor.validate())
		total += len(tensor.Data)
	}
	require.LessOrEqual(t, allocated, bound+uint64(total))
	if total > 1<<20 {
		return // a large expanded view, fine but slow to write
	}
	header, err := encodeHeader(file.Tensors, file.Metadata)
	if err != nil {
		// A pickle can hold names that safetensors cannot.
		require.Regexp(t, "not valid UTF-8|cannot be named __metadata__", err.Error())
		return
	}
	var written bytes.Buffer
	require.NoError(t, writeSafetensors(&written, header, file.Tensors))
	again, err := readBytes(written.Bytes())
	require.NoError(t, err)
	require.Equal(t, file.Tensors.Checksum(), again.Tensors.Checksum())
	require.Equal(t, file.Metadata, again.Metadata)
}
