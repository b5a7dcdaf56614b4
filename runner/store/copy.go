package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"transfera/results/atomicfile"
)

// Copy copies the files of the result whose key starts with prefix into a folder, which is made if it is not there, and
// returns their paths there. Files of the same names are replaced. A prefix of no result, or of several, and a result that is
// damaged are errors.
func (s *Store) Copy(prefix, folder string) ([]string, error) {
	record, err := s.starting(prefix)
	if err != nil {
		return nil, err
	}
	if record, err = s.whole(record.Key); err != nil {
		return nil, fmt.Errorf("cached %s is damaged: %w; run its suite again", prefix, err)
	}
	var copied []string
	for _, name := range sortedNames(record.Files) {
		data, err := os.ReadFile(s.File(record.Key, name))
		if err != nil {
			return copied, err
		}
		path := filepath.Join(folder, name)
		if err := atomicfile.Write(path, data); err != nil {
			return copied, err
		}
		copied = append(copied, path)
	}
	return copied, nil
}

// starting is the one result whose key starts with prefix.
func (s *Store) starting(prefix string) (*Record, error) {
	records, err := s.List()
	if err != nil {
		return nil, err
	}
	var found *Record
	for _, r := range records {
		if prefix == "" || !strings.HasPrefix(r.Key, prefix) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("several cached results start with %s, such as %s and %s; give more of the key", prefix, found.Key, r.Key)
		}
		found = r
	}
	if found == nil {
		return nil, fmt.Errorf("no cached result starts with %q; transfera cache list shows them", prefix)
	}
	return found, nil
}
