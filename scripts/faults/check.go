package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sums are those of all that must not differ between runs: every file of every result but the records, which hold times, and
// the tables in out.
func (p *place) sums(out string) (map[string]string, error) {
	sums := map[string]string{}
	for name, folder := range map[string]string{"objects": filepath.Join(p.cache, "objects"), "out": out} {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), "stage.json") {
				return err
			}
			switch entry.Name() {
			case "run.log", "manifest.json", "report.html":
				return nil
			}
			bytes, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			relative, err := filepath.Rel(folder, path)
			sums[filepath.Join(name, relative)] = fmt.Sprintf("%x", sha256.Sum256(bytes))
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return sums, nil
}

// whole says what differs from a run in peace, after one that ended well with its tables in out.
func (p *place) whole(out string) error {
	sums, err := p.sums(out)
	if err != nil {
		return err
	}
	var wrong []error
	for _, name := range slices.Sorted(keys(p.bed.peace)) {
		switch sum, there := sums[name]; {
		case !there && p.mayLack && strings.HasPrefix(name, "objects"):
		case !there:
			wrong = append(wrong, fmt.Errorf("%s is missing after a run that ended well", name))
		case sum != p.bed.peace[name]:
			wrong = append(wrong, fmt.Errorf("%s differs from that of a run in peace", name))
		}
	}
	return errors.Join(append(wrong, p.tidy(), document(out))...)
}

// document checks the files that hold times.
func document(out string) error {
	text, err := os.ReadFile(filepath.Join(out, "manifest.json"))
	if err == nil && !json.Valid(text) {
		err = errors.New("manifest.json is not JSON")
	}
	report, reportErr := os.ReadFile(filepath.Join(out, "report.html"))
	if reportErr == nil && !strings.HasSuffix(strings.TrimSpace(string(report)), "</html>") {
		reportErr = errors.New("report.html has no end")
	}
	return errors.Join(err, reportErr)
}

// tidy says which temporary files are left after a run that ended well.
func (p *place) tidy() error {
	var wrong []error
	err := filepath.WalkDir(p.root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") || strings.HasSuffix(entry.Name(), ".tmp")) {
			wrong = append(wrong, fmt.Errorf("%s is left behind", path))
		}
		return err
	})
	return errors.Join(append(wrong, err)...)
}

// soFar says what is wrong about what a run left that did not end well: a result of peace that is there must be right, and
// so must each table. Of other results, those of changed pictures, nothing is known.
func (p *place) soFar(out string) error {
	sums, err := p.sums(out)
	if err != nil {
		return err
	}
	var wrong []error
	for name, sum := range sums {
		if want, known := p.bed.peace[name]; known && want != sum && !strings.HasPrefix(filepath.Base(name), ".") {
			wrong = append(wrong, fmt.Errorf("%s is there and differs from that of a run in peace", name))
		}
	}
	return errors.Join(wrong...)
}
