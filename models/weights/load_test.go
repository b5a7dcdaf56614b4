package weights

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLoadReadsWhatPythonWrote(t *testing.T) {
	files := readGoldens(t).Files
	require.NotEmpty(t, files)
	for name, want := range files {
		t.Run(name, func(t *testing.T) {
			file, err := Load(golden(name))
			require.NoError(t, err)
			assert.Equal(t, want.Format, file.Format.String())
			assert.Equal(t, want.Tensors, describeTensors(file.Tensors))
			assert.Equal(t, want.Checksum, file.Tensors.Checksum())
			assert.Equal(t, want.Metadata, file.Metadata)
			assert.Equal(t, golden(name), file.Path)
		})
	}
}

// The real files are read where the development data lies beside the
// repository, or in the folder that TRANSFERA_SHARED_DATA names.
func TestLoadReadsPublishedRecognizers(t *testing.T) {
	dir := os.Getenv("TRANSFERA_SHARED_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	dir = filepath.Join(dir, "cifar10-resnets")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no CIFAR-10 recognizers in %s (set TRANSFERA_SHARED_DATA to the folder of cifar10-resnets)", dir)
	}
	for name, want := range readGoldens(t).Real {
		t.Run(name, func(t *testing.T) {
			file, err := Load(filepath.Join(dir, name))
			require.NoError(t, err)
			tensors := file.Tensors.TrimPrefix("module.")
			var elements int64
			for _, tensor := range tensors {
				elements += tensor.Elements()
			}
			assert.Len(t, tensors, want.Tensors)
			assert.Equal(t, want.Elements, elements)
			assert.Equal(t, want.Checksum, tensors.Checksum())
			assert.Equal(t, want.BestPrec1, file.Metadata["best_prec1"])
			assert.NotEqual(t, want.Checksum, file.Tensors.Checksum(), "the sum covers the names")
		})
	}
}

func TestLoadRefusesUnsuitableFilesOfPyTorch(t *testing.T) {
	for name, want := range map[string]string{
		"two_nets.pth":      "more than one dictionary of tensors and none of them alone is named state_dict, model_state_dict or model; save one of them by itself: keys generator, discriminator",
		"both_keys.pth":     "keys model, state_dict",
		"deeper.pth":        "further dictionaries of tensors inside; save one of them by itself: keys head",
		"tensor.pth":        "holds a single tensor; expected a state dict",
		"list.pth":          "holds a list; expected a state dict",
		"numbers.pth":       "no dictionary of tensors under keys epoch, lr",
		"runs_code.pth":     "refers to the Python object posix.system, which no state dict holds",
		"whole_model.pth":   "refers to the Python object torch.nn.modules.linear.Linear",
		"whole_model.th":    "torch.save(model.state_dict(), path)",
		"complex.pth":       "torch.ComplexFloatStorage, an element type that is not supported",
		"sparse.pth":        "_rebuild_sparse_tensor",
		"unnamed.pth":       "a tensor under a key that is a number; expected names",
		"pickle.pkl":        "a Python pickle, but not one of torch.save",
		"compressed.pth":    "is compressed",
		"short_storage.pth": "storage 0 has 428 bytes; expected 108 elements of F32",
		"torchscript.pth":   "a TorchScript program instead of weights",
		"not_torch.zip":     "a zip file without a PyTorch pickle",
	} {
		t.Run(name, func(t *testing.T) { requireRefused(t, golden("bad/"+name), want) })
	}
}

func TestLoadRefusesFilesThatAreNotWeights(t *testing.T) {
	tar := make([]byte, 1024)
	copy(tar[257:], "ustar")
	for name, c := range map[string]struct{ content, want string }{
		"empty":             {"", "the file is empty"},
		"text":              {"epoch,loss\n1,0.5\n", "a text file"},
		"cut character":     {strings.Repeat("a", 511) + "é", "a text file"},
		"html":              {"\n<!DOCTYPE html><html>404</html>", "an HTML page"},
		"json":              {`{"a": 1}`, "a text file"},
		"lfs":               {"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS pointer"},
		"tar":               {string(tar), "a tar archive"},
		"gzip":              {"\x1f\x8b\x08\x00\x00", "a gzip file"},
		"hdf5":              {"\x89HDF\r\n\x1a\n\x00", "an HDF5 file"},
		"binary":            {"\x00\x01\x02\x03\x04\x05\x06\x07\x08", "not a weights file"},
		"nothing but zip":   {"PK\x03\x04", "perhaps truncated"},
		"nothing but torch": {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", "truncated"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "weights.pth")
			require.NoError(t, os.WriteFile(path, []byte(c.content), 0o600))
			requireRefused(t, path, c.want)
		})
	}
}

func TestLoadRefusesFoldersAndMissingFiles(t *testing.T) {
	requireRefused(t, t.TempDir(), "not a regular file; expected weights as .pth or .th")
	_, err := Load("nowhere/resnet18.pth")
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, "nowhere/resnet18.pth")
}

// Whatever is cut off, the result is an error or, where it is only padding
// behind the content, the same tensors.
func TestLoadRefusesTruncatedFiles(t *testing.T) {
	for _, name := range []string{"zip.pth", "legacy.th", "canonical.safetensors"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(golden(name))
			require.NoError(t, err)
			for length := range len(data) {
				_, err := readBytes(data[:length])
				require.Error(t, err, "cut at byte %d of %d", length, len(data))
			}
		})
	}
}

// A flipped bit in the data of a zip file is found by its checksum.
func TestLoadFindsDamagedZipRecords(t *testing.T) {
	data, err := os.ReadFile(golden("net_key.pth"))
	require.NoError(t, err)
	data[recordOffset(t, data, "net_key/data/0")+22] ^= 1
	_, err = readBytes(data)
	assert.ErrorContains(t, err, "zip record data/0 is damaged")
}

// What only the optimizer needs is not read: damage there goes unnoticed.
func TestLoadReadsOnlyTheStateDict(t *testing.T) {
	data, err := os.ReadFile(golden("checkpoint.pth"))
	require.NoError(t, err)
	want := readGoldens(t).Files["checkpoint.pth"].Checksum
	for record, damages := range map[string]bool{"checkpoint/data/0": true, "checkpoint/data/12": false} {
		damaged := bytes.Clone(data)
		damaged[recordOffset(t, data, record)] ^= 1
		file, err := readBytes(damaged)
		if damages {
			require.ErrorContains(t, err, "zip record data/0 is damaged")
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, want, file.Tensors.Checksum())
	}
}

// recordOffset returns where the bytes of a zip record begin.
func recordOffset(t *testing.T, data []byte, name string) int64 {
	t.Helper()
	reader, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	for _, record := range reader.File {
		if record.Name == name {
			at, err := record.DataOffset()
			require.NoError(t, err)
			return at
		}
	}
	t.Fatalf("no record %s", name)
	return 0
}

func readBytes(data []byte) (*File, error) {
	return read("weights.pth", bytes.NewReader(data), int64(len(data)))
}

// requireRefused checks that the error begins with the path, says what is
// wanted, and is one line.
func requireRefused(t *testing.T, path, want string) {
	t.Helper()
	file, err := Load(path)
	require.Error(t, err)
	assert.Nil(t, file)
	assert.True(t, strings.HasPrefix(err.Error(), path+": "), err.Error())
	assert.ErrorContains(t, err, want)
	assert.NotContains(t, err.Error(), "\n")
	assert.Less(t, len(err.Error())-len(path), 300)
}
