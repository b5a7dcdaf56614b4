// Package store keeps what stages computed, by content key.
//
// A key is the hash of everything that a result depends on, so a result under a key never changes: it is there and whole,
// or not there. Results are folders that appear by one rename; a folder whose files no longer have the bytes that were
// committed counts as absent, and is computed again.
//
//	objects/ab/abcdef.../    a result: its files, stage.json, which has the SHA-256 of each, and stage.json.sha256
//	work/abcdef.../          what an unfinished stage left behind to go on from
//	answers/                 what services said, which runner/blackbox keeps
//	slurm/                   jobs of runs on a cluster, which runner/slurm keeps
//	lock                     locked, a byte per key, while a stage is computed, so that two runs do not compute it twice
//
// The folder may lie on a file system that the nodes of a cluster share: see lockName for what is asked of it. What one node
// renames into place another may see a little later.
package store

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"transfera/results/atomicfile"
)

// recordName is the file that makes a folder a result, and sumName has its own sum, as sha256sum writes and checks it: tables
// and reports tell settings and times from the record.
const (
	recordName = "stage.json"
	sumName    = recordName + ".sha256"
)

// Store is a folder of results. Its methods may be called from many goroutines and processes at once.
type Store struct{ root string }

// Open uses the folder at root, which is made if it is not there.
func Open(root string) (*Store, error) {
	absolute, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("open cache %s: %w", root, err)
	}
	for _, name := range []string{"objects", "work"} {
		if err := os.MkdirAll(filepath.Join(absolute, name), 0o777); err != nil {
			return nil, fmt.Errorf("open cache %s: %w; name another folder with --cache DIR", root, err)
		}
	}
	return &Store{root: absolute}, nil
}

// Root is the store's folder.
func (s *Store) Root() string { return s.root }

// Record says what a result is and how it came about.
type Record struct {
	Key  string `json:"key"`
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Settings is what the stage itself contributed to the key, and Inputs are the keys of the stages it used.
	Settings json.RawMessage `json:"settings"`
	Inputs   []string        `json:"inputs"`
	// Rate and Work tell what the duration says about other stages: those of one Rate take time in proportion to Work.
	Rate    string    `json:"rate"`
	Work    float64   `json:"work"`
	Seconds float64   `json:"seconds"`
	Created time.Time `json:"created"`
	// Files are the result's files with the SHA-256 of each.
	Files map[string]string `json:"files"`
}

// Find returns the record of a key, and false if there is no whole result. damage then says what was wrong with a result
// that is not whole. It is removed, unless somebody is just computing it again and will replace it.
func (s *Store) Find(key string) (record *Record, found bool, damage error) {
	if record, err := s.whole(key); err == nil || errors.Is(err, fs.ErrNotExist) {
		return record, err == nil, nil
	}
	unlock, free, err := s.TryLock(key)
	if err != nil {
		return nil, false, err
	}
	if free {
		defer unlock()
	}
	record, err = s.whole(key) // what looked damaged may have been replaced meanwhile
	switch {
	case err == nil:
		return record, true, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, false, nil
	}
	damage = fmt.Errorf("cached %s is damaged and will be computed again: %w", key, err)
	if free {
		damage = errors.Join(damage, os.RemoveAll(s.object(key)))
	}
	return nil, false, damage
}

// Has tells whether there is a record of a key, without looking whether its files are whole.
func (s *Store) Has(key string) bool {
	_, err := os.Stat(s.File(key, recordName))
	return err == nil
}

// whole reads the record of a key and compares its files. The error is fs.ErrNotExist where there is no result at all.
func (s *Store) whole(key string) (*Record, error) {
	record, err := s.read(key)
	if err != nil {
		return nil, err
	}
	for _, name := range sortedNames(record.Files) {
		sum, err := atomicfile.Sum(s.File(key, name))
		if err != nil {
			return nil, fmt.Errorf("%s cannot be read: %v", name, err) // %v: a file that is missing is damage, not absence
		}
		if sum != record.Files[name] {
			return nil, fmt.Errorf("%s has other bytes than were written", name)
		}
	}
	return record, nil
}

// File is the path of a file of a result.
func (s *Store) File(key, name string) string { return filepath.Join(s.object(key), name) }

func (s *Store) object(key string) string { return filepath.Join(s.root, "objects", key[:2], key) }

