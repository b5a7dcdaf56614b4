package data

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Folders of the VOC layout.
const (
	vocAnnotations = "Annotations"
	vocImages      = "JPEGImages"
	vocImageSets   = "ImageSets/Main"
)

// vocExtensions are tried in this order; VOC's own images have the first.
var vocExtensions = []string{".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG"}

// vocFile is one image of an image set, by paths relative to the dataset's with forward slashes.
type vocFile struct{ annotation, image string }

// vocDir is the folder that has the layout's folders: dir, or VOCdevkit in it, as the archives unpack to.
func vocDir(dir, name string) (string, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return "", unusable(dir, name, err)
	}
	if inner := filepath.Join(dir, "VOCdevkit"); isFolder(inner) {
		return inner, nil
	}
	return dir, nil
}

// listVOC lists the images of sets, such as "VOC2007:trainval,VOC2012:trainval", in the order of the sets and of their
// lines. Without a file, the image's name ends in .jpg.
func listVOC(dir, sets string) ([]vocFile, error) {
	var files []vocFile
	seen := map[string]bool{}
	for _, term := range strings.Split(sets, ",") {
		term = strings.TrimSpace(term)
		folder, set, found := strings.Cut(term, ":")
		if folder == "" || set == "" || !found || !filepath.IsLocal(folder) || !filepath.IsLocal(set) {
			return nil, fmt.Errorf("image sets %q: %q is not FOLDER:SET, such as VOC2007:test, or .:test where the path has the "+
				"folders %s, %s and %s itself", sets, term, vocAnnotations, vocImageSets, vocImages)
		}
		ids, err := readImageSet(dir, folder, set)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			file := vocFile{annotation: path.Join(folder, vocAnnotations, id+".xml"), image: vocImage(dir, folder, id)}
			if seen[file.annotation] {
				return nil, fmt.Errorf("image sets %q: image %s of %s is listed already; an image can be in a split only once", sets, id, folder)
			}
			seen[file.annotation] = true
			files = append(files, file)
		}
	}
	return files, nil
}

// vocImage finds the image called id.
func vocImage(dir, folder, id string) string {
	for _, extension := range vocExtensions {
		name := path.Join(folder, vocImages, id+extension)
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
			return name
		}
	}
	return path.Join(folder, vocImages, id+vocExtensions[0])
}

// readImageSet lists the ids of an image set: one per line.
func readImageSet(dir, folder, set string) ([]string, error) {
	file := filepath.Join(dir, filepath.FromSlash(folder), filepath.FromSlash(vocImageSets), set+".txt")
	lines, err := readLines(file)
	if err != nil {
		return nil, fmt.Errorf("image set %s:%s: %w; name the sets that are there with the options train and val, as FOLDER:SET",
			folder, set, err)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("image set %s is empty; expected the name of an image, without its extension, per line", file)
	}
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
		if !filepath.IsLocal(lines[i]) || len(strings.Fields(line)) != 1 {
			return nil, fmt.Errorf("image set %s:%d: %q is not the name of one image; sets of a single class, with a 1 or -1 "+
				"after the name, cannot be used", file, i+1, line)
		}
	}
	return lines, nil
}

// collectVOCClasses are the sorted classes that the annotations of image sets mention. name is what the dataset is called
// on the command line.
func collectVOCClasses(dir, name, sets string) ([]string, error) {
	dir, err := vocDir(dir, name)
	if err != nil {
		return nil, err
	}
	files, err := listVOC(dir, sets)
	if err != nil {
		return nil, err
	}
	annotations, err := readAnnotations(context.Background(), dir, files)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var classes []string
	for _, annotation := range annotations {
		for _, object := range annotation.Objects {
			if class := strings.TrimSpace(object.Name); class != "" && !seen[class] {
				seen[class] = true
				classes = append(classes, class)
			}
		}
	}
	if len(classes) == 0 {
		return nil, fmt.Errorf("data path %s: no annotation of %s has an object, so that there are no classes to collect", dir, sets)
	}
	slices.Sort(classes)
	return classes, nil
}

// parseClassList reads names with commas between them.
func parseClassList(list string) ([]string, error) {
	var classes []string
	for _, class := range strings.Split(list, ",") {
		class = strings.TrimSpace(class)
		if class == "" {
			return nil, fmt.Errorf("class_list %q: nothing stands before or after a comma", list)
		}
		if slices.Contains(classes, class) {
			return nil, fmt.Errorf("class_list %q: class %s is listed twice", list, class)
		}
		classes = append(classes, class)
	}
	return classes, nil
}
