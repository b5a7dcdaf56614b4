package blackbox

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// lockInterval is how often a lock that others have is tried again.
const lockInterval = 20 * time.Millisecond

// lockQuestion waits until no other client or process asks the question of key, and returns what frees it. It locks one byte
// of the file at path, at an offset that follows from the key: no file is left behind for each question, and the kernel
// frees the byte when a process dies.
func lockQuestion(ctx context.Context, path, key string) (unlock func(), err error) {
	start, err := hex.DecodeString(key[:16])
	if err != nil {
		return nil, fmt.Errorf("lock a question: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("lock a question: %w", err)
	}
	// Locks of an open file description exclude goroutines, too; those of fcntl would belong to the process.
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(binary.BigEndian.Uint64(start) >> 2), Len: 1}
	for {
		err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EINTR) {
			_ = file.Close()
			return nil, fmt.Errorf("lock %s: %w; keep the cache on a file system with locks", path, err)
		}
		select {
		case <-ctx.Done():
			_ = file.Close()
			return nil, context.Cause(ctx)
		case <-time.After(lockInterval):
		}
	}
}
