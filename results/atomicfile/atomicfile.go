// Package atomicfile writes files that are either whole or absent.
//
// A reader, or a run that continues after this one was killed, sees the old
// file or the new one and never a part: data goes to a temporary file in the
// same folder, to the disk, and only then takes the final name.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Write replaces the file at path by data. Missing folders are made.
func Write(path string, data []byte) error {
	return Stream(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// Stream replaces the file at path by what write writes. Missing folders are
// made. If write or the disk fails, the old file stays as it was and nothing
// is left behind. w is not buffered.
func Stream(path string, write func(w io.Writer) error) (err error) {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("make the folder of %s: %w", path, err)
	}
	file, err := createTemporary(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = file.Close() // the first error is the one to tell
			_ = os.Remove(file.Name())
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	if err := write(file); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// createTemporary opens a new file beside path. Unlike os.CreateTemp it leaves
// the permissions to the umask, since the file is for others to read.
func createTemporary(path string) (*os.File, error) {
	folder, base := filepath.Split(path)
	for range 100 {
		name := filepath.Join(folder, fmt.Sprintf(".%s.%016x.tmp", base, rand.Uint64()))
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		return file, err
	}
	return nil, errors.New("no free temporary name")
}

// syncFolder makes the new name itself durable. File systems that cannot do
// this for a folder say so, and there is nothing more to do then.
func syncFolder(folder string) error {
	handle, err := os.Open(folder)
	if err != nil {
		return err
	}
	_ = handle.Sync()
	return handle.Close()
}
