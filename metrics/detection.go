package metrics

import (
	"fmt"
	"math"
)

// Detection collects what one detector finds in a dataset, image by image, and judges it as the PASCAL VOC devkit does
// (VOCevaldet.m of 2007; the area under the curve as VOCap.m since 2010):
//
//   - All detections of a class are taken by descending score, those of equal scores in the order of the images and, within
//     an image, in the order given.
//   - A detection is matched with the object of its image and class that it overlaps most. It is right if their intersection
//     over union exceeds 0.5 and the object was not found before; a second detection of an object is wrong.
//   - Difficult objects are no positives, and a detection matched with one is ignored, however often it happens.
//   - A class without objects that count is left out of the mean. The devkit gives it 0 by 11 points and no number by area;
//     VOC's own test sets have no such class, parts of them do.
//   - Recalls are compared with 0, 0.1 ... 1 exactly. Programs that compute the levels as multiples of 0.1 in floating point
//     miss a recall of exactly 0.3, 0.6 or 0.7.
//
// Exceeding 0.5 is what VOC's paper says and what the Python evaluations of Faster R-CNN do; the devkit's Matlab code also
// takes an overlap of exactly 0.5.
//
// It belongs to one goroutine.
type Detection struct {
	classes int
	// found and positives are indexed [image][class]: detections by descending score, and the number of objects that are not
	// difficult.
	found     [][][]judged
	positives [][]int
	images    roll
}

// NewDetection starts the evaluation of a dataset of n images with classes kinds of objects, the background not counted.
func NewDetection(n, classes int) *Detection {
	return &Detection{classes, make([][][]judged, n), make([][]int, n), newRoll(n)}
}

// Images and Classes are what the evaluation was started with.
func (d *Detection) Images() int  { return len(d.found) }
func (d *Detection) Classes() int { return d.classes }

// Add judges one image. index is its place in the dataset; found are the detections, in the detector's order, and truth the
// annotated objects; either may be empty. An image that was added before is an error, as are classes outside the dataset's,
// scores and boxes that are not finite, and boxes turned inside out. After an error the collection is as it was.
func (d *Detection) Add(index int, found []DetectedObject, truth []TrueObject) error {
	if err := checkObjects(found, truth, d.classes); err != nil {
		return fmt.Errorf("image %d: %w", index, err)
	}
	if err := d.images.call([]int{index}, 1); err != nil {
		return err
	}
	foundBy, truthBy := make([][]DetectedObject, d.classes), make([][]TrueObject, d.classes)
	for _, f := range found {
		foundBy[f.Class] = append(foundBy[f.Class], f)
	}
	d.found[index], d.positives[index] = make([][]judged, d.classes), make([]int, d.classes)
	for _, o := range truth {
		truthBy[o.Class] = append(truthBy[o.Class], o)
		if !o.Difficult {
			d.positives[index][o.Class]++
		}
	}
	for class := range d.classes {
		d.found[index][class] = judge(foundBy[class], truthBy[class])
	}
	return nil
}

// Summaries returns map07 and map of the whole dataset in percent. A dataset of which images are missing, or without any
// object that counts, is an error.
func (d *Detection) Summaries() ([]Summary, error) {
	perClass, err := d.PerClass()
	if err != nil {
		return nil, err
	}
	mean, ok := meanPrecision(perClass)
	if !ok {
		return nil, errNoPositives
	}
	return []Summary{{"map07", mean.AP07, nil}, {"map", mean.AP, nil}}, nil
}

var errNoPositives = fmt.Errorf("no image has an object that counts, so there is no average precision")

// ClassPrecision is the average precision of one class in percent: AP07 by 11 points, AP by area. Without Positives, the
// objects that are not difficult, both are NaN.
type ClassPrecision struct {
	Positives int
	AP07, AP  float64
}

// PerClass returns the average precision of each class. A dataset of which images are missing is an error.
func (d *Detection) PerClass() ([]ClassPrecision, error) {
	if err := d.images.complete(); err != nil {
		return nil, err
	}
	times := make([]int, len(d.found))
	for i := range times {
		times[i] = 1
	}
	return newRanking(d).perClass(times), nil
}

// meanPrecision averages over the classes that have positives; ok is false where none has.
func meanPrecision(perClass []ClassPrecision) (mean ClassPrecision, ok bool) {
	classes := 0
	for _, p := range perClass {
		if p.Positives > 0 {
			classes++
			mean.Positives += p.Positives
			mean.AP07 += p.AP07
			mean.AP += p.AP
		}
	}
	if classes == 0 {
		return ClassPrecision{0, math.NaN(), math.NaN()}, false
	}
	mean.AP07 /= float64(classes)
	mean.AP /= float64(classes)
	return mean, true
}
