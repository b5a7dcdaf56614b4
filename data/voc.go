package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"transfera/data/imaging"
)

// VOCClasses are the 20 classes of PASCAL VOC 2007 to 2012. Do not modify it.
var VOCClasses = []string{
	"aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
	"diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
}

// VOCOptions configures OpenVOC. Only Sets has no default.
type VOCOptions struct {
	FolderOptions
	// Sets are the image sets as FOLDER:SET with commas between them; FOLDER "." is the dataset's folder itself.
	Sets string
	// Classes are those of the labels, in their order; VOCClasses if empty.
	Classes []string
	// KeepBad opens a dataset although an image is missing or has a box that cannot be in it: Image of that one is the
	// error, so that Verify finds it.
	KeepBad bool
}

// VOC is a detection dataset in the layout of PASCAL VOC.
type VOC struct {
	dir         string
	options     VOCOptions
	files       []vocFile
	sizes       []vocSize
	objects     [][]Object
	bad         []error // by image; nil for good ones
	fingerprint fingerprintOnce
}

// OpenVOC reads the annotations of image sets below dir, or below VOCdevkit in it, and opens no image. What an image is
// called in an image set decides its files, not what the annotation says. Parts of objects are ignored, and images
// without objects are allowed. A box that leaves the image by up to one pixel is clipped.
//
// Missing folders, image sets, images and annotations, an empty image set, XML that cannot be understood, unknown classes,
// inverted boxes, and boxes that leave the image further are errors that name the file and, where it applies, the object.
func OpenVOC(dir string, options VOCOptions) (*VOC, error) {
	if len(options.Classes) == 0 {
		options.Classes = VOCClasses
	}
	dir, err := vocDir(dir, options.Name)
	if err != nil {
		return nil, err
	}
	v := &VOC{dir: dir, options: options}
	if v.files, err = listVOC(dir, options.Sets); err != nil {
		return nil, err
	}
	annotations, err := readAnnotations(context.Background(), dir, v.files)
	if err != nil {
		return nil, err
	}
	index := map[string]int{}
	for label, class := range options.Classes {
		index[class] = label
	}
	v.sizes, v.objects = make([]vocSize, v.Len()), make([][]Object, v.Len())
	v.bad = make([]error, v.Len())
	for i, annotation := range annotations {
		v.sizes[i] = annotation.Size
		if err := v.fill(i, annotation, index); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// fill takes over the objects of image i, and notes what is bad about it.
func (v *VOC) fill(i int, annotation vocAnnotation, index map[string]int) error {
	if _, err := os.Stat(v.path(v.files[i].image)); err != nil {
		v.bad[i] = fmt.Errorf("image of annotation %s: %w", v.path(v.files[i].annotation), err)
	}
	for k, object := range annotation.Objects {
		result, err := object.object(k+1, annotation.Size, v.options.Classes, index)
		if err != nil {
			err = fmt.Errorf("annotation %s: %w", v.path(v.files[i].annotation), err)
			if !errors.As(err, new(misplaced)) {
				return err
			}
			if v.bad[i] == nil {
				v.bad[i] = err
			}
		}
		v.objects[i] = append(v.objects[i], result)
	}
	if err := v.bad[i]; err != nil && !v.options.KeepBad {
		return fmt.Errorf("%w; correct it, or leave such images out with the option %s: %s", err, onBadImageOption.Name, skipBadImage)
	}
	return nil
}

func (v *VOC) path(name string) string { return filepath.Join(v.dir, filepath.FromSlash(name)) }

// Len is the number of images.
func (v *VOC) Len() int { return len(v.files) }

// Classes are those of VOCOptions.
func (v *VOC) Classes() []string { return v.options.Classes }

// Label is the class of the largest object of image i, 0 without objects.
func (v *VOC) Label(i int) int { return largestClass(v.objects[i]) }

// Objects are those of image i, in the order of its annotation.
func (v *VOC) Objects(i int) []Object { return v.objects[i] }

// Name is the path of image i, such as "VOC2007/JPEGImages/000005.jpg".
func (v *VOC) Name(i int) string { return v.files[i].image }

// Image decodes image i. Pixels that are not as many as its annotation says are an error that names both files; changed
// files are as in Folder.
func (v *VOC) Image(i int) (*imaging.Image, error) {
	if v.bad[i] != nil {
		return nil, v.bad[i]
	}
	image, err := v.fingerprint.decode(i, v.path(v.files[i].image))
	if err != nil {
		return nil, err
	}
	if size := v.sizes[i]; image.Width != size.Width || image.Height != size.Height {
		return nil, fmt.Errorf("image %s has %dx%d pixels, but its annotation %s says %dx%d", v.path(v.files[i].image),
			image.Width, image.Height, v.path(v.files[i].annotation), size.Width, size.Height)
	}
	return image, nil
}

// Fingerprint hashes the names and bytes of images and annotations, in order, and the classes. What is remembered, and
// when files are read again, is as in Folder. An image that is missing counts as that.
func (v *VOC) Fingerprint(ctx context.Context) (string, error) {
	v.fingerprint.mutex.Lock()
	defer v.fingerprint.mutex.Unlock()
	if v.fingerprint.value != "" {
		return v.fingerprint.value, nil
	}
	var files []string
	missing := 0
	for i, file := range v.files {
		files = append(files, file.annotation)
		if v.bad[i] != nil && errors.Is(v.bad[i], os.ErrNotExist) {
			missing++
			continue
		}
		files = append(files, file.image)
	}
	memory, err := v.memory("hashes")
	if err != nil {
		return "", err
	}
	hashes, err := hashFiles(ctx, memory, v.dir, files, v.options.Progress)
	if err != nil {
		return "", fmt.Errorf("fingerprint %s: %w", v.dir, err)
	}
	total := sha256.New()
	fmt.Fprintf(total, "voc of %d images, %d missing, classes %q\n", v.Len(), missing, v.options.Classes)
	images := make([]*fileHash, v.Len())
	byName := map[string]*fileHash{}
	for i, name := range files {
		fmt.Fprintf(total, "%d %s %x\n", len(name), name, hashes[i].sum)
		byName[name] = hashes[i]
	}
	for i, file := range v.files {
		images[i] = byName[file.image]
	}
	v.fingerprint.images.Store(&images)
	v.fingerprint.value = hex.EncodeToString(total.Sum(nil))
	return v.fingerprint.value, nil
}

// memory is as in Folder; other image sets of the same folder have another one.
func (v *VOC) memory(kind string) (string, error) {
	return v.options.memory(v.dir, "\nvoc "+v.options.Sets, kind)
}

// checkedFile is as in checked. The annotated size takes part, for the image must have it.
func (v *VOC) checkedFile(i int) (key, path string) {
	if v.bad[i] != nil {
		return "", ""
	}
	key = fmt.Sprintf("%s of %dx%d pixels", v.files[i].image, v.sizes[i].Width, v.sizes[i].Height)
	return key, v.path(v.files[i].image)
}
