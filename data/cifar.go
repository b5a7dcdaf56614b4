package data

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"transfera/data/imaging"
)

// cifarSide is the height and width of every CIFAR image, in pixels.
const cifarSide = 32

// cifarLayout describes the binary version of a CIFAR dataset (https://www.cs.toronto.edu/~kriz/cifar.html): files of
// records, each some label bytes and then the red, green and blue planes, row by row.
type cifarLayout struct {
	name   string
	folder string // that the archive unpacks to
	labels []cifarLabel
	splits map[string][]cifarFile
}

// cifarLabel is one label byte of a record.
type cifarLabel struct {
	name      string
	namesFile string // one class per line
	classes   int
}

type cifarFile struct {
	name    string
	records int
}

var cifar10 = cifarLayout{
	name: "CIFAR-10", folder: "cifar-10-batches-bin",
	labels: []cifarLabel{{"fine", "batches.meta.txt", 10}},
	splits: map[string][]cifarFile{
		"train": {
			{"data_batch_1.bin", 10000}, {"data_batch_2.bin", 10000}, {"data_batch_3.bin", 10000},
			{"data_batch_4.bin", 10000}, {"data_batch_5.bin", 10000},
		},
		"val": {{"test_batch.bin", 10000}},
	},
}

var cifar100 = cifarLayout{
	name: "CIFAR-100", folder: "cifar-100-binary",
	labels: []cifarLabel{{"coarse", "coarse_label_names.txt", 20}, {"fine", "fine_label_names.txt", 100}},
	splits: map[string][]cifarFile{"train": {{"train.bin", 50000}}, "val": {{"test.bin", 10000}}},
}

// CIFAROptions configures OpenCIFAR10 and OpenCIFAR100; the zero value is the training split with fine labels.
type CIFAROptions struct {
	// Name is what the dataset is called on the command line, for error messages; "NAME" if empty.
	Name string
	// Split is "train" (also if empty) or "val", the archive's test images.
	Split string
	// Labels of CIFAR-100 are "fine" (also if empty), 100 classes, or "coarse", 20.
	Labels string
}

// CIFAR is one split of CIFAR-10 or CIFAR-100, held in memory: 3073 or 3074 bytes per image. Images, labels and their
// order are those of torchvision.
type CIFAR struct {
	layout      cifarLayout
	label       int // index into layout.labels
	files       []cifarFile
	classes     []string
	records     []byte
	fingerprint func() string
}

// OpenCIFAR10 reads a split of the binary version of CIFAR-10: data_batch_1.bin to data_batch_5.bin or test_batch.bin,
// and batches.meta.txt, in dir or its sub-folder cifar-10-batches-bin. Missing files, files of another size than
// 10,000 records and labels outside 0..9 are errors that name the file and, for a label, the offset.
func OpenCIFAR10(dir string, options CIFAROptions) (*CIFAR, error) {
	return openCIFAR(cifar10, dir, options)
}

// OpenCIFAR100 reads a split of the binary version of CIFAR-100: train.bin or test.bin, and fine_label_names.txt or
// coarse_label_names.txt, in dir or its sub-folder cifar-100-binary. Errors are those of OpenCIFAR10.
func OpenCIFAR100(dir string, options CIFAROptions) (*CIFAR, error) {
	return openCIFAR(cifar100, dir, options)
}

func openCIFAR(layout cifarLayout, dir string, options CIFAROptions) (*CIFAR, error) {
	if options.Split == "" {
		options.Split = "train"
	}
	if options.Labels == "" {
		options.Labels = "fine"
	}
	c := &CIFAR{layout: layout, files: layout.splits[options.Split]}
	if c.files == nil {
		return nil, fmt.Errorf("%s has no split %q; known are train and val", layout.name, options.Split)
	}
	c.label = slices.IndexFunc(layout.labels, func(l cifarLabel) bool { return l.name == options.Labels })
	if c.label < 0 {
		return nil, fmt.Errorf("%s has no %q labels; fine and, in CIFAR-100, coarse are known", layout.name, options.Labels)
	}
	if _, err := os.ReadDir(dir); err != nil {
		return nil, unusable(dir, options.Name, err)
	}
	if inner := filepath.Join(dir, layout.folder); isFolder(inner) {
		dir = inner
	}
	var err error
	if c.classes, err = layout.labels[c.label].read(dir); err != nil {
		return nil, err
	}
	if err := c.read(dir); err != nil {
		return nil, err
	}
	c.fingerprint = sync.OnceValue(c.hash)
	return c, nil
}

