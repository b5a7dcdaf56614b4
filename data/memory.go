package data

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// memory is the file that remembers something of this folder's files; kind is its extension. It is "" without a cache.
func (f *Folder) memory(kind string) (string, error) { return f.options.memory(f.dir, "", kind) }

// memory is the file that remembers something of files below dir, "" without a cache. part tells apart what is remembered
// of several datasets in one folder.
func (o FolderOptions) memory(dir, part, kind string) (string, error) {
	if o.FingerprintCache == "" {
		return "", nil
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("data path %s: %w", dir, err)
	}
	key := sha256.Sum256([]byte(absolute + part))
	return filepath.Join(o.FingerprintCache, fmt.Sprintf("%x.%s", key[:8], kind)), nil
}

// remember writes a file of lines, after a header and before a sum of all that is above it, so that a changed byte does not
// become a wrong hash.
func remember(path, header string, write func(lines io.Writer)) error {
	return replaceFile(path, func(content io.Writer) {
		sum := sha256.New()
		lines := io.MultiWriter(content, sum)
		fmt.Fprintln(lines, header)
		write(lines)
		fmt.Fprintf(content, "%x\n", sum.Sum(nil))
	})
}

// remembered are the lines that remember wrote under this header. A file that cannot be read, is unfamiliar or was changed is
// as good as none, and so is the path "": it only costs time.
func remembered(path, header string) iter.Seq[string] {
	content, err := os.ReadFile(path)
	end := len(content) - 2*sha256.Size - 1
	if err != nil || end < 0 || fmt.Sprintf("%x\n", sha256.Sum256(content[:end])) != string(content[end:]) {
		return func(func(string) bool) {}
	}
	first, rest, _ := strings.Cut(string(content[:end]), "\n")
	if first != header {
		return func(func(string) bool) {}
	}
	return func(yield func(string) bool) {
		for line := range strings.Lines(rest) {
			if !yield(strings.TrimSuffix(line, "\n")) {
				return
			}
		}
	}
}

// replaceFile writes a file as a whole or, after an error, not at all. Its folder is made when needed.
func replaceFile(path string, write func(content io.Writer)) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(file.Name())
		}
	}()
	content := bufio.NewWriter(file)
	write(content)
	if err := errors.Join(content.Flush(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
