package metrics

import (
	"fmt"
	"math"
)

// DetectionRecord is what a complete [Detection] knows of each image, as flat lists that can be saved as tensors.
type DetectionRecord struct {
	// Classes is the number of classes; the images are len(Positives)/Classes.
	Classes int
	// Positives and Found are (images,classes), row by row: the numbers of objects that are not difficult and of detections.
	Positives, Found []int64
	// Scores and Outcomes have one value per detection, image by image, class by class and by descending score. Outcomes are
	// 0 for wrong, 1 for right and 2 for ignored.
	Scores   []float64
	Outcomes []int64
}

// Record returns the images' record. A dataset of which images are missing is an error.
func (d *Detection) Record() (DetectionRecord, error) {
	if err := d.images.complete(); err != nil {
		return DetectionRecord{}, err
	}
	r := DetectionRecord{Classes: d.classes}
	for image := range d.found {
		for class, list := range d.found[image] {
			r.Positives = append(r.Positives, int64(d.positives[image][class]))
			r.Found = append(r.Found, int64(len(list)))
			for _, j := range list {
				r.Scores = append(r.Scores, j.score)
				r.Outcomes = append(r.Outcomes, int64(j.outcome))
			}
		}
	}
	return r, nil
}

// DetectionFromRecord returns the evaluation that a record was made of, with the same summaries bit for bit. A record that no
// evaluation makes is an error.
func DetectionFromRecord(r DetectionRecord) (*Detection, error) {
	if err := r.checkLengths(); err != nil {
		return nil, fmt.Errorf("record of detections: %w", err)
	}
	d := NewDetection(len(r.Positives)/r.Classes, r.Classes)
	next := 0
	for image := range d.found {
		d.found[image], d.positives[image] = make([][]judged, r.Classes), make([]int, r.Classes)
		for class := range r.Classes {
			place := image*r.Classes + class
			end := next + int(r.Found[place])
			list, err := r.list(next, end, r.Positives[place])
			if err != nil {
				return nil, fmt.Errorf("record of detections: image %d, class %d: %w", image, class, err)
			}
			d.found[image][class], d.positives[image][class] = list, int(r.Positives[place])
			next = end
		}
		d.images.present[image] = true
	}
	d.images.count = len(d.found)
	return d, nil
}

func (r DetectionRecord) checkLengths() error {
	if r.Classes < 1 || len(r.Positives) == 0 || len(r.Positives)%r.Classes != 0 || len(r.Found) != len(r.Positives) {
		return fmt.Errorf("%d numbers of positives and %d of detections are no table of images and %d classes",
			len(r.Positives), len(r.Found), r.Classes)
	}
	left := int64(len(r.Scores))
	for place, n := range r.Found {
		if n < 0 || n > left || r.Positives[place] < 0 || r.Positives[place] > math.MaxInt32 {
			return fmt.Errorf("image %d, class %d has %d detections and %d positives", place/r.Classes, place%r.Classes, n, r.Positives[place])
		}
		left -= n
	}
	if left != 0 || len(r.Outcomes) != len(r.Scores) {
		return fmt.Errorf("%d scores and %d outcomes, expected %d of each", len(r.Scores), len(r.Outcomes), int64(len(r.Scores))-left)
	}
	return nil
}

// list returns the detections of one image and class.
func (r DetectionRecord) list(start, end int, positives int64) ([]judged, error) {
	list := make([]judged, 0, end-start)
	for i := start; i < end; i++ {
		score, code := r.Scores[i], r.Outcomes[i]
		if !finite(score) || i > start && score > r.Scores[i-1] {
			return nil, fmt.Errorf("score %v; expected finite scores in descending order", score)
		}
		if code < int64(falsePositive) || code > int64(ignored) {
			return nil, fmt.Errorf("outcome %d; expected 0, 1 or 2", code)
		}
		if outcome(code) == truePositive {
			positives--
		}
		list = append(list, judged{score, outcome(code)})
	}
	if positives < 0 {
		return nil, fmt.Errorf("more right detections than objects")
	}
	return list, nil
}
