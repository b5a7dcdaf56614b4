package blackbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrBudget is the error of a call that would exceed the budget.
var ErrBudget = errors.New("the budget is spent")

// entryBytes is the length of a ledger's lines: time, a space, the beginning of the question's key and a line feed. With
// lines of one length the file's size is the number of calls.
const entryBytes = len(time.RFC3339) - len("07:00") + 1 + 16 + 1

// ledger is the append-only file of all calls to one service.
type ledger struct {
	path   string
	budget int // most lines; 0 is no limit
}

// ledgerOf is the ledger of a service's URL, method and version, which are all that decides who counts and bills.
func ledgerOf(folder string, s Service) ledger {
	return ledger{filepath.Join(folder, hashOf("ledger 1", s.URL, s.Method, s.Version)[:16]+".calls"), s.Budget}
}

// reserve counts a call before it is made. Calls of other processes are counted with it; ErrBudget says that none is left.
func (l ledger) reserve(key string) (err error) {
	file, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return fmt.Errorf("count a call: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }() // frees the lock
	if err := lockWhole(file); err != nil {
		return fmt.Errorf("lock %s: %w; keep the cache on a file system with locks", l.path, err)
	}
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("count a call: %w", err)
	}
	calls, torn := entries(info.Size())
	if l.budget > 0 && calls >= l.budget {
		return l.spent(calls)
	}
	entry := time.Now().UTC().Format(time.RFC3339) + " " + key[:16] + "\n"
	if torn > 0 { // a power failure cut the last line, whose call may have been made
		entry = strings.Repeat("?", entryBytes-torn-1) + "\n" + entry
	}
	if _, err := file.WriteString(entry); err != nil {
		return fmt.Errorf("count a call: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("count a call: %w", err)
	}
	return nil
}

func lockWhole(file *os.File) error {
	for {
		if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// entries is how many lines a ledger of so many bytes has, a torn one included, and how many bytes that one has.
func entries(size int64) (calls, torn int) {
	return int((size + int64(entryBytes) - 1) / int64(entryBytes)), int(size % int64(entryBytes))
}

func (l ledger) spent(calls int) error {
	return fmt.Errorf("%w: %d calls were made and service.budget allows %d; raise service.budget to go on. All answers are kept",
		ErrBudget, calls, l.budget)
}

// calls is how many were made ever.
func (l ledger) calls() int {
	info, err := os.Stat(l.path)
	if err != nil {
		return 0
	}
	calls, _ := entries(info.Size())
	return calls
}
