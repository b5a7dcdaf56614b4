package data

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// FlatOptions configures OpenFlatFolder.
type FlatOptions struct {
	FolderOptions
	// GroundTruth is the path of the file of labels, in one of two forms. Either it holds one integer per line in the
	// order of the images' names, where id k means line k of ClassList, as in ILSVRC's
	// ILSVRC2012_validation_ground_truth.txt; or two columns, the name of an image with or without its extension and the
	// name of its class, separated by spaces or a comma, with or without a header and further columns, as in Kaggle's
	// LOC_val_solution.csv.
	GroundTruth string
	// ClassList is the path of a file that names one class per line; what follows the first space of a line is ignored.
	// Integer labels need it, in the order of the devkit's meta.mat; for named classes the order does not matter.
	ClassList string
	// Classes are the classes of the training folder. If empty, they are those of ClassList, sorted as torchvision does.
	Classes []string
}

// OpenFlatFolder opens a folder that holds all images without class folders, such as ILSVRC's validation images, with
// labels from a file. Images are in the order of their names. Missing files, a line that cannot be understood, an unknown
// class, and images without a label or the other way around are errors that name the file and the line.
func OpenFlatFolder(dir string, options FlatOptions) (*Folder, error) {
	files, err := flatImages(dir, options)
	if err != nil {
		return nil, err
	}
	truth := groundTruth{path: options.GroundTruth, dir: dir, files: files}
	if options.ClassList != "" {
		if truth.ids, err = readClassList(options.ClassList); err != nil {
			return nil, err
		}
	}
	classes := slices.Clone(options.Classes)
	if len(classes) == 0 {
		classes = slices.Sorted(slices.Values(truth.ids))
	}
	if len(classes) == 0 {
		return nil, fmt.Errorf("the classes of the images in %s are unknown; name a class list with one class per line, "+
			"or a training folder", dir)
	}
	truth.classes = map[string]int{}
	for label, class := range classes {
		truth.classes[class] = label
	}
	labels, err := truth.read()
	if err != nil {
		return nil, fmt.Errorf("ground truth: %w", err)
	}
	return &Folder{dir: dir, options: options.FolderOptions, classes: classes, files: files, labels: labels, flat: true}, nil
}

// flatImages lists the images of dir in the order of their names.
func flatImages(dir string, options FlatOptions) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, unusable(dir, options.Name, err)
	}
	var files []string
	for _, entry := range entries {
		isDir, _, err := followed(dir, entry)
		if err != nil {
			return nil, err
		}
		if isDir {
			return nil, fmt.Errorf("data path %s holds the folder %s; with a ground truth, all images must lie in one folder "+
				"(without one, in one folder per class)", dir, entry.Name())
		}
		if isImage(entry.Name()) {
			files = append(files, entry.Name())
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("data path %s holds no images (known extensions: %s)", dir, strings.Join(extensions, " "))
	}
	return files, nil
}

// isImage tells by its extension whether a file belongs to a dataset.
func isImage(name string) bool { return slices.Contains(extensions, strings.ToLower(path.Ext(name))) }

// readClassList reads one class per line.
func readClassList(path string) ([]string, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, fmt.Errorf("class list: %w", err)
	}
	var classes []string
	seen := map[string]int{}
	for k, line := range lines {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			return nil, fmt.Errorf("class list %s:%d: empty line; expected the name of class %d", path, k+1, k+1)
		}
		class := fields[0]
		if before, again := seen[class]; again {
			return nil, fmt.Errorf("class list %s:%d: class %s is that of line %d already", path, k+1, class, before)
		}
		seen[class] = k + 1
		classes = append(classes, class)
	}
	if len(classes) == 0 {
		return nil, fmt.Errorf("class list %s is empty; expected one class per line", path)
	}
	return classes, nil
}

// readLines splits a text file into lines, without their ends and without empty lines after the last one.
func readLines(path string) ([]string, error) {
	content, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	text := strings.TrimPrefix(string(content), "\ufeff")
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n \t")
	if text == "" {
		return nil, nil
	}
	return strings.Split(text, "\n"), nil
}
