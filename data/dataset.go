package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"transfera/data/imaging"
)

// Dataset is an ordered collection of labelled images. All methods may be called from many goroutines at once.
type Dataset interface {
	// Len is the number of images; valid indices are 0..Len()-1.
	Len() int
	// Classes are the class names; Label(i) indexes them. The caller must not change the slice.
	Classes() []string
	// Label is the class index of image i.
	Label(i int) int
	// Image decodes or draws image i. The result may be shared: it must not be written to. An error names the file.
	Image(i int) (*imaging.Image, error)
	// Name identifies image i to people: a path relative to the dataset, with forward slashes.
	Name(i int) string
	// Fingerprint is a content address: equal for equal images, names and labels, wherever they are stored, and
	// different as soon as any of these differs. The first call may have to read every file, hence the context.
	Fingerprint(ctx context.Context) (string, error)
}

// Subset is the part of a dataset that a list of indices selects, in that order. From NewSubset and Limit, class names
// and labels are those of the whole, so a recognizer of the whole can judge the part; ClassSubset reduces them.
type Subset struct {
	parent  Dataset
	indices []int
	classes []int    // the parent's classes that are kept, ascending; nil if all are
	names   []string // of classes
}

// NewSubset selects images of parent by index. An index outside the parent, or no index at all, is an error.
func NewSubset(parent Dataset, indices []int) (*Subset, error) {
	if len(indices) == 0 {
		return nil, fmt.Errorf("a subset needs at least one image")
	}
	for _, i := range indices {
		if i < 0 || i >= parent.Len() {
			return nil, fmt.Errorf("subset index %d is outside the dataset's 0..%d", i, parent.Len()-1)
		}
	}
	return &Subset{parent: parent, indices: slices.Clone(indices)}, nil
}

// Limit selects n images of parent, as evenly over the classes as these allow, in the parent's order. Which ones is
// decided by the seed alone, and a smaller selection with the same seed is contained in a larger one. n at or above
// parent.Len() selects everything.
//
// Images of a detection dataset hold objects of several classes, so nothing is balanced there: the first n of a
// permutation of all images are selected, which the seed decides.
func Limit(parent Dataset, n int, seed uint64) (*Subset, error) {
	if n < 1 {
		return nil, fmt.Errorf("a dataset cannot be limited to %d images; at least 1 is needed", n)
	}
	n = min(n, parent.Len())
	if IsDetection(parent) {
		chosen := newStream("limit images", seed).permutation(parent.Len())[:n]
		slices.Sort(chosen)
		return NewSubset(parent, chosen)
	}
	perClass := make([][]int, len(parent.Classes()))
	for i := range parent.Len() {
		label := parent.Label(i)
		perClass[label] = append(perClass[label], i)
	}
	for class, members := range perClass {
		order := newStream("limit", seed, uint64(class)).permutation(len(members))
		shuffled := make([]int, len(members))
		for k, j := range order {
			shuffled[k] = members[j]
		}
		perClass[class] = shuffled
	}
	chosen := make([]int, 0, n)
	for round := 0; len(chosen) < n; round++ { // one more of every class per round
		for _, members := range perClass {
			if round < len(members) && len(chosen) < n {
				chosen = append(chosen, members[round])
			}
		}
	}
	slices.Sort(chosen)
	return NewSubset(parent, chosen)
}

// Len is the number of selected images.
func (s *Subset) Len() int { return len(s.indices) }

// Classes are the names of the classes kept, in the parent's order.
func (s *Subset) Classes() []string {
	if s.classes == nil {
		return s.parent.Classes()
	}
	return s.names
}

// Label is the class of the i-th selected image, counted among the classes kept; in a detection dataset that of its
// largest object that is kept.
func (s *Subset) Label(i int) int {
	if s.classes != nil {
		if objects, ok := ObjectsOf(s, i); ok {
			return largestClass(objects)
		}
	}
	label := s.parent.Label(s.indices[i])
	if s.classes == nil {
		return label
	}
	at, _ := slices.BinarySearch(s.classes, label)
	return at
}

// Image is the i-th selected image.
func (s *Subset) Image(i int) (*imaging.Image, error) { return s.parent.Image(s.indices[i]) }

// Name is the parent's name of the i-th selected image.
func (s *Subset) Name(i int) string { return s.parent.Name(s.indices[i]) }

// Fingerprint depends on the parent's content and on the selection.
func (s *Subset) Fingerprint(ctx context.Context) (string, error) {
	parent, err := s.parent.Fingerprint(ctx)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "subset of %s\n", parent)
	if s.classes != nil {
		fmt.Fprintln(hash, "classes", s.classes)
	}
	for _, i := range s.indices {
		fmt.Fprintln(hash, i)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// OriginalIndex is the index of image i in the dataset that ds was cut from, however many subsets lie between, and i
// itself where ds is no subset. Noise is seeded with it, so that an image has the same noise in the whole and in a part,
// as with torch.utils.data.Subset.
func OriginalIndex(ds Dataset, i int) int {
	_, i = original(ds, i)
	return i
}

// original is the dataset that ds was cut from, and the index of image i in it.
func original(ds Dataset, i int) (Dataset, int) {
	for {
		subset, ok := ds.(*Subset)
		if !ok {
			return ds, i
		}
		ds, i = subset.parent, subset.indices[i]
	}
}
