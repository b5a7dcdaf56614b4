package metrics

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Box is x1, y1, x2, y2: the left, upper, right and lower edge in pixels of the image as it is evaluated, continuous and
// counted from 0. The pixels xmin..xmax, ymin..ymax of a VOC annotation, counted from 1 and both inclusive, are the box
// (xmin-1, ymin-1, xmax, ymax). Its width is xmax-xmin+1, so that the devkit's intersection over union, with its +1 on every
// width and height, is the plain one of these boxes.
type Box [4]float64

// DetectedObject is what a detector claims to see. Higher scores are surer; they need not be probabilities.
type DetectedObject struct {
	Class int
	Score float64
	Box   Box
}

// TrueObject is an annotated object. One that is Difficult need not be found: it is no positive, and what finds it counts
// neither for nor against the detector.
type TrueObject struct {
	Class     int
	Box       Box
	Difficult bool
}

// minimalOverlap is the intersection over union that a match exceeds.
const minimalOverlap = 0.5

// outcome is what became of a detection.
type outcome uint8

const (
	falsePositive outcome = iota
	truePositive
	ignored // it matched a difficult object
)

// judged is a detection of known image and class.
type judged struct {
	score   float64
	outcome outcome
}

// overlap returns the intersection over union of two boxes, in [0,1]; 0 where they only touch.
func overlap(a, b Box) float64 {
	width, height := min(a[2], b[2])-max(a[0], b[0]), min(a[3], b[3])-max(a[1], b[1])
	if width <= 0 || height <= 0 {
		return 0
	}
	both := width * height
	return both / (area(a) + area(b) - both)
}

func area(b Box) float64 { return (b[2] - b[0]) * (b[3] - b[1]) }

// judge matches the detections of one image and class, by descending score and those of equal scores in their order, and
// returns them in that order. Each is compared with the object that it overlaps most, the first of equals, even if that one
// was found before.
func judge(found []DetectedObject, truth []TrueObject) []judged {
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b DetectedObject) int { return cmp.Compare(b.Score, a.Score) })
	matched := make([]bool, len(truth))
	list := make([]judged, len(found))
	for i, detection := range found {
		best, most := -1, minimalOverlap
		for j, object := range truth {
			if o := overlap(detection.Box, object.Box); o > most {
				best, most = j, o
			}
		}
		list[i].score = detection.Score
		switch {
		case best < 0 || !truth[best].Difficult && matched[best]:
			list[i].outcome = falsePositive
		case truth[best].Difficult:
			list[i].outcome = ignored
		default:
			list[i].outcome, matched[best] = truePositive, true
		}
	}
	return list
}

// checkObjects refuses what cannot be judged.
func checkObjects(found []DetectedObject, truth []TrueObject, classes int) error {
	for i, d := range found {
		switch {
		case d.Class < 0 || d.Class >= classes:
			return fmt.Errorf("detection %d is of class %d, outside 0..%d; the background is no class", i, d.Class, classes-1)
		case !finite(d.Score):
			return fmt.Errorf("detection %d has score %v; expected a finite one", i, d.Score)
		case !finite(d.Box[:]...) || d.Box[2] < d.Box[0] || d.Box[3] < d.Box[1]:
			return fmt.Errorf("detection %d has box %v; expected finite x1 <= x2 and y1 <= y2", i, d.Box)
		}
	}
	for i, o := range truth {
		switch {
		case o.Class < 0 || o.Class >= classes:
			return fmt.Errorf("object %d is of class %d, outside 0..%d; were the detector's weights made for this dataset?", i, o.Class, classes-1)
		case !finite(o.Box[:]...) || o.Box[2] <= o.Box[0] || o.Box[3] <= o.Box[1]:
			return fmt.Errorf("object %d has box %v; expected finite x1 < x2 and y1 < y2", i, o.Box)
		}
	}
	return nil
}

func finite(values ...float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
}
