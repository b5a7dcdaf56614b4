package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Lock waits until no other goroutine or process computes the stage of key, calls waiting once if that takes any time, and
// returns what gives the stage free again. The kernel frees it when a process dies.
func (s *Store) Lock(ctx context.Context, key string, waiting func()) (unlock func(), err error) {
	for told := false; ; {
		unlock, free, err := s.tryLock(key)
		if free || err != nil {
			return unlock, err
		}
		if !told {
			waiting()
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// tryLock is Lock without waiting; free is false if somebody else has the stage.
func (s *Store) tryLock(key string) (unlock func(), free bool, err error) {
	path := filepath.Join(s.root, "locks", key)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, false, fmt.Errorf("lock a stage: %w", err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil && sameFile(file, path) {
		return func() {
			_ = os.Remove(path) // before it is free, so that whoever waits sees that it is another file
			_ = file.Close()
		}, true, nil
	}
	file.Close()
	if err != nil && !errors.Is(err, unix.EWOULDBLOCK) {
		return nil, false, fmt.Errorf("lock %s: %w; keep the cache on a file system with locks", path, err)
	}
	return nil, false, nil
}

// sameFile tells whether the locked file is still the one at path.
func sameFile(file *os.File, path string) bool {
	locked, err := file.Stat()
	if err != nil {
		return false
	}
	current, err := os.Stat(path)
	return err == nil && os.SameFile(locked, current)
}
