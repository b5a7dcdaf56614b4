package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pickleTensor is the pickle of a tensor on the storage "0" of so many floats.
func pickleTensor(elements int, rest string) string {
	return "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n" +
		"X\x01\x00\x00\x000X\x03\x00\x00\x00cpu" + pickleInt(elements) + "tQ" + rest + "\x89NtR"
}

// pickleInt is an integer of up to 8 bytes.
func pickleInt(n int) string {
	return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

// window is the offset, the shape and the strides of a tensor.
func window(offset int, shape, stride []int) string {
	tuple := func(numbers []int) string {
		var b strings.Builder
		for _, n := range numbers {
			b.WriteString(pickleInt(n))
		}
		return "(" + b.String() + "t"
	}
	return pickleInt(offset) + tuple(shape) + tuple(stride)
}

// stateDictPickle is {"w": value}.
func stateDictPickle(value string) string { return "\x80\x02}X\x01\x00\x00\x00w" + value + "s." }

// zipped is a PyTorch file of that pickle with one storage of 24 bytes.
func zipped(t testing.TB, pickle string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, data := range map[string]string{"data.pkl": pickle, "data/0": string(make([]byte, 24))} {
		f, err := w.CreateHeader(&zip.FileHeader{Name: "net/" + name, Method: zip.Store})
		require.NoError(t, err)
		_, err = f.Write([]byte(data))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func TestTensorsMustLieInTheirStorage(t *testing.T) {
	const outside = "tensor w: lies outside of its storage"
	for name, c := range map[string]struct {
		elements int
		window   string
		want     string // empty: accepted
	}{
		"whole":             {6, window(0, []int{2, 3}, []int{3, 1}), ""},
		"transposed":        {6, window(0, []int{3, 2}, []int{1, 3}), ""},
		"last":              {6, window(5, []int{1}, []int{1}), ""},
		"empty anywhere":    {6, window(77, []int{0}, []int{1}), ""},
		"one too far":       {6, window(1, []int{2, 3}, []int{3, 1}), outside},
		"negative offset":   {6, window(-1, []int{2}, []int{1}), outside},
		"negative stride":   {6, window(5, []int{2}, []int{-1}), outside},
		"scalar behind":     {6, window(6, nil, nil), outside},
		"overflow":          {6, window(1, []int{3}, []int{math.MaxInt64 / 2}), outside},
		"overflowing sum":   {6, window(0, []int{2, 2}, []int{math.MaxInt64, math.MaxInt64}), outside},
		"negative shape":    {6, window(0, []int{-2}, []int{1}), "tensor w: shape -2 has a negative dimension"},
		"overflowing shape": {6, window(0, []int{1 << 40, 1 << 40}, []int{0, 0}), "more elements than fit into 63 bits"},
		"expanded":          {6, window(0, []int{1000}, []int{0}), ""},
		"expanded too far":  {6, window(0, []int{1 << 40}, []int{0}), "more than a file of this size can mean"},
		"storage too long":  {7, window(0, []int{7}, []int{1}), "storage 0 has 24 bytes; expected 7 elements of F32"},
		"storage too short": {5, window(0, []int{5}, []int{1}), "storage 0 has 24 bytes; expected 5 elements of F32"},
		"huge storage":      {math.MaxInt64, window(0, []int{1 << 20}, []int{1}), "storage 0 has 24 bytes"},
		"negative storage":  {-6, window(0, []int{6}, []int{1}), "storage 0 is described as -6 of F32"},
		"missing stride":    {6, window(0, []int{2, 3}, []int{3}), "tensor with arguments of unexpected types"},
		"many dimensions":   {6, window(0, make([]int, 65), make([]int, 65)), "tensor of 65 dimensions"},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := readBytes(zipped(t, stateDictPickle(pickleTensor(c.elements, c.window))))
			if c.want == "" {
				require.NoError(t, err)
				require.Len(t, file.Tensors, 1)
				_, err := file.Tensors[0].Floats()
				require.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, c.want)
		})
	}
}

// Many names for one storage cannot grow beyond all bounds either.
func TestSharedStoragesAreBounded(t *testing.T) {
	const each = 16 << 20 // bytes, by a stride of 0
	var b strings.Builder
	b.WriteString("\x80\x02}" + "(X\x01\x00\x00\x00a" + pickleTensor(6, window(0, []int{each / 4}, []int{0})) + "q\x01")
	for name := 'b'; name <= 'z'; name++ {
		b.WriteString("X\x01\x00\x00\x00" + string(name) + "h\x01")
	}
	b.WriteString("u.")
	_, err := readBytes(zipped(t, b.String()))
	assert.ErrorContains(t, err, "come to more than a file of this size can mean")
}

func TestDictionariesAreReadAsPythonDoes(t *testing.T) {
	one := pickleTensor(6, window(0, []int{1}, []int{1}))
	two := pickleTensor(6, window(0, []int{2}, []int{1}))
	key := func(name byte) string { return "X\x01\x00\x00\x00" + string(name) }
	file, err := readBytes(zipped(t, "\x80\x02}("+key('a')+one+key('b')+one+key('a')+two+"u."))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b"}, names(file.Tensors))
	assert.Equal(t, []int64{2}, file.Tensors[0].Shape, "of two values the last counts")
}

func TestMalformedPicklesAreErrors(t *testing.T) {
	const long = "\xff\xff\xff\xff\xff\xff\xff\x7f"
	for name, c := range map[string]struct{ pickle, want string }{
		"no stop":              {"\x80\x02}", "truncated or damaged"},
		"empty":                {"", "truncated or damaged"},
		"unknown opcode":       {"\x80\x02\xff.", "unknown pickle opcode 0xff at byte 2"},
		"huge string":          {"X\xff\xff\xff\xff.", "truncated or damaged"},
		"huge string 8":        {"\x8d" + long + ".", "truncated or damaged"},
		"huge bytes":           {"\x8e" + long + ".", "truncated or damaged"},
		"huge frame":           {"\x95" + long + "}.", "truncated or damaged"},
		"huge integer":         {"\x8b\x00\x01\x00\x00" + strings.Repeat("x", 256) + ".", "pickled integer of 256 bytes"},
		"long line":            {"I" + strings.Repeat("1", maxPickleLine) + "\n.", "line of more than 4096 bytes"},
		"many marks":           {strings.Repeat("(", 1<<19) + ".", "too many objects"},
		"many dictionaries":    {strings.Repeat("}", 1<<19) + ".", "too many objects"},
		"empty stack":          {".", "malformed pickle: the stack is empty"},
		"zero-length integer":  {"\x8a\x00.", "malformed pickle: runtime error"},
		"odd dictionary":       {"(K\x01d.", "malformed pickle: runtime error"},
		"unhashable key":       {"\x80\x02ccollections\nOrderedDict\n)RC\x01aK\x01s.", "malformed pickle: hash of unhashable type"},
		"wrong protocol":       {"\x80\x09.", "unsupported pickle protocol"},
		"call of a number":     {"K\x01)R.", "REDUCE requires a Callable"},
		"tensor of nothing":    {"ctorch._utils\n_rebuild_tensor_v2\n)R.", "tensor with 0 arguments"},
		"parameter of nothing": {"ctorch._utils\n_rebuild_parameter\n)R.", "parameter without a tensor"},
		"subclass of nothing":  {"ctorch._tensor\n_rebuild_from_type_v2\n)R.", "tensor subclass with"},
		"persistent number":    {"K\x01Q.", "unexpected persistent ID"},
		"persistent text":      {"Pabc\n.", "unexpected persistent ID"},
		"persistent triple":    {"K\x01K\x02K\x03\x87Q.", "persistent ID of 3 parts"},
		"persistent mess":      {"(X\x07\x00\x00\x00storageNNNNtQ.", "unexpected types"},
		"python 2 dict of 1":   {"ccollections\nOrderedDict\nK\x01\x85R.", "OrderedDict of something else"},
		"python 2 dict of 2":   {"ccollections\nOrderedDict\n](]K\x01ae\x85R.", "OrderedDict of something else"},
		"builtin eval":         {"cbuiltins\neval\n.", "Python object __builtin__.eval"},
		"stack global":         {"\x8c\x02os\x8c\x06system\x93.", "Python object os.system"},
		"instance":             {"(ios\nsystem\n.", "Python object os.system"},
		"extension":            {"\x82\x01.", "unknown pickle opcode 0x82"},
		"whole number":         {"K\x07.", "holds a number; expected a state dict"},
		"none":                 {"N.", "holds None"},
		"empty dictionary":     {"}.", "no dictionary of tensors under no keys at all"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readBytes(zipped(t, c.pickle))
			require.ErrorContains(t, err, c.want)
			assert.Less(t, len(err.Error()), 400)
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}
