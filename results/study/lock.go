package study

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lock makes this process the study's only writer until it releases or dies.
func lock(folder string) (release func(), err error) {
	path := filepath.Join(folder, lockFile)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("lock the study: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s is served already; stop that program first", folder)
		}
		return nil, fmt.Errorf("lock %s: %w; keep studies on a file system with locks", path, err)
	}
	return func() { _ = file.Close() }, nil
}

// replaceable tells whether a new study may stand at path, and keeps others from serving an old one there until release.
func replaceable(path string) (release func(), err error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(entries) == 0) {
		return func() {}, os.MkdirAll(filepath.Dir(filepath.Clean(path)), 0o777)
	}
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(path, designFile)); err != nil {
		return nil, fmt.Errorf("%s holds something else than a study; name a new folder", path)
	}
	release, err = lock(path)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(filepath.Join(path, votesFile)); err == nil && info.Size() > 0 {
		release()
		return nil, fmt.Errorf("%s has votes, which a new study would lose; name a new folder", path)
	}
	return release, nil
}
