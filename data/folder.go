package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"transfera/data/imaging"
)

// extensions are those of torchvision.datasets.ImageFolder. Formats that cannot be decoded here are listed as well, so
// that reading them is an error that names the file instead of a silently smaller dataset.
var extensions = []string{".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"}

// splitNames are folder names that tell the parent of several splits from a folder of classes.
var splitNames = []string{"train", "training", "val", "valid", "validation", "test", "testing"}

// FolderOptions configures OpenImageFolder; the zero value works.
type FolderOptions struct {
	// Name is what the dataset is called on the command line, for error messages that say --data NAME=PATH; empty for a
	// command line on which --data is a path.
	Name string
	// FingerprintCache is a folder for remembered file hashes and results of Verify, made when needed. Without one, each
	// Fingerprint of a newly opened folder reads every file, and each Verify decodes it.
	FingerprintCache string
	// Progress, if set, is called now and then during Fingerprint with the number of files done, from one goroutine at
	// a time.
	Progress func(done, total int)
}

// Folder is a dataset of image files: one sub-folder per class, as OpenImageFolder reads it, or all images in one folder
// with a file of labels, as OpenFlatFolder does.
type Folder struct {
	dir         string
	options     FolderOptions
	classes     []string
	files       []string // relative to dir, with forward slashes
	labels      []int32
	flat        bool // labels come from a file, not from the names in files
	fingerprint fingerprintOnce
}

// OpenImageFolder lists the images below dir with the classes, labels and order of torchvision.datasets.ImageFolder:
// classes are the sorted names of dir's sub-folders; inside a class, folders are visited in the order of their sorted
// full paths and files in the order of their names; symbolic links are followed; extensions count in either case. No
// file is opened. A missing folder, no class folder, a class without images, and the parent folder of several splits
// are errors.
func OpenImageFolder(dir string, options FolderOptions) (*Folder, error) {
	classes, err := classFolders(dir, options.Name)
	if err != nil {
		return nil, err
	}
	f := &Folder{dir: dir, options: options, classes: classes}
	if err := f.list(); err != nil {
		return nil, err
	}
	return f, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// flag is how the command line says that the dataset called name is at path.
func flag(name, path string) string {
	if name == "" {
		return "--data " + path
	}
	return fmt.Sprintf("--data %s=%s", name, path)
}

// classFolders are the sorted names of dir's sub-folders. name is what the dataset is called on the command line.
func classFolders(dir, name string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, unusable(dir, name, err)
	}
	var classes []string
	for _, entry := range entries { // os.ReadDir sorts by name
		isDir, _, err := followed(dir, entry)
		if err != nil {
			return nil, err
		}
		if isDir {
			classes = append(classes, entry.Name())
		}
	}
	return classes, checkClasses(dir, name, classes)
}

// unusable explains why the data path dir of the dataset called name cannot be listed.
func unusable(dir, name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("data path %s does not exist; attach it or name another with %s: %w", dir, flag(name, "PATH"), fs.ErrNotExist)
	}
	return fmt.Errorf("data path %s is no readable folder; name another with %s: %w", dir, flag(name, "PATH"), err)
}

var errNoClasses = errors.New("no class folders")

// checkClasses refuses folders that hold no class, or splits where classes should be.
func checkClasses(dir, name string, classes []string) error {
	if len(classes) == 0 {
		return fmt.Errorf("data path %s has %w; expected one sub-folder of images per class "+
			"(name another path with %s)", dir, errNoClasses, flag(name, "PATH"))
	}
	for _, class := range classes {
		if !slices.Contains(splitNames, strings.ToLower(class)) {
			return nil
		}
	}
	return fmt.Errorf("data path %s holds the splits %s, not classes; name one of them, as in %s",
		dir, strings.Join(classes, ", "), flag(name, filepath.Join(dir, classes[0])))
}

// list fills files and labels class by class.
func (f *Folder) list() error {
	var empty []string
	for label, class := range f.classes {
		folders, err := walk(f.dir, class, nil)
		if err != nil {
			return fmt.Errorf("list class folder %s: %w", filepath.Join(f.dir, class), err)
		}
		slices.SortFunc(folders, func(a, b directory) int { return strings.Compare(a.path, b.path) })
		before := len(f.files)
		for _, folder := range folders {
			for _, name := range folder.images {
				f.files = append(f.files, path.Join(folder.path, name))
				f.labels = append(f.labels, int32(label))
			}
		}
		if len(f.files) == before {
			empty = append(empty, class)
		}
	}
	if len(empty) > 0 {
		return fmt.Errorf("data path %s: no images in class folder %s; remove it or fill it (known extensions: %s)",
			f.dir, strings.Join(empty, ", "), strings.Join(extensions, " "))
	}
	return nil
}

// directory is one folder below the dataset with the sorted names of the images in it.
type directory struct {
	path   string // relative to the dataset, with forward slashes
	images []string
}

// walk lists the folder at relative and everything below it. above are the folders on the way down, to detect a
// symbolic link that leads back up.
func walk(dir, relative string, above []fs.FileInfo) ([]directory, error) {
	full := filepath.Join(dir, filepath.FromSlash(relative))
	entries, err := os.ReadDir(full)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(full)
	if err != nil {
		return nil, err
	}
	above = append(slices.Clone(above), info)
	this := directory{path: relative}
	var below []directory
	for _, entry := range entries {
		isDir, target, err := followed(full, entry)
		if err != nil {
			return nil, err
		}
		switch {
		case !isDir:
			if isImage(entry.Name()) {
				this.images = append(this.images, entry.Name())
			}
		case target != nil && slices.ContainsFunc(above, func(a fs.FileInfo) bool { return os.SameFile(a, target) }):
			return nil, fmt.Errorf("%s is a symbolic link to a folder that contains it", filepath.Join(full, entry.Name()))
		default:
			deeper, err := walk(dir, path.Join(relative, entry.Name()), above)
			if err != nil {
				return nil, err
			}
			below = append(below, deeper...)
		}
	}
	return append(below, this), nil
}

// followed tells whether entry of folder dir is a folder, and for a symbolic link also what it points to. A dangling
// link counts as a file: reading it then fails with its name.
func followed(dir string, entry fs.DirEntry) (isDir bool, target fs.FileInfo, err error) {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.IsDir(), nil, nil
	}
	target, err = os.Stat(filepath.Join(dir, entry.Name()))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil, nil
	}
	if err != nil {
		return false, nil, err
	}
	return target.IsDir(), target, nil
}

// Len is the number of image files.
func (f *Folder) Len() int { return len(f.files) }

// Classes are the sorted names of the classes.
func (f *Folder) Classes() []string { return f.classes }

// Label is the class of image i.
func (f *Folder) Label(i int) int { return int(f.labels[i]) }

// Image decodes file i to RGB; an error names the file. After Fingerprint, a file that was changed since is an error, too.
func (f *Folder) Image(i int) (*imaging.Image, error) { return f.fingerprint.decode(i, f.fullPath(i)) }

// Name is the path of file i relative to the dataset, such as "cat/0001.jpg" or, if flat, "0001.jpg".
func (f *Folder) Name(i int) string { return f.files[i] }

func (f *Folder) fullPath(i int) string { return filepath.Join(f.dir, filepath.FromSlash(f.files[i])) }
