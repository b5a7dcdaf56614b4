package data

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
