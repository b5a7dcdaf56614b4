package study

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"transfera/results/atomicfile"
)

const (
	materialName    = "material.json"
	maxJSONBytes    = 32 << 20
	maxPictureBytes = 32 << 20
	maxPixels       = 16_000_000
	maxEntries      = 5*maxItems + 1
)

// Folder is where a run's output folder holds its studies: the material as EXPERIMENT.zip, the analysis as EXPERIMENT/.
const Folder = "study"

// MaterialPath is where a run publishes the material of an experiment.
func MaterialPath(out, experiment string) string {
	return filepath.Join(out, Folder, experiment+".zip")
}

// WriteMaterial writes material and its pictures, PNG by the names in Item.Pictures, as one zip file, atomically. The same
// input gives the same bytes. What ReadMaterial would refuse is an error, and so is a picture that no item names.
func WriteMaterial(path string, m *Material, pictures map[string][]byte) error {
	if err := checkArchive(m, func(name string) ([]byte, error) {
		if data, ok := pictures[name]; ok {
			return data, nil
		}
		return nil, errors.New("missing")
	}); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if named := m.files(); len(named) != len(pictures) {
		return fmt.Errorf("write %s: %d pictures, of which items name %d", path, len(pictures), len(named))
	}
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	return atomicfile.Stream(path, func(w io.Writer) error {
		archive := zip.NewWriter(w)
		add := func(name string, method uint16, data []byte) error {
			entry, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: method})
			if err == nil {
				_, err = entry.Write(data)
			}
			return err
		}
		if err := add(materialName, zip.Deflate, text); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(pictures)) {
			if err := add(name, zip.Store, pictures[name]); err != nil { // PNG is compressed
				return err
			}
		}
		return archive.Close()
	})
}

// Archive is a material that was read, with its pictures still in the file.
type Archive struct {
	*Material
	file    *zip.ReadCloser
	entries map[string]*zip.File
}

// OpenMaterial reads and checks a file that WriteMaterial wrote, its pictures included: all must be there, whole PNG headers,
// of at most 16 megapixels. Nothing is unpacked, and no more is read of an entry than its bound. Errors name the file.
func OpenMaterial(path string) (*Archive, error) {
	file, err := zip.OpenReader(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; run the suite again to write it anew", path, err)
	}
	a := &Archive{file: file, entries: map[string]*zip.File{}}
	if err := a.read(); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%s: %w; run the suite again to write it anew", path, err)
	}
	return a, nil
}

func (a *Archive) read() error {
	if len(a.file.File) > maxEntries {
		return fmt.Errorf("%d entries; at most %d are read", len(a.file.File), maxEntries)
	}
	for _, entry := range a.file.File {
		if a.entries[entry.Name] != nil {
			return fmt.Errorf("two entries %.60q", entry.Name)
		}
		a.entries[entry.Name] = entry
	}
	text, err := a.load(materialName, maxJSONBytes)
	if err != nil {
		return fmt.Errorf("%s: %w", materialName, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&a.Material); err != nil {
		return fmt.Errorf("%s: %w", materialName, err)
	}
	if a.Material == nil {
		return fmt.Errorf("%s: no material", materialName)
	}
	return checkArchive(a.Material, a.Picture)
}

// Picture returns the PNG of a name in Item.Pictures.
func (a *Archive) Picture(name string) ([]byte, error) { return a.load(name, maxPictureBytes) }

// Close closes the file.
func (a *Archive) Close() error { return a.file.Close() }

func (a *Archive) load(name string, limit int64) ([]byte, error) {
	entry := a.entries[name]
	if entry == nil {
		return nil, errors.New("missing")
	}
	reader, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	data, err := io.ReadAll(io.LimitReader(reader, limit+1)) // the size in the header may lie
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("more than %d MiB", limit>>20)
	}
	return data, nil
}

// checkArchive checks a material and the headers of its pictures.
func checkArchive(m *Material, picture func(name string) ([]byte, error)) error {
	if err := m.check(); err != nil {
		return err
	}
	for _, name := range m.files() {
		data, err := picture(name)
		if err != nil {
			return fmt.Errorf("picture %s: %w", name, err)
		}
		size, err := png.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			return fmt.Errorf("picture %s: %w", name, err)
		}
		if int64(size.Width)*int64(size.Height) > maxPixels {
			return fmt.Errorf("picture %s: %dx%d pixels; at most %d megapixels are shown", name, size.Width, size.Height, maxPixels/1_000_000)
		}
	}
	return nil
}

// files are the names of all pictures, each once, in order.
func (m *Material) files() []string {
	var names []string
	for _, item := range m.Items {
		for _, name := range item.Pictures {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// FindMaterial is the path of an experiment's material in an output folder; without a name, that of the only one there is.
func FindMaterial(out, experiment string) (string, error) {
	if experiment != "" && !idPattern.MatchString(experiment) {
		return "", fmt.Errorf("experiment %q: no such name", experiment)
	}
	paths, err := filepath.Glob(filepath.Join(escapeGlob(out), Folder, "*.zip"))
	if err != nil {
		return "", err
	}
	var names []string
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".zip"))
	}
	switch {
	case len(names) == 0:
		return "", fmt.Errorf("%s: no material for a study; name the output folder of a run whose spec asks for one", filepath.Join(out, Folder))
	case experiment == "" && len(names) == 1:
		return paths[0], nil
	case experiment == "":
		return "", fmt.Errorf("%s holds material of several experiments; choose one with --experiment: %s", out, strings.Join(names, ", "))
	case !slices.Contains(names, experiment):
		return "", fmt.Errorf("%s has no material of experiment %s; there is %s", out, experiment, strings.Join(names, ", "))
	}
	return MaterialPath(out, experiment), nil
}

// escapeGlob makes a path match only itself.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
