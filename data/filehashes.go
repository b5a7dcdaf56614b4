package data

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const hashesHeader = "transfera file hashes 1"

// fileHash is what is remembered of a file: the hash of its bytes, valid while size and modification time stay.
type fileHash struct {
	sum      [sha256.Size]byte
	size     int64
	modified int64 // Unix time in nanoseconds
}

// hashesPath is the file that remembers the hashes of this folder, "" without a cache.
func (f *Folder) hashesPath() (string, error) {
	if f.options.FingerprintCache == "" {
		return "", nil
	}
	absolute, err := filepath.Abs(f.dir)
	if err != nil {
		return "", fmt.Errorf("fingerprint %s: %w", f.dir, err)
	}
	key := sha256.Sum256([]byte(absolute))
	return filepath.Join(f.options.FingerprintCache, fmt.Sprintf("%x.hashes", key[:8])), nil
}

// readHashes reads what writeHashes wrote. An unreadable or unfamiliar file is as good as none: it only costs time.
func readHashes(path string) map[string]fileHash {
	hashes := map[string]fileHash{}
	if path == "" {
		return hashes
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return hashes
	}
	header, rest, _ := strings.Cut(string(content), "\n")
	if header != hashesHeader {
		return hashes
	}
	for line := range strings.Lines(rest) {
		name, hash, err := parseHash(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return map[string]fileHash{}
		}
		hashes[name] = hash
	}
	return hashes
}

// parseHash reads one line: hash, size, modification time and quoted name, separated by spaces.
func parseHash(line string) (name string, hash fileHash, err error) {
	fields := strings.SplitN(line, " ", 4)
	if len(fields) != 4 || len(fields[0]) != 2*sha256.Size {
		return "", hash, errors.New("malformed line")
	}
	if _, err = hex.Decode(hash.sum[:], []byte(fields[0])); err != nil {
		return "", hash, err
	}
	if hash.size, err = strconv.ParseInt(fields[1], 10, 64); err != nil {
		return "", hash, err
	}
	if hash.modified, err = strconv.ParseInt(fields[2], 10, 64); err != nil {
		return "", hash, err
	}
	name, err = strconv.Unquote(fields[3])
	return name, hash, err
}

// writeHashes remembers the hashes of the named files, leaving out those that are nil, and replaces path atomically.
func writeHashes(path string, names []string, hashes []*fileHash) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".hashes-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	content := bufio.NewWriter(file)
	fmt.Fprintln(content, hashesHeader)
	for i, hash := range hashes {
		if hash == nil {
			continue
		}
		fmt.Fprintf(content, "%x %d %d %s\n", hash.sum, hash.size, hash.modified, strconv.Quote(names[i]))
	}
	if err := errors.Join(content.Flush(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