// read lists the class names in their file.
func (l cifarLabel) read(dir string) ([]string, error) {
	path := filepath.Join(dir, l.namesFile)
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("class names: %w", err)
	}
	names := strings.Fields(string(content))
	if len(names) != l.classes {
		return nil, fmt.Errorf("%s: %d class names; expected %d", path, len(names), l.classes)
	}
	return names, nil
}

// read fills records file after file and checks every label.
func (c *CIFAR) read(dir string) error {
	total := 0
	for _, file := range c.files {
		total += file.records
	}
	c.records = make([]byte, total*c.recordSize())
	rest := c.records
	for _, file := range c.files {
		path := filepath.Join(dir, file.name)
		part := rest[:file.records*c.recordSize()]
		rest = rest[len(part):]
		if err := readExactly(path, part); err != nil {
			return fmt.Errorf("%s: %w", c.layout.name, err)
		}
		for offset := 0; offset < len(part); offset += c.recordSize() {
			for k, label := range c.layout.labels {
				if class := int(part[offset+k]); class >= label.classes {
					return fmt.Errorf("%s: offset %d: %s label %d is outside 0..%d; is this the binary version of %s?",
						path, offset+k, label.name, class, label.classes-1, c.layout.name)
				}
			}
		}
	}
	return nil
}

// readExactly fills data with a file of just that size.
func readExactly(path string, data []byte) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() != int64(len(data)) {
		return fmt.Errorf("%s: ends at offset %d; expected %d bytes; unpack it again", path, info.Size(), len(data))
	}
	if _, err := io.ReadFull(file, data); err != nil {
		return fmt.Errorf("%s: changed while being read: %w", path, err)
	}
	return nil
}

// recordSize is the length of a record in bytes.
func (c *CIFAR) recordSize() int { return len(c.layout.labels) + 3*cifarSide*cifarSide }

// record is the bytes of image i.
func (c *CIFAR) record(i int) []byte { return c.records[i*c.recordSize() : (i+1)*c.recordSize()] }

// Len is the number of images.
func (c *CIFAR) Len() int { return len(c.records) / c.recordSize() }

// Classes are the names in the order of the labels, as in the file of names.
func (c *CIFAR) Classes() []string { return c.classes }

// Label is the label byte of image i that CIFAROptions.Labels chose.
func (c *CIFAR) Label(i int) int { return int(c.record(i)[c.label]) }

// Image unpacks image i. It never fails.
func (c *CIFAR) Image(i int) (*imaging.Image, error) {
	const area = cifarSide * cifarSide
	planes := c.record(i)[len(c.layout.labels):]
	image := imaging.New(cifarSide, cifarSide)
	for p := range area {
		image.Pix[3*p], image.Pix[3*p+1], image.Pix[3*p+2] = planes[p], planes[area+p], planes[2*area+p]
	}
	return image, nil
}

// Name is the file of image i and its position there, such as "data_batch_2.bin/00017".
func (c *CIFAR) Name(i int) string {
	for _, file := range c.files {
		if i < file.records {
			return fmt.Sprintf("%s/%05d", file.name, i)
		}
		i -= file.records
	}
	panic("data: image index out of range")
}

// Fingerprint hashes the records and the class names. They are in memory already, so it is quick and ignores ctx.
func (c *CIFAR) Fingerprint(context.Context) (string, error) { return c.fingerprint(), nil }

func (c *CIFAR) hash() string {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s of %d images in %v, labels %d %q\n", c.layout.name, c.Len(), c.files, c.label, c.classes)
	hash.Write(c.records)
	return fmt.Sprintf("%x", hash.Sum(nil))
}
