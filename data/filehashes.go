package data

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const hashesHeader = "transfera file hashes 2"

// fileHash is what is remembered of a file: the hash of its bytes, valid while size and modification time stay.
type fileHash struct {
	sum      [sha256.Size]byte
	size     int64
	modified int64 // Unix time in nanoseconds
}

// readHashes reads what writeHashes wrote, nothing from a file that is not as it was written.
func readHashes(path string) map[string]fileHash {
	hashes := map[string]fileHash{}
	for line := range remembered(path, hashesHeader) {
		name, hash, err := parseHash(line)
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
	return remember(path, hashesHeader, func(lines io.Writer) {
		for i, hash := range hashes {
			if hash != nil {
				fmt.Fprintf(lines, "%x %d %d %s\n", hash.sum, hash.size, hash.modified, strconv.Quote(names[i]))
			}
		}
	})
}
