package metrics

import (
	"cmp"
	"math"
	"slices"
)

// ranking is a dataset's detections, sorted once, so that the average precision of many resamples of its images is quick.
type ranking struct {
	classes []rankedClass
	// precisions and recalled are scratch, one element per right detection of a class: the precision there, and how many
	// objects had been found.
	precisions []float64
	recalled   []int
}

// rankedClass is one class over all images. Ignored detections are not in it, nor are wrong ones after the last right one,
// which cannot change the average precision.
type rankedClass struct {
	// detections by descending score.
	detections []rankedDetection
	// positives by image.
	positives []imagePositives
}

type rankedDetection struct {
	image int32
	right bool
}

type imagePositives struct {
	image int32
	count int
}

func newRanking(d *Detection) *ranking {
	r := &ranking{classes: make([]rankedClass, d.classes)}
	for class := range r.classes {
		r.classes[class] = rankClass(d, class)
	}
	return r
}

func rankClass(d *Detection, class int) rankedClass {
	type scored struct {
		rankedDetection
		score float64
	}
	var c rankedClass
	var all []scored
	for image := range d.found {
		for _, j := range d.found[image][class] {
			if j.outcome != ignored {
				all = append(all, scored{rankedDetection{int32(image), j.outcome == truePositive}, j.score})
			}
		}
		if n := d.positives[image][class]; n > 0 {
			c.positives = append(c.positives, imagePositives{int32(image), n})
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	for len(all) > 0 && !all[len(all)-1].right {
		all = all[:len(all)-1]
	}
	for _, s := range all {
		c.detections = append(c.detections, s.rankedDetection)
	}
	return c
}

// perClass returns the average precisions of a set in which each image stands times over. The copies of a detection follow
// each other.
func (r *ranking) perClass(times []int) []ClassPrecision {
	precisions := make([]ClassPrecision, len(r.classes))
	for i := range r.classes {
		precisions[i] = r.class(&r.classes[i], times)
	}
	return precisions
}

// mean is meanPrecision of perClass.
func (r *ranking) mean(times []int) (ClassPrecision, bool) { return meanPrecision(r.perClass(times)) }

// class walks down the ranking to the precision at every right detection. That is where the precision of a recall is highest:
// wrong detections only lower it, and of the copies of a right one the last has the most right ones before it.
func (r *ranking) class(c *rankedClass, times []int) ClassPrecision {
	positives := 0
	for _, p := range c.positives {
		positives += p.count * times[p.image]
	}
	if positives == 0 {
		return ClassPrecision{0, math.NaN(), math.NaN()}
	}
	r.precisions, r.recalled = r.precisions[:0], r.recalled[:0]
	right, taken := 0, 0
	for _, d := range c.detections {
		n := times[d.image]
		taken += n
		if d.right && n > 0 {
			right += n
			r.precisions = append(r.precisions, float64(right)/float64(taken))
			r.recalled = append(r.recalled, right)
		}
	}
	eleven, area := average(r.precisions, r.recalled, positives)
	return ClassPrecision{positives, 100 * eleven, 100 * area}
}

// average returns the mean over the recalls 0, 0.1 ... 1 of the highest precision at that recall or a higher one, and that
// highest precision's integral over recall. precisions is where the recalls recalled/positives are reached.
func average(precisions []float64, recalled []int, positives int) (eleven, area float64) {
	highest := 0.0
	level := 10
	for i := len(precisions) - 1; i >= 0; i-- {
		for ; level >= 0 && level*positives > 10*recalled[i]; level-- {
			eleven += highest // not reached here, so the points with more recall are all that count
		}
		highest = max(highest, precisions[i])
		before := 0
		if i > 0 {
			before = recalled[i-1]
		}
		area += highest * float64(recalled[i]-before)
	}
	eleven += highest * float64(level+1) // what the first right detection reaches; without one highest is 0
	return eleven / 11, area / float64(positives)
}
