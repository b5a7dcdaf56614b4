package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// lockName is the one file in which every key locks a byte of its own.
//
// The locks are fcntl's, of open file descriptions: unlike flock's they reach the other nodes of a cluster wherever the file
// system has any that do (NFS, Lustre, GPFS, CephFS), but on mounts that keep locks to themselves, such as NFS with nolock or
// local_lock. The file is never removed. Files that come and go would need every node to see a name change at once, which
// NFS does not promise.
const lockName = "lock"

// Lock waits until no other goroutine, process or node holds key, calls waiting once if that takes any time, and returns
// what gives it free again. The kernel, or the file server, frees it when a process dies. A key may be any text.
func (s *Store) Lock(ctx context.Context, key string, waiting func()) (unlock func(), err error) {
	for told := false; ; {
		unlock, free, err := s.TryLock(key)
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

// TryLock is Lock without waiting; free is false if somebody else has the key.
func (s *Store) TryLock(key string) (unlock func(), free bool, err error) {
	path := filepath.Join(s.root, lockName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, false, fmt.Errorf("lock a stage: %w", err)
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: unix.SEEK_SET, Start: lockByte(key), Len: 1}
	err = unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock)
	if err == nil {
		return func() { _ = file.Close() }, true, nil
	}
	_ = file.Close()
	if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EACCES) {
		return nil, false, fmt.Errorf("lock %s: %w; keep the cache on a file system with locks, see --cache", path, err)
	}
	return nil, false, nil
}

// lockByte is the place of a key's byte in the file, which need not be that long.
func lockByte(key string) int64 {
	sum := sha256.Sum256([]byte(key))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 2)
}
