package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"transfera/data/imaging"
)

// settled is how long a file must have been left alone before something is remembered of it: a second change within the
// resolution of the file system's clock would leave size and time as they were.
const settled = 2 * time.Second

// inspect looks at a file before it is read. leftAlone says that it had settled by then: afterwards, a file that was changed
// while a slow disk read it might look settled.
func inspect(path string) (info os.FileInfo, leftAlone bool, err error) {
	now := time.Now()
	if info, err = os.Stat(path); err != nil {
		return nil, false, err
	}
	return info, now.Sub(info.ModTime()) >= settled, nil
}

// fingerprintOnce keeps the fingerprint of an opened folder after the first call, and what it was made of.
type fingerprintOnce struct {
	mutex  sync.Mutex
	value  string
	images atomic.Pointer[[]*fileHash] // by image; none before the first call, nil for images that are missing
}

// decode decodes the file of image i, and refuses one that no longer has the bytes of the fingerprint: what is computed
// from it would count as a result of other images.
func (f *fingerprintOnce) decode(i int, path string) (*imaging.Image, error) {
	bytes, err := imaging.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if hashes := f.images.Load(); hashes != nil && (*hashes)[i] != nil && sha256.Sum256(bytes) != (*hashes)[i].sum {
		return nil, fmt.Errorf("%s: %w; if it was changed while this run was at work, start the run again; if that does not "+
			"help, it was damaged with its time unchanged: restore it, or touch it if its bytes are meant", path, errOtherBytes)
	}
	return imaging.Decode(bytes, path)
}

var errOtherBytes = errors.New("the image file has other bytes than when its dataset was fingerprinted")

// Fingerprint hashes the relative name and the bytes of every file, in index order. Copies of a dataset therefore have
// the same fingerprint, and any changed, added, removed or renamed file gives another one. Classes and labels of a flat
// folder, which its names do not tell, are hashed as well.
//
// With FolderOptions.FingerprintCache, the hash of each file is remembered there under its size and modification time,
// and later calls read only files where these differ; what was hashed before an error or a cancelled context is kept
// too. A file changed with both restored (as by touch -r) has the old fingerprint, and reading it is an error.
func (f *Folder) Fingerprint(ctx context.Context) (string, error) {
	f.fingerprint.mutex.Lock()
	defer f.fingerprint.mutex.Unlock()
	if f.fingerprint.value != "" {
		return f.fingerprint.value, nil
	}
	cachePath, err := f.memory("hashes")
	if err != nil {
		return "", err
	}
	hashes, err := hashFiles(ctx, cachePath, f.dir, f.files, f.options.Progress)
	if err != nil {
		return "", fmt.Errorf("fingerprint %s: %w", f.dir, err)
	}
	total := sha256.New()
	fmt.Fprintf(total, "image folder of %d files\n", len(f.files))
	for i, name := range f.files {
		fmt.Fprintf(total, "%d %s %x\n", len(name), name, hashes[i].sum)
	}
	if f.flat {
		fmt.Fprintf(total, "classes %q labels %d\n", f.classes, f.labels)
	}
	f.fingerprint.images.Store(&hashes)
	f.fingerprint.value = hex.EncodeToString(total.Sum(nil))
	return f.fingerprint.value, nil
}

// hashFiles finds the hashes of files, named relative to dir, reading only those that memory does not know; "" remembers
// nothing.
func hashFiles(ctx context.Context, memory, dir string, files []string, progress func(done, total int)) ([]*fileHash, error) {
	remembered := readHashes(memory)
	hashes, fresh, err := hashAll(ctx, remembered, dir, files, progress)
	for i, name := range files { // after an error, keep what is known of the files that were not reached
		if old, known := remembered[name]; known && hashes[i] == nil {
			hashes[i] = &old
		}
	}
	if memory != "" && (fresh > 0 || err == nil && len(remembered) != len(files)) {
		err = errors.Join(err, writeHashes(memory, files, hashes))
	}
	return hashes, err
}

// hashAll finds the hash of every file, in parallel, reading only those not remembered. After an error the files that
// were not reached have a nil hash. fresh is how many were read.
func hashAll(ctx context.Context, remembered map[string]fileHash, dir string, files []string, progress func(done, total int)) (hashes []*fileHash, fresh int, err error) {
	hashes = make([]*fileHash, len(files))
	var read atomic.Int64
	err = forFiles(ctx, len(files), progress, func() func(i int) error {
		buffer := make([]byte, 64<<10)
		return func(i int) error {
			old, known := remembered[files[i]]
			hash, err := hashFile(filepath.Join(dir, filepath.FromSlash(files[i])), old, known, buffer)
			if err != nil {
				return err
			}
			if !known || hash != old {
				read.Add(1)
			}
			hashes[i] = &hash
			return nil
		}
	})
	return hashes, int(read.Load()), err
}

// hashFile returns old if it still describes the file at path, and reads the file otherwise.
func hashFile(path string, old fileHash, known bool, buffer []byte) (fileHash, error) {
	info, leftAlone, err := inspect(path)
	if err != nil {
		return fileHash{}, err
	}
	current := fileHash{size: info.Size(), modified: info.ModTime().UnixNano()}
	if known && old.size == current.size && old.modified == current.modified {
		return old, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return fileHash{}, err
	}
	defer file.Close()
	hash := sha256.New()
	for {
		n, err := file.Read(buffer)
		hash.Write(buffer[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			return fileHash{}, err
		}
	}
	hash.Sum(current.sum[:0])
	if !leftAlone {
		current.modified = math.MinInt64 // right for this run, never matched by a later one
	}
	return current, nil
}
