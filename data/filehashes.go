package data

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
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
func writeHashes(path string, names []string, hashes []*fileHash) error {
	return replaceFile(path, func(content io.Writer) {
		fmt.Fprintln(content, hashesHeader)
		for i, hash := range hashes {
			if hash != nil {
				fmt.Fprintf(content, "%x %d %d %s\n", hash.sum, hash.size, hash.modified, strconv.Quote(names[i]))
			}
		}
	})
}
