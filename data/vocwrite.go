package data

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"transfera/data/imaging"
)

// VOCSet is an image set to write.
type VOCSet struct {
	Name   string // such as "trainval"
	Images Dataset
}

// WriteVOC writes detection datasets, which must share their classes, as image sets of one new folder in the layout of
// PASCAL VOC: Annotations, ImageSets/Main, and JPEGImages of the given libjpeg quality. Images are numbered 000000.jpg and
// so on through all sets. OpenVOC reads it with sets such as ".:trainval" and the same classes, and finds the same
// objects; the pictures went through JPEG.
//
// dir appears as a whole or, after an error, not at all. A dir that exists, a dataset without objects to detect, an image
// that cannot be read, and sets with the same or no proper name are errors. progress may be nil.
func WriteVOC(ctx context.Context, dir string, sets []VOCSet, quality int, progress func(done, total int)) (err error) {
	if err := checkVOCSets(sets); err != nil {
		return err
	}
	dir = filepath.Clean(dir)
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s exists; name a new folder, or remove it first", dir)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(temporary)
		}
	}()
	w := vocWriter{dir: temporary, folder: filepath.Base(dir), quality: quality}
	if err := w.write(ctx, sets, progress); err != nil {
		return fmt.Errorf("write %s: %w", dir, err)
	}
	if err := os.Chmod(temporary, 0o755); err != nil { // MkdirTemp gives 0700
		return err
	}
	return os.Rename(temporary, dir)
}

func checkVOCSets(sets []VOCSet) error {
	if len(sets) == 0 {
		return fmt.Errorf("a VOC dataset needs at least one image set")
	}
	seen := map[string]bool{}
	for _, set := range sets {
		switch {
		case set.Name == "" || filepath.Base(set.Name) != set.Name || !filepath.IsLocal(set.Name) || seen[set.Name]:
			return fmt.Errorf("%q cannot be the name of an image set, which must be a file name of its own", set.Name)
		case !IsDetection(set.Images):
			return fmt.Errorf("image set %s: the dataset has no objects to detect", set.Name)
		}
		if err := sameClasses(sets[0].Images.Classes(), set.Images.Classes()); err != nil {
			return err
		}
		seen[set.Name] = true
	}
	return nil
}

// vocWriter writes into a folder that will be called folder.
type vocWriter struct {
	dir, folder string
	quality     int
}

func (w vocWriter) write(ctx context.Context, sets []VOCSet, progress func(done, total int)) error {
	for _, name := range []string{vocAnnotations, vocImages, vocImageSets} {
		if err := os.MkdirAll(filepath.Join(w.dir, filepath.FromSlash(name)), 0o755); err != nil {
			return err
		}
	}
	type image struct {
		of Dataset
		i  int
	}
	var images []image
	for _, set := range sets {
		var list []byte
		for i := range set.Images.Len() {
			list = fmt.Appendln(list, vocID(len(images)))
			images = append(images, image{set.Images, i})
		}
		path := filepath.Join(w.dir, filepath.FromSlash(vocImageSets), set.Name+".txt")
		if err := os.WriteFile(path, list, 0o644); err != nil {
			return err
		}
	}
	return forFiles(ctx, len(images), progress, func() func(k int) error {
		return func(k int) error { return w.image(vocID(k), images[k].of, images[k].i) }
	})
}

func vocID(number int) string { return fmt.Sprintf("%06d", number) }

// image writes image i of a dataset, and its annotation, under an id.
func (w vocWriter) image(id string, ds Dataset, i int) error {
	image, err := ds.Image(i)
	if err != nil {
		return err
	}
	file, err := image.EncodeJPEG(w.quality)
	if err != nil {
		return fmt.Errorf("%s: %w", ds.Name(i), err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, vocImages, id+".jpg"), file, 0o644); err != nil {
		return err
	}
	objects, _ := ObjectsOf(ds, i)
	annotation, err := xml.MarshalIndent(w.annotation(id, image, objects, ds.Classes()), "", "\t")
	if err != nil {
		return fmt.Errorf("annotation of %s: %w", ds.Name(i), err)
	}
	return os.WriteFile(filepath.Join(w.dir, vocAnnotations, id+".xml"), append(annotation, '\n'), 0o644)
}

func (w vocWriter) annotation(id string, image *imaging.Image, objects []Object, classes []string) vocAnnotation {
	a := vocAnnotation{
		Folder: w.folder, Filename: id + ".jpg", Segmented: "0",
		Size: vocSize{Width: image.Width, Height: image.Height, Depth: 3},
	}
	for _, o := range objects {
		a.Objects = append(a.Objects, vocObject{
			Name: classes[o.Class], Pose: "Unspecified", Truncated: bit(o.Truncated), Difficult: bit(o.Difficult),
			Box: vocBox{
				XMin: coordinate(o.Box[0] + 1), YMin: coordinate(o.Box[1] + 1), XMax: coordinate(o.Box[2]), YMax: coordinate(o.Box[3]),
			},
		})
	}
	return a
}

func bit(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

// coordinate writes whole pixels without a point, as VOC does.
func coordinate(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
