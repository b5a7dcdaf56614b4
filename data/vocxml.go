package data

import (
	"context"
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// vocAnnotation is an annotation file. Coordinates and flags are text, so that errors can tell what stands there. Parts of
// objects, such as a person's hands, are not read.
type vocAnnotation struct {
	XMLName   xml.Name    `xml:"annotation"`
	Folder    string      `xml:"folder"`
	Filename  string      `xml:"filename"` // not read: it need not agree with the image's
	Size      vocSize     `xml:"size"`
	Segmented string      `xml:"segmented"`
	Objects   []vocObject `xml:"object"`
}

type vocSize struct {
	Width  int `xml:"width"`
	Height int `xml:"height"`
	Depth  int `xml:"depth"`
}

type vocObject struct {
	Name      string `xml:"name"`
	Pose      string `xml:"pose"`
	Truncated string `xml:"truncated"`
	Difficult string `xml:"difficult"`
	Box       vocBox `xml:"bndbox"`
}

type vocBox struct {
	XMin string `xml:"xmin"`
	YMin string `xml:"ymin"`
	XMax string `xml:"xmax"`
	YMax string `xml:"ymax"`
}

// readAnnotations reads the annotations of files, in parallel.
func readAnnotations(ctx context.Context, dir string, files []vocFile) ([]vocAnnotation, error) {
	annotations := make([]vocAnnotation, len(files))
	err := forFiles(ctx, len(files), nil, func() func(i int) error {
		return func(i int) error {
			path := filepath.Join(dir, filepath.FromSlash(files[i].annotation))
			content, err := os.ReadFile(path)
			if err != nil {
				return fmt.Errorf("annotation: %w", err)
			}
			annotations[i], err = parseAnnotation(content, path)
			return err
		}
	})
	return annotations, err
}

// parseAnnotation reads the XML of an annotation file, which errors call path.
func parseAnnotation(content []byte, path string) (a vocAnnotation, err error) {
	if err := xml.Unmarshal(content, &a); err != nil {
		return a, fmt.Errorf("annotation %s: %w; expected the XML of PASCAL VOC", path, err)
	}
	if a.Size.Width < 1 || a.Size.Height < 1 {
		return a, fmt.Errorf("annotation %s: the <size> of the image is %dx%d or missing; enter its pixels", path, a.Size.Width, a.Size.Height)
	}
	return a, nil
}

// misplaced is the error of a box that cannot be in the image. Unlike other mistakes it can be skipped.
type misplaced struct{ error }

// object reads one object: number k, counted from 1, of an image of this size.
func (o vocObject) object(k int, size vocSize, classes []string, index map[string]int) (Object, error) {
	name := strings.TrimSpace(o.Name)
	fail := func(format string, args ...any) (Object, error) {
		return Object{}, fmt.Errorf("object %d (%s): %w", k, name, fmt.Errorf(format, args...))
	}
	class, known := index[name]
	if !known {
		return fail("unknown class %q%s; the classes are %s; list others with the option class_list, or set it to %s",
			name, didYouMean(name, classes), someOf(classes), collectClasses)
	}
	result := Object{Class: class}
	var err error
	if result.Difficult, err = vocFlag("difficult", o.Difficult); err != nil {
		return fail("%w", err)
	}
	if result.Truncated, err = vocFlag("truncated", o.Truncated); err != nil {
		return fail("%w", err)
	}
	for c, coordinate := range []struct{ name, text string }{
		{"xmin", o.Box.XMin}, {"ymin", o.Box.YMin}, {"xmax", o.Box.XMax}, {"ymax", o.Box.YMax},
	} {
		value, err := strconv.ParseFloat(strings.TrimSpace(coordinate.text), 64)
		if err != nil || math.IsNaN(value) || math.IsInf(value, 0) {
			return fail("%s is %q, not a number", coordinate.name, coordinate.text)
		}
		result.Box[c] = value
	}
	if err := result.place(size); err != nil {
		return result, misplaced{fmt.Errorf("object %d (%s): %w", k, name, err)}
	}
	return result, nil
}

// place turns a box of VOC's coordinates into ours, and clips what is outside by up to one pixel.
func (o *Object) place(size vocSize) error {
	b := o.Box
	if b[2] < b[0] || b[3] < b[1] {
		return fmt.Errorf("box %v..%v x %v..%v is inverted", b[0], b[2], b[1], b[3])
	}
	x1, y1, x2, y2 := b[0]-1, b[1]-1, b[2], b[3]
	width, height := float64(size.Width), float64(size.Height)
	o.Box = [4]float64{max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)}
	if x1 < -1 || y1 < -1 || x2 > width+1 || y2 > height+1 || o.Box[0] >= o.Box[2] || o.Box[1] >= o.Box[3] {
		return fmt.Errorf("box %v..%v x %v..%v is outside the image of %dx%d pixels", b[0], b[2], b[1], b[3], size.Width, size.Height)
	}
	return nil
}

// vocFlag reads 0 or 1; a flag that is missing or unspecified is 0.
func vocFlag(name, text string) (bool, error) {
	switch strings.TrimSpace(text) {
	case "1":
		return true, nil
	case "0", "", "Unspecified":
		return false, nil
	}
	return false, fmt.Errorf("%s is %q, not 0 or 1", name, text)
}
