package weights

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/nlpodyssey/gopickle/types"
)

const (
	legacyMagic    = "1950a86a20f9469cfc6c" // torch.serialization.MAGIC_NUMBER
	legacyProtocol = 1001                   // torch.serialization.PROTOCOL_VERSION
)

// legacyFile is the format before PyTorch 1.6: five pickles (a magic number,
// the protocol's version, facts on the writing machine, the object, the keys of
// the storages), then for each key an 8-byte number of elements and the
// elements. All of that is little-endian on any machine.
type legacyFile struct {
	r        io.ReaderAt
	size     int64
	at       int64 // end of what was read
	storages storageSet
	views    map[string]*storageView
}

func readLegacy(r io.ReaderAt, size int64) (*File, error) {
	f := &legacyFile{r: r, size: size, storages: storageSet{}, views: map[string]*storageView{}}
	in := bufio.NewReader(io.NewSectionReader(r, 0, size))
	magic, err := f.next(in, nil)
	if err != nil {
		return nil, err
	}
	if n, ok := magic.(*big.Int); !ok || n.Text(16) != legacyMagic {
		return nil, errors.New("a Python pickle, but not one of torch.save; expected " + expected)
	}
	version, err := f.next(in, nil)
	if err != nil {
		return nil, err
	}
	if version != legacyProtocol {
		return nil, fmt.Errorf("legacy PyTorch file of protocol %s; expected %d", shorten(fmt.Sprint(version)), legacyProtocol)
	}
	if _, err := f.next(in, nil); err != nil {
		return nil, err
	}
	top, err := f.next(in, f.storage)
	if err != nil {
		return nil, err
	}
	keys, err := f.next(in, nil)
	if err != nil {
		return nil, err
	}
	if err := f.placeStorages(keys); err != nil {
		return nil, err
	}
	return stateDict(top, newLoader(size, f.read))
}

// next reads the next of the pickles.
func (f *legacyFile) next(in *bufio.Reader, load persistentLoad) (any, error) {
	data, err := scanPickle(in, f.size-f.at)
	if err != nil {
		return nil, err
	}
	f.at += int64(len(data))
	return unpickle(data, load)
}

// storage resolves ('storage', class, key, location, elements, view), where
// view is None or, before PyTorch 0.4, (key of the view, offset, elements).
func (f *legacyFile) storage(id *types.Tuple) (any, error) {
	if id.Len() > 0 && id.Get(0) == "module" {
		return nil, refuse("a whole model instead of its weights; " +
			"save it again with torch.save(model.state_dict(), path)")
	}
	key, dtype, elements, err := parseStorageID(id, 6)
	if err != nil {
		return nil, err
	}
	whole, err := f.storages.view(key, dtype, elements)
	if err != nil || id.Get(5) == nil {
		return whole, err
	}
	return f.part(whole, id.Get(5))
}

// part resolves the description of a part of a storage. Later mentions of its
// key mean the same part.
func (f *legacyFile) part(whole *storageView, description any) (*storageView, error) {
	malformed := refuse("malformed view of a storage")
	tuple, ok := description.(*types.Tuple)
	if !ok || tuple.Len() != 3 {
		return nil, malformed
	}
	key, keyOK := tuple.Get(0).(string)
	start, startOK := tuple.Get(1).(int)
	elements, elementsOK := tuple.Get(2).(int)
	if !keyOK || !startOK || !elementsOK {
		return nil, malformed
	}
	if known := f.views[key]; known != nil {
		return known, nil
	}
	view := &storageView{whole.storage, int64(start), int64(elements)}
	if view.start < 0 || view.elements < 0 || view.start > whole.elements-view.elements {
		return nil, malformed
	}
	f.views[key] = view
	return view, nil
}

// placeStorages walks the storages behind the pickles, which come in the order
// of keys, and notes where each begins.
func (f *legacyFile) placeStorages(keys any) error {
	list, ok := keys.(*types.List)
	if !ok {
		return errors.New("no list of storages behind the pickle: the file is damaged")
	}
	for _, item := range *list {
		key, ok := item.(string)
		s := f.storages[key]
		if !ok || s == nil || s.at != 0 {
			return errors.New("the list of storages does not fit the pickle: the file is damaged")
		}
		var count [8]byte
		if _, err := f.r.ReadAt(count[:], f.at); err != nil {
			return fmt.Errorf("the file ends before storage %s: truncated", key)
		}
		if n := binary.LittleEndian.Uint64(count[:]); n != uint64(s.elements) {
			return fmt.Errorf("storage %s has %d elements; expected %d", key, n, s.elements)
		}
		s.at = f.at + int64(len(count))
		if size := int64(s.dtype.Size()); s.elements > (f.size-s.at)/size {
			return fmt.Errorf("the file ends within storage %s: truncated", key)
		}
		f.at = s.at + s.elements*int64(s.dtype.Size())
	}
	return nil
}

// read returns the bytes of s.
func (f *legacyFile) read(s *storage) ([]byte, error) {
	if s.at == 0 {
		return nil, fmt.Errorf("storage %s is missing: the file is damaged", s.key)
	}
	data := make([]byte, s.elements*int64(s.dtype.Size()))
	if _, err := f.r.ReadAt(data, s.at); err != nil && len(data) > 0 {
		return nil, fmt.Errorf("cannot read storage %s: %w", s.key, err)
	}
	return data, nil
}
