package weights

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// zipArchive is the zip format: <name>/data.pkl is the pickle, and
// <name>/data/<key> the bytes of each storage, all of them stored, that is,
// not compressed.
type zipArchive struct {
	records   map[string]*zip.File
	prefix    string
	bigEndian bool
	// unread is what may still be read: the file's size to begin with. Records
	// of an honest file do not overlap, so they cannot exceed it.
	unread int64
}

func readZip(r io.ReaderAt, size int64) (*File, error) {
	z, err := openZip(r, size)
	if err != nil {
		return nil, err
	}
	data, err := z.read("data.pkl")
	if err != nil {
		return nil, err
	}
	data, err = scanPickle(bufio.NewReader(bytes.NewReader(data)), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("data.pkl: %w", err)
	}
	storages := storageSet{}
	top, err := unpickle(data, storages.zipStorage)
	if err != nil {
		return nil, err
	}
	return stateDict(top, newLoader(size, z.storage))
}

// openZip reads the directory and finds the archive's name, the folder of its
// first record.
func openZip(r io.ReaderAt, size int64) (*zipArchive, error) {
	reader, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("begins like a PyTorch zip file but cannot be opened, perhaps truncated: %w", err)
	}
	z := &zipArchive{records: map[string]*zip.File{}, unread: size}
	for i, f := range reader.File {
		if i == 0 {
			folder, _, _ := strings.Cut(f.Name, "/")
			z.prefix = folder + "/"
		}
		if z.records[f.Name] != nil {
			return nil, fmt.Errorf("zip file with two records %s", f.Name)
		}
		z.records[f.Name] = f
	}
	switch {
	case z.records[z.prefix+"constants.pkl"] != nil:
		return nil, errors.New("a TorchScript program instead of weights; " +
			"expected the file of torch.save(model.state_dict(), path)")
	case z.records[z.prefix+"data.pkl"] == nil:
		return nil, errors.New("a zip file without a PyTorch pickle (data.pkl); expected " + expected)
	case z.records[z.prefix+"byteorder"] != nil:
		order, err := z.read("byteorder")
		if err != nil {
			return nil, err
		}
		z.bigEndian = string(order) == "big"
	}
	return z, nil
}

// read returns a whole record after checking its size and its CRC-32.
func (z *zipArchive) read(name string) ([]byte, error) {
	f := z.records[z.prefix+name]
	if f == nil {
		return nil, fmt.Errorf("zip record %s is missing", name)
	}
	size := f.UncompressedSize64
	if f.Method != zip.Store || f.CompressedSize64 != size {
		return nil, fmt.Errorf("zip record %s is compressed, which torch.save does not do; unpack and zip it with -0", name)
	}
	if size > uint64(z.unread) {
		return nil, fmt.Errorf("zip record %s claims %d bytes, more than the file has", name, size)
	}
	z.unread -= int64(size)
	rc, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("zip record %s: %w", name, err)
	}
	defer rc.Close()
	data := make([]byte, size)
	if _, err := io.ReadFull(rc, data); err != nil {
		return nil, fmt.Errorf("zip record %s is damaged: %w", name, err)
	}
	// The reader compares the checksum when it comes to the record's end.
	if _, err := rc.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("zip record %s is damaged: %w", name, err)
	}
	return data, nil
}

// storage reads the bytes of s.
func (z *zipArchive) storage(s *storage) ([]byte, error) {
	record := z.records[z.prefix+"data/"+s.key]
	size := uint64(s.dtype.Size())
	if record != nil && (record.UncompressedSize64%size != 0 || record.UncompressedSize64/size != uint64(s.elements)) {
		return nil, fmt.Errorf("storage %s has %d bytes; expected %d elements of %s",
			s.key, record.UncompressedSize64, s.elements, s.dtype)
	}
	data, err := z.read("data/" + s.key)
	if err != nil {
		return nil, err
	}
	if z.bigEndian {
		for element := range slices.Chunk(data, int(size)) {
			slices.Reverse(element)
		}
	}
	return data, nil
}

// zipStorage resolves ('storage', class, key, location, elements).
func (set storageSet) zipStorage(id *types.Tuple) (any, error) {
	key, dtype, elements, err := parseStorageID(id, 5)
	if err != nil {
		return nil, err
	}
	return set.view(key, dtype, elements)
}

// parseStorageID takes a storage's persistent ID of so many parts apart. The
// location says on which device it was, which is of no use here.
func parseStorageID(id *types.Tuple, parts int) (key string, dtype DType, elements int64, err error) {
	if id.Len() != parts || id.Get(0) != "storage" {
		return "", 0, 0, refuse("persistent ID of %d parts; expected a storage", id.Len())
	}
	class, classOK := id.Get(1).(storageClass)
	key, keyOK := id.Get(2).(string)
	count, countOK := id.Get(4).(int)
	if !classOK || !keyOK || !countOK {
		return "", 0, 0, refuse("storage with a persistent ID of unexpected types")
	}
	return key, class.dtype, int64(count), nil
}
