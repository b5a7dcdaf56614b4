package weights

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	legacyStart = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." + "\x80\x02M\xe9\x03." + "\x80\x02}."
	oneKey      = "\x80\x02]X\x01\x00\x00\x000a."
)

// legacyTensor is {"w": a tensor of 6 floats}, with that description of the
// part of its storage.
func legacyTensor(part string) string {
	pickle := stateDictPickle(pickleTensor(6, window(0, []int{6}, []int{1})))
	return strings.Replace(pickle, "tQ", part+"tQ", 1)
}

func legacyStorage(count uint64, bytes int) string {
	return string(binary.LittleEndian.AppendUint64(nil, count)) + strings.Repeat("\x01", bytes)
}

func TestLegacyFilesAreCheckedAgainstTheirPickle(t *testing.T) {
	good := legacyStart + legacyTensor("N") + oneKey
	part := func(start, elements int) string {
		return "X\x01\x00\x00\x00p" + pickleInt(start) + pickleInt(elements) + "\x87"
	}
	for name, c := range map[string]struct{ content, want string }{
		"whole":            {good + legacyStorage(6, 24), ""},
		"whole as a part":  {legacyStart + legacyTensor(part(0, 6)) + oneKey + legacyStorage(6, 24), ""},
		"other protocol":   {strings.Replace(good, "\xe9\x03", "\xe8\x03", 1), "legacy PyTorch file of protocol 1000; expected 1001"},
		"text protocol":    {legacyStart[:15] + "\x80\x02].", "legacy PyTorch file of"},
		"few elements":     {good + legacyStorage(5, 20), "storage 0 has 5 elements; expected 6"},
		"cut elements":     {good + legacyStorage(6, 23), "the file ends within storage 0: truncated"},
		"no elements":      {good, "the file ends before storage 0: truncated"},
		"no list":          {legacyStart + legacyTensor("N") + "N.", "no list of storages"},
		"unknown key":      {strings.Replace(good, "0a.", "1a.", 1) + legacyStorage(6, 24), "list of storages does not fit"},
		"number as key":    {legacyStart + legacyTensor("N") + "]K\x01a." + legacyStorage(6, 24), "list of storages does not fit"},
		"key twice":        {legacyStart + legacyTensor("N") + "](X\x01\x00\x00\x000X\x01\x00\x00\x000e." + strings.Repeat(legacyStorage(6, 24), 2), "list of storages does not fit"},
		"no key":           {legacyStart + legacyTensor("N") + "].", "tensor w: storage 0 is missing"},
		"part too long":    {legacyStart + legacyTensor(part(1, 6)) + oneKey, "malformed view of a storage"},
		"part before":      {legacyStart + legacyTensor(part(-1, 6)) + oneKey, "malformed view of a storage"},
		"part overflowing": {legacyStart + legacyTensor(part(1<<62, 1<<62)) + oneKey, "malformed view of a storage"},
		"part too short":   {legacyStart + legacyTensor(part(0, 5)) + oneKey + legacyStorage(6, 24), "tensor w: lies outside of its storage"},
		"part a number":    {legacyStart + legacyTensor("K\x01") + oneKey, "malformed view of a storage"},
		"part of text":     {legacyStart + legacyTensor("NNN\x87") + oneKey, "malformed view of a storage"},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := readBytes([]byte(c.content))
			if c.want == "" {
				require.NoError(t, err)
				assert.Equal(t, []goldenTensor{{"w", "F32", []int64{6}, sha([]byte(strings.Repeat("\x01", 24)))}},
					describeTensors(file.Tensors))
				return
			}
			assert.ErrorContains(t, err, c.want)
		})
	}
}
