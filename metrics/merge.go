package metrics

import (
	"bytes"
	"encoding/gob"
	"fmt"
)

// An evaluation can be divided: each process adds some of the images to a collection of its own, and one process merges what
// the others' Part returns into its own. Every image counts once, whoever measured it.

// part is what a collection of one value per image and list knows of the images that were added.
type part struct {
	Indices []int
	Values  [][]float64 // by list, then as Indices
}

// indices are those of the images that were added, in the dataset's order.
func (r *roll) indices() []int {
	var list []int
	for i, present := range r.present {
		if present {
			list = append(list, i)
		}
	}
	return list
}

func encode(p any) ([]byte, error) {
	var buffer bytes.Buffer
	if err := gob.NewEncoder(&buffer).Encode(p); err != nil {
		return nil, fmt.Errorf("part of an evaluation: %w", err)
	}
	return buffer.Bytes(), nil
}

func decode(data []byte, p any) error {
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(p); err != nil {
		return fmt.Errorf("part of an evaluation: %w", err)
	}
	return nil
}

// partOf takes the values of the images that were added out of lists over the whole dataset.
func (r *roll) partOf(lists ...[]float64) ([]byte, error) {
	p := part{Indices: r.indices(), Values: make([][]float64, len(lists))}
	for k, list := range lists {
		for _, i := range p.Indices {
			p.Values[k] = append(p.Values[k], list[i])
		}
	}
	return encode(p)
}

// merge puts the values of a part into lists.
func (r *roll) merge(data []byte, lists ...[]float64) error {
	var p part
	if err := decode(data, &p); err != nil {
		return err
	}
	if len(p.Values) != len(lists) {
		return fmt.Errorf("part of an evaluation: %d values per image; expected %d", len(p.Values), len(lists))
	}
	for _, values := range p.Values {
		if len(values) != len(p.Indices) {
			return fmt.Errorf("part of an evaluation: %d values of %d images", len(values), len(p.Indices))
		}
	}
	if err := r.call(p.Indices, len(p.Indices)); err != nil {
		return err
	}
	for k, list := range lists {
		for j, i := range p.Indices {
			list[i] = p.Values[k][j]
		}
	}
	return nil
}

// Part is what was measured so far, for another process's Merge.
func (q *Quality) Part() ([]byte, error) { return q.images.partOf(q.MSE, q.PSNR, q.SSIM) }

// Merge adds the images of another collection's Part. An image that was added before is an error, and then nothing is added.
func (q *Quality) Merge(data []byte) error { return q.images.merge(data, q.MSE, q.PSNR, q.SSIM) }

// Part is what was judged so far, for another process's Merge.
func (r *Ranking) Part() ([]byte, error) { return r.images.partOf(percents(r.Top1), percents(r.Top5)) }

// Merge adds the images of another collection's Part. An image that was added before is an error, and then nothing is added.
func (r *Ranking) Merge(data []byte) error { return r.merge(data) }

// merge puts the answers of a part into the ranking, and its further values into lists.
func (r *Ranking) merge(data []byte, lists ...[]float64) error {
	top1, top5 := percents(r.Top1), percents(r.Top5)
	if err := r.images.merge(data, append([][]float64{top1, top5}, lists...)...); err != nil {
		return err
	}
	for i := range top1 {
		r.Top1[i], r.Top5[i] = top1[i] > 0, top5[i] > 0
	}
	return nil
}

// Part is what was measured so far, for another process's Merge.
func (r *Recognition) Part() ([]byte, error) {
	return r.images.partOf(percents(r.Top1), percents(r.Top5), r.CrossEntropy)
}

// Merge adds the images of another collection's Part. An image that was added before is an error, and then nothing is added.
func (r *Recognition) Merge(data []byte) error { return r.merge(data, r.CrossEntropy) }

// searched is what a Detection knows of one image, class by class.
type searched struct {
	Index     int
	Positives []int
	Scores    [][]float64
	Outcomes  [][]outcome
}

// Part is what was found so far, for another process's Merge.
func (d *Detection) Part() ([]byte, error) {
	list := []searched{}
	for _, i := range d.images.indices() {
		s := searched{Index: i, Positives: d.positives[i]}
		for _, found := range d.found[i] {
			scores, outcomes := make([]float64, len(found)), make([]outcome, len(found))
			for k, j := range found {
				scores[k], outcomes[k] = j.score, j.outcome
			}
			s.Scores, s.Outcomes = append(s.Scores, scores), append(s.Outcomes, outcomes)
		}
		list = append(list, s)
	}
	return encode(list)
}

// Merge adds the images of another collection's Part. An image that was added before is an error, and then nothing is added.
func (d *Detection) Merge(data []byte) error {
	var list []searched
	if err := decode(data, &list); err != nil {
		return err
	}
	indices := make([]int, len(list))
	for k, s := range list {
		indices[k] = s.Index
		if len(s.Positives) != d.classes || len(s.Scores) != d.classes || len(s.Outcomes) != d.classes {
			return fmt.Errorf("part of an evaluation: image %d has other classes than %d", s.Index, d.classes)
		}
	}
	if err := d.images.call(indices, len(indices)); err != nil {
		return err
	}
	for _, s := range list {
		d.positives[s.Index], d.found[s.Index] = s.Positives, make([][]judged, d.classes)
		for class, scores := range s.Scores {
			for k, score := range scores {
				d.found[s.Index][class] = append(d.found[s.Index][class], judged{score, s.Outcomes[class][k]})
			}
		}
	}
	return nil
}
