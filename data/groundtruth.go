package data

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// groundTruth reads the labels of a flat folder; see FlatOptions.GroundTruth for the two forms.
type groundTruth struct {
	path    string
	dir     string         // of the images
	files   []string       // their sorted names
	classes map[string]int // labels by class name
	ids     []string       // class names by id - 1; empty without a class list
}

// read gives the label of every image, in the order of files. Errors begin with the ground truth's path and line.
func (g groundTruth) read() ([]int32, error) {
	lines, err := readLines(g.path)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s is empty; expected the labels of %d images", g.path, len(g.files))
	}
	if first := columns(lines[0]); len(first) == 1 && isInteger(first[0]) {
		return g.byPosition(lines)
	}
	return g.byName(lines)
}

// columns splits a line at commas and white space.
func columns(line string) []string {
	return strings.FieldsFunc(line, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

func isInteger(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// ilsvrcClasses is the number of classes of ILSVRC, whose ids are in no alphabetical order.
const ilsvrcClasses = 1000

// byPosition reads one id per line; line k belongs to the k-th image.
func (g groundTruth) byPosition(lines []string) ([]int32, error) {
	switch {
	case len(g.ids) == 0:
		return nil, fmt.Errorf("%s: its labels are numbers, and only a class list can tell which classes they mean; "+
			"name a file with one class per line, where line k is number k (in ILSVRC the order of the devkit's meta.mat)", g.path)
	case len(g.ids) == ilsvrcClasses && slices.IsSorted(g.ids):
		return nil, fmt.Errorf("%s: its labels are numbers in the order of ILSVRC's devkit, but the class list is in "+
			"alphabetical order, which would give nearly every image a wrong label; list the classes by ILSVRC2012_ID of "+
			"the devkit's meta.mat (n02119789 comes first)", g.path)
	case len(lines) != len(g.files):
		return nil, fmt.Errorf("%s: %d labels for the %d images in %s", g.path, len(lines), len(g.files), g.dir)
	}
	labels := make([]int32, len(lines))
	for k, line := range lines {
		id, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil || id < 1 || id > len(g.ids) {
			return nil, fmt.Errorf("%s:%d: %q is no number in 1..%d, the lines of the class list", g.path, k+1, line, len(g.ids))
		}
		if number, numbered := ilsvrcNumber(g.files[k]); numbered && number != k+1 {
			return nil, fmt.Errorf("%s:%d: belongs to image %d, but number %d in %s is %s; is an image missing?",
				g.path, k+1, k+1, k+1, g.dir, g.files[k])
		}
		class := g.ids[id-1]
		label, known := g.classes[class]
		if !known {
			return nil, fmt.Errorf("%s:%d: number %d is class %s, which is none of the %d classes of the training images",
				g.path, k+1, id, class, len(g.classes))
		}
		labels[k] = int32(label)
	}
	return labels, nil
}

var ilsvrcName = regexp.MustCompile(`^ILSVRC\d+_val_(\d+)\.`)

// ilsvrcNumber is the position, from 1, in the name of one of ILSVRC's validation images.
func ilsvrcNumber(file string) (number int, numbered bool) {
	match := ilsvrcName.FindStringSubmatch(file)
	if match == nil {
		return 0, false
	}
	number, err := strconv.Atoi(match[1])
	return number, err == nil
}

// byName reads lines that begin with an image's name and its class, in any order.
func (g groundTruth) byName(lines []string) ([]int32, error) {
	positions := g.positions()
	labels := slices.Repeat([]int32{-1}, len(g.files))
	for k, line := range lines {
		fields := columns(line)
		if len(fields) < 2 {
			return nil, fmt.Errorf("%s:%d: %q; expected the name of an image and its class, or a number alone on every line",
				g.path, k+1, line)
		}
		i, isFile := positions[fields[0]]
		label, isClass := g.classes[fields[1]]
		switch {
		case !isFile && !isClass && k == 0:
			continue // a header
		case !isFile:
			return nil, fmt.Errorf("%s:%d: image %s is not in %s", g.path, k+1, fields[0], g.dir)
		case !isClass:
			return nil, fmt.Errorf("%s:%d: image %s has the class %s, which is none of the %d known classes",
				g.path, k+1, fields[0], fields[1], len(g.classes))
		case labels[i] >= 0:
			return nil, fmt.Errorf("%s:%d: image %s has a label already", g.path, k+1, fields[0])
		}
		labels[i] = int32(label)
	}
	var missing []string
	for i, label := range labels {
		if label < 0 {
			missing = append(missing, g.files[i])
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%s: no line for %d of the %d images in %s: %s",
			g.path, len(missing), len(g.files), g.dir, someOf(missing))
	}
	return labels, nil
}

// positions finds images by their name and, where only one has it, by their name without extension.
func (g groundTruth) positions() map[string]int {
	stems := map[string]int{}
	for _, file := range g.files {
		stems[strings.TrimSuffix(file, path.Ext(file))]++
	}
	positions := map[string]int{}
	for i, file := range g.files {
		if stem := strings.TrimSuffix(file, path.Ext(file)); stems[stem] == 1 {
			positions[stem] = i
		}
	}
	for i, file := range g.files { // last, for a full name wins over another file's stem
		positions[file] = i
	}
	return positions
}
