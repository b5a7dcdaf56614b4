package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"transfera/data/imaging"
)

// The formats of outputs.
const (
	PNG  = "png"
	JPEG = "jpeg"
	Same = "same" // as the input's name says
)

// item is one picture to process.
type item struct {
	name     string // relative to the input folder, with forward slashes
	path     string
	output   string // relative to the output folder, likewise
	degraded string // likewise; "" where it is not written
}

// degradedFolder holds the degraded pictures in the output folder.
const degradedFolder = "degraded"

// find lists the pictures of a folder and below, or one picture, and plans their outputs. It refuses outputs that would lie
// among the inputs or take each other's name. ignored counts files that are not named as pictures.
func find(in, out, format string, degrade bool) (items []item, ignored int, err error) {
	switch format {
	case PNG, JPEG, Same:
	default:
		return nil, 0, fmt.Errorf("--format %s: png, jpeg or same is needed", format)
	}
	info, err := os.Stat(in)
	if err != nil {
		return nil, 0, fmt.Errorf("--in: %w", err)
	}
	from, err := resolved(in)
	if err != nil {
		return nil, 0, fmt.Errorf("--in: %w", err)
	}
	to, err := resolved(out)
	if err != nil {
		return nil, 0, fmt.Errorf("--out: %w", err)
	}
	if within(from, to) || info.IsDir() && within(to, from) {
		return nil, 0, fmt.Errorf("--in %s and --out %s lie in one another, so that results would mix with the pictures; name a folder elsewhere", in, out)
	}
	if !info.IsDir() {
		items = []item{{name: filepath.Base(in), path: in}}
	} else if items, ignored, err = walk(from); err != nil {
		return nil, 0, err
	}
	taken := map[string]string{}
	for i := range items {
		if err := items[i].plan(format, degrade, taken); err != nil {
			return nil, 0, err
		}
	}
	return items, ignored, nil
}

// walk lists the files below root that are named as pictures, in the order of their names.
func walk(root string) (items []item, ignored int, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("--in: %w", err)
		}
		if entry.IsDir() {
			return nil
		}
		if !imaging.HasExtension(path) {
			ignored++
			return nil
		}
		name, err := filepath.Rel(root, path)
		items = append(items, item{name: filepath.ToSlash(name), path: path})
		return err
	})
	if err == nil && len(items) == 0 {
		err = fmt.Errorf("--in %s: no pictures there; files are taken that end in %s", root, strings.Join(imaging.Extensions, ", "))
	}
	return items, ignored, err
}

// plan names what is written for the picture. taken maps names to the inputs that have them.
func (i *item) plan(format string, degrade bool, taken map[string]string) error {
	stem, extension := strings.TrimSuffix(i.name, filepath.Ext(i.name)), strings.ToLower(filepath.Ext(i.name))
	i.output = i.name
	switch {
	case format == Same && !imaging.HasExtension(i.name):
		return fmt.Errorf("%s: --format same takes the format from the name, which ends in none of %s; choose png or jpeg",
			i.name, strings.Join(imaging.Extensions, ", "))
	case format == PNG && extension != ".png":
		i.output = stem + ".png"
	case format == JPEG && extension != ".jpg" && extension != ".jpeg":
		i.output = stem + ".jpg"
	}
	names := []string{i.output}
	if degrade {
		i.degraded = degradedFolder + "/" + stem + ".png"
		names = append(names, i.degraded)
	}
	for _, name := range names {
		if other, ok := taken[name]; ok {
			return fmt.Errorf("%s and %s would both become %s; rename one, or keep the names with --format same", other, i.name, name)
		}
		taken[name] = i.name
	}
	return nil
}

// resolved is the absolute path without symbolic links, of which the last parts need not exist.
func resolved(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) || filepath.Dir(path) == path {
		return real, err
	}
	parent, err := resolved(filepath.Dir(path))
	return filepath.Join(parent, filepath.Base(path)), err
}

// within tells whether path is folder or lies below it.
func within(path, folder string) bool {
	relative, err := filepath.Rel(folder, path)
	return err == nil && relative != ".." && !strings.HasPrefix(relative, ".."+string(filepath.Separator))
}

// encode is a picture in the format of a name.
func encode(m *imaging.Image, name string, quality int) ([]byte, error) {
	if strings.EqualFold(filepath.Ext(name), ".png") {
		return m.EncodePNG()
	}
	return m.EncodeJPEG(quality)
}
