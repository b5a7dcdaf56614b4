package data

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const checksHeader = "transfera image checks 2"

// fileCheck is what is remembered of a verified file, valid while size and modification time stay.
type fileCheck struct {
	size     int64
	modified int64  // Unix time in nanoseconds
	reason   string // why it cannot be decoded; "" if it can
}

// checked is a dataset with a file per image, of which checks can be remembered.
type checked interface {
	Dataset
	// memory is as in Folder.
	memory(kind string) (string, error)
	// checkedFile is the file of image i and all else, in words, that decides whether it can be decoded: the words are
	// the key of what is remembered. An empty path says that nothing can be.
	checkedFile(i int) (key, path string)
}

func (f *Folder) checkedFile(i int) (key, path string) { return f.files[i], f.fullPath(i) }

// checks remembers which files of a folder can be decoded.
type checks struct {
	path  string // of the file; "" remembers nothing
	known map[string]fileCheck
	mutex sync.Mutex // guards fresh
	fresh map[string]fileCheck
}

// openChecks reads what is known of the folder that ds was cut from.
func openChecks(ds Dataset) (*checks, error) {
	c := &checks{fresh: map[string]fileCheck{}}
	root, _ := original(ds, 0)
	folder, isChecked := root.(checked)
	if !isChecked {
		return c, nil
	}
	var err error
	if c.path, err = folder.memory("checks"); err != nil {
		return nil, err
	}
	c.known = readChecks(c.path)
	return c, nil
}

// check says why image i cannot be decoded, "" if it can, and decodes it only if that is not known.
func (c *checks) check(ds Dataset, i int) (reason string, err error) {
	root, at := original(ds, i)
	folder, isChecked := root.(checked)
	if !isChecked || c.path == "" {
		return decode(ds, i)
	}
	name, path := folder.checkedFile(at)
	info, leftAlone, err := inspect(path)
	if err != nil {
		return decode(ds, i)
	}
	now := fileCheck{size: info.Size(), modified: info.ModTime().UnixNano()}
	if old, known := c.known[name]; known && old.size == now.size && old.modified == now.modified {
		return old.reason, nil
	}
	if now.reason, err = decode(ds, i); err != nil {
		return "", err
	}
	if leftAlone {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.fresh[name] = now
	}
	return now.reason, nil
}

// save adds what is new to what is remembered, also of files outside a subset.
func (c *checks) save() error {
	if c.path == "" || len(c.fresh) == 0 {
		return nil
	}
	all := maps.Clone(c.known)
	maps.Copy(all, c.fresh)
	return remember(c.path, checksHeader, func(lines io.Writer) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			check := all[name]
			fmt.Fprintf(lines, "%d %d %s %s\n", check.size, check.modified, strconv.Quote(name), strconv.Quote(check.reason))
		}
	})
}

// readChecks reads what save wrote, nothing from a file that is not as it was written.
func readChecks(path string) map[string]fileCheck {
	checks := map[string]fileCheck{}
	for line := range remembered(path, checksHeader) {
		name, check, err := parseCheck(line)
		if err != nil {
			return map[string]fileCheck{}
		}
		checks[name] = check
	}
	return checks
}

// parseCheck reads one line: size, modification time, quoted name and quoted reason, separated by spaces.
func parseCheck(line string) (name string, check fileCheck, err error) {
	size, rest, _ := strings.Cut(line, " ")
	modified, rest, _ := strings.Cut(rest, " ")
	if check.size, err = strconv.ParseInt(size, 10, 64); err != nil {
		return "", check, err
	}
	if check.modified, err = strconv.ParseInt(modified, 10, 64); err != nil {
		return "", check, err
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "", check, err
	}
	if name, err = strconv.Unquote(quoted); err != nil {
		return "", check, err
	}
	check.reason, err = strconv.Unquote(strings.TrimPrefix(rest[len(quoted):], " "))
	return name, check, err
}
