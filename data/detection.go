package data

import "slices"

// Object is something to detect in an image.
type Object struct {
	Class int // indexes the dataset's Classes
	// Box is x1, y1, x2, y2 in pixels of the decoded image: continuous, counted from 0, y downwards, so that the whole
	// image is 0, 0, width, height. VOC's xmin, ymin, xmax, ymax, which count pixels from 1 and include the last one, are
	// xmin-1, ymin-1, xmax, ymax here.
	Box [4]float64
	// Difficult objects count neither as found nor as missed. Truncated ones reach beyond the image.
	Difficult, Truncated bool
}

// Detection is a dataset whose images come with the objects in them. Its Label(i) is the class of the largest object of
// image i, the first of equally large ones, and 0 for an image without objects.
//
// A Subset is no Detection; ObjectsOf gives the objects of its images.
type Detection interface {
	Dataset
	// Objects are those of image i, in the order of the annotation. The caller must not change the slice.
	Objects(i int) []Object
}

// ObjectsOf are the objects of image i of a Detection, or of a Subset of one, however many subsets lie between; ok is
// false for any other dataset. Subsets by class hold only objects of their classes, numbered anew. The caller must not
// change the slice.
func ObjectsOf(ds Dataset, i int) (objects []Object, ok bool) {
	switch ds := ds.(type) {
	case Detection:
		return ds.Objects(i), true
	case *Subset:
		objects, ok = ObjectsOf(ds.parent, ds.indices[i])
		if ok && ds.classes != nil {
			objects = renumbered(objects, ds.classes)
		}
		return objects, ok
	}
	return nil, false
}

// IsDetection tells whether the images of ds come with objects: whether it is a Detection or a Subset of one.
func IsDetection(ds Dataset) bool {
	root, _ := original(ds, 0)
	_, is := root.(Detection)
	return is
}

// renumbered are the objects whose class is among the sorted ones kept, with the position there as their class.
func renumbered(objects []Object, kept []int) []Object {
	var result []Object
	for _, object := range objects {
		if at, found := slices.BinarySearch(kept, object.Class); found {
			object.Class = at
			result = append(result, object)
		}
	}
	return result
}

// largestClass is the class of the object with the largest box, the first of several, and 0 without objects.
func largestClass(objects []Object) int {
	class, largest := 0, -1.0
	for _, object := range objects {
		if area := object.area(); area > largest {
			class, largest = object.Class, area
		}
	}
	return class
}

// area is that of the box, in square pixels.
func (o Object) area() float64 { return float64((o.Box[2] - o.Box[0]) * (o.Box[3] - o.Box[1])) }