func (s *Store) read(key string) (*Record, error) {
	data, err := os.ReadFile(s.File(key, recordName))
	if errors.Is(err, fs.ErrNotExist) {
		if _, statErr := os.Stat(s.object(key)); statErr == nil {
			return nil, fmt.Errorf("%s has gone", recordName)
		}
	}
	if err != nil {
		return nil, err
	}
	sum, err := os.ReadFile(s.File(key, sumName))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %v", sumName, err) // %v: as in whole
	}
	if string(sum) != sumLine(data) {
		return nil, fmt.Errorf("%s has other bytes than were written", recordName)
	}
	record := &Record{}
	if err := json.Unmarshal(data, record); err != nil {
		return nil, fmt.Errorf("%s: %w", recordName, err)
	}
	if record.Key != key {
		return nil, fmt.Errorf("%s holds the key %q", recordName, record.Key)
	}
	return record, nil
}

func sumLine(record []byte) string { return fmt.Sprintf("%x  %s\n", sha256.Sum256(record), recordName) }

// Work returns the folder in which the stage of key prepares its result and keeps what it needs to go on after being
// killed. It survives until Commit.
func (s *Store) Work(key string) (string, error) {
	folder := filepath.Join(s.root, "work", key)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", fmt.Errorf("make the working folder of a stage: %w", err)
	}
	return folder, nil
}

// Commit makes the named files of the stage's working folder its result, enters their sums into the record and removes the
// rest of that folder.
func (s *Store) Commit(record *Record, names []string) error {
	work, err := s.Work(record.Key)
	if err != nil {
		return err
	}
	fresh := filepath.Join(work, "result")
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := os.Mkdir(fresh, 0o777); err != nil {
		return err
	}
	record.Files = map[string]string{}
	for _, name := range names {
		if record.Files[name], err = keep(filepath.Join(work, name), filepath.Join(fresh, name)); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if err := atomicfile.Write(filepath.Join(fresh, sumName), []byte(sumLine(text))); err != nil {
		return err
	}
	if err := atomicfile.Write(filepath.Join(fresh, recordName), text); err != nil {
		return err
	}
	object := s.object(record.Key)
	if err := os.MkdirAll(filepath.Dir(object), 0o777); err != nil {
		return err
	}
	if err := os.RemoveAll(object); err != nil { // only ever damaged leftovers: Find saw no result under the lock
		return err
	}
	if err := os.Rename(fresh, object); err != nil {
		return err
	}
	return os.RemoveAll(work)
}

// keep puts a file into the result and returns the sum of its bytes. The file also stays where it was: if the process dies before the commit, the
// stage finds its files where it left them.
func keep(from, to string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return "", err
	}
	if err := os.Link(from, to); err != nil { // file systems without hard links
		data, err := os.ReadFile(from)
		if err != nil {
			return "", err
		}
		if err := atomicfile.Write(to, data); err != nil {
			return "", err
		}
	}
	return atomicfile.Sum(to)
}

// List returns the records of all results, oldest first. Folders that are no results are passed over.
func (s *Store) List() ([]*Record, error) {
	paths, err := filepath.Glob(filepath.Join(s.root, "objects", "*", "*"))
	if err != nil {
		return nil, err
	}
	var records []*Record
	for _, path := range paths {
		if record, err := s.read(filepath.Base(path)); err == nil {
			records = append(records, record)
		}
	}
	slices.SortStableFunc(records, func(a, b *Record) int { return a.Created.Compare(b.Created) })
	return records, nil
}

// Unfinished returns the keys of stages that left a working folder behind.
func (s *Store) Unfinished() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.root, "work"))
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, entry := range entries {
		keys = append(keys, entry.Name())
	}
	return keys, nil
}

// Sweep removes working folders of results that are there, which processes left that died at the end of Commit.
func (s *Store) Sweep() error {
	keys, err := s.Unfinished()
	if err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := os.Stat(s.File(key, recordName)); err != nil {
			continue
		}
		unlock, free, err := s.TryLock(key)
		if err != nil {
			return err
		}
		if free { // else somebody computes it again, for it is damaged
			err := os.RemoveAll(filepath.Join(s.root, "work", key))
			unlock()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Size is the number of bytes that a key takes on disk, its working folder included.
func (s *Store) Size(key string) int64 {
	total := int64(0)
	for _, folder := range []string{s.object(key), filepath.Join(s.root, "work", key)} {
		_ = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
			if err != nil {
				return nil // it has just gone: counts for nothing
			}
			if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
				total += info.Size()
			}
			return nil
		})
	}
	return total
}

// Remove deletes the result of a key and its working folder, if there are any.
func (s *Store) Remove(key string) error {
	return errors.Join(os.RemoveAll(s.object(key)), os.RemoveAll(filepath.Join(s.root, "work", key)))
}

func sortedNames(files map[string]string) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
