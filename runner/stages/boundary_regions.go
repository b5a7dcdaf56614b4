package stages

import (
	"context"
	"errors"
	"fmt"

	"transfera/metrics/boundary"
	"transfera/models/weights"
	"transfera/runner/dag"
)

// The tensors of agreement, (pairs,planes) each; see boundary.Agreement.
const agreeTensor, chanceTensor = "agree", "chance"

// agreement plans how often recognizers agree on planes through three images.
func (b *boundaries) agreement() *dag.Stage {
	passes := b.spec.Planes * b.spec.Resolution * b.spec.Resolution
	settings := map[string]any{"planes": b.spec.Planes, "resolution": b.spec.Resolution}
	return b.stage("boundary agreement", fmt.Sprintf("of %d recognizers", len(b.compared)), settings, passes, func(ctx context.Context, job *dag.Job, c *comparing) error {
		triplets, _, err := boundary.Triplets(c.sample.Images, c.sample.Labels, b.spec.Planes, boundarySeed)
		if err != nil {
			return err
		}
		found, err := boundary.AgreeOnPlanes(ctx, c.classifiers, c.sample.Images, triplets, b.spec.Resolution, c.counting(job, "point", 0.1, 1))
		if err != nil {
			return err
		}
		return c.save(job, c.sampled(), table2(agreeTensor, found.Agree), table2(chanceTensor, found.Chance))
	})
}

// table2 is rows of equal length as a tensor.
func table2(name string, rows [][]float64) weights.Tensor {
	var values []float64
	for _, row := range rows {
		values = append(values, row...)
	}
	return reshaped(doubles(name, values), []int64{int64(len(rows)), int64(len(rows[0]))})
}

func fromTable2(t weights.Tensor) [][]float64 {
	values := fromDoubles(t)
	rows := make([][]float64, t.Shape[0])
	for i := range rows {
		rows[i] = values[i*int(t.Shape[1]) : (i+1)*int(t.Shape[1])]
	}
	return rows
}

func readAgreement(path string, recognizers int) (*boundary.Agreement, sampled, error) {
	tensors, sample, err := readBoundary(path)
	if err != nil {
		return nil, sample, err
	}
	agree, ok := tensors.Get(agreeTensor)
	chance, also := tensors.Get(chanceTensor)
	if !ok || !also {
		return nil, sample, fmt.Errorf("%s: not the agreement of recognizers", path)
	}
	return &boundary.Agreement{Classifiers: recognizers, Agree: fromTable2(agree), Chance: fromTable2(chance)}, sample, nil
}

// labelsTensor is (planes,recognizers,points,points), of int64.
const labelsTensor = "labels"

// regions plans the planes through one image each, along the gradient of the first recognizer.
func (b *boundaries) regions() *dag.Stage {
	passes := b.spec.Sections * b.spec.Points * b.spec.Points
	settings := map[string]any{"sections": b.spec.Sections, "points": b.spec.Points, "reach": b.spec.Reach}
	return b.stage("boundary regions", "along the gradient of "+b.compared[0].name, settings, passes, func(ctx context.Context, job *dag.Job, c *comparing) error {
		grid, err := boundary.Square(b.spec.Reach, b.spec.Points)
		if err != nil {
			return err
		}
		sample := c.sampled()
		var labels []int64
		for i := 0; i < c.sample.Len() && len(sample.Names) < b.spec.Sections; i++ {
			plane, err := boundary.GradientPlane(ctx, c.classifiers[0], c.sample.Images, c.sample.Labels, i, boundarySeed, c.batches)
			if errors.Is(err, boundary.ErrZeroGradient) {
				continue
			} else if err != nil {
				return err
			}
			done := float64(len(sample.Names))
			from, to := 0.1+0.9*done/float64(b.spec.Sections), 0.1+0.9*(done+1)/float64(b.spec.Sections)
			maps, err := boundary.LabelMaps(ctx, plane, grid, c.classifiers, c.counting(job, "point", from, to))
			if err != nil {
				return err
			}
			for _, m := range maps {
				for _, label := range m.Labels {
					labels = append(labels, int64(label))
				}
			}
			sample.Names = append(sample.Names, c.images.Name(c.sample.Places[i]))
			sample.Labels = append(sample.Labels, c.sample.Labels[i])
		}
		side := int64(b.spec.Points)
		return c.save(job, sample, weights.FromLongs(labelsTensor, []int64{int64(len(sample.Names)), int64(len(c.classifiers)), side, side}, labels))
	})
}

// readRegions reads the label maps by plane and recognizer.
func readRegions(path string) ([][]boundary.LabelMap, sampled, error) {
	tensors, sample, err := readBoundary(path)
	if err != nil {
		return nil, sample, err
	}
	stored, _ := tensors.Get(labelsTensor)
	labels, err := stored.Longs()
	if err != nil || len(stored.Shape) != 4 {
		return nil, sample, fmt.Errorf("%s: not the regions of recognizers", path)
	}
	side := int(stored.Shape[2])
	planes := make([][]boundary.LabelMap, stored.Shape[0])
	for p := range planes {
		for range stored.Shape[1] {
			m := boundary.LabelMap{Rows: side, Columns: side}
			for _, label := range labels[:side*side] {
				m.Labels = append(m.Labels, int32(label))
			}
			labels = labels[side*side:]
			planes[p] = append(planes[p], m)
		}
	}
	return planes, sample, nil
}
