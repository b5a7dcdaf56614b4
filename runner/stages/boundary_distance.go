package stages

import (
	"context"
	"fmt"

	"transfera/metrics/boundary"
	"transfera/models/weights"
	"transfera/runner/dag"
)

// The directions along which boundaries are sought.
const (
	legitimateDirection  = "legitimate"  // toward the nearest image of another class
	adversarialDirection = "adversarial" // along the gradient of the source's loss
	randomDirection      = "random"      // toward a random image of another class
	processingDirection  = "processing"  // from plain's output toward that of ra
)

// distancePasses is about how many images one ray costs: a few steps of the grid and the bisections.
const distancePasses = 30 + boundary.Bisections

// distances plans how far each recognizer's boundary is along a direction. source is the one whose gradient is meant.
func (b *boundaries) distances(direction string, source int) *dag.Stage {
	name := direction
	if direction == adversarialDirection {
		name += " to " + b.compared[source].name
	}
	return b.alongDirection(name, map[string]any{"direction": direction, "source": source, "maximum": b.spec.Maximum},
		func(ctx context.Context, c *comparing) (boundary.Images, boundary.Directions, error) {
			d, err := c.directions(ctx, direction, source)
			return c.sample.Images, d, err
		})
}

func (c *comparing) directions(ctx context.Context, direction string, source int) (boundary.Directions, error) {
	switch x := c.sample.Images; direction {
	case legitimateDirection:
		return boundary.TowardNearest(ctx, x, c.sample.Labels)
	case adversarialDirection:
		return boundary.AlongGradient(ctx, c.classifiers[source], x, c.sample.Labels, c.batches)
	case randomDirection:
		return boundary.TowardRandom(x, c.sample.Labels, boundarySeed)
	}
	return boundary.Directions{}, fmt.Errorf("no direction %q", direction)
}

// processed plans how far each recognizer's boundary is from what plain makes of the images, toward what ra makes of them.
func (b *boundaries) processed(plain, ra *processor) *dag.Stage {
	return b.alongDirection(processingDirection+" "+ra.Name, map[string]any{"direction": processingDirection, "maximum": b.spec.Maximum},
		func(ctx context.Context, c *comparing) (x boundary.Images, d boundary.Directions, err error) {
			if x, err = c.output(ctx, plain); err != nil {
				return x, d, err
			}
			toward, err := c.output(ctx, ra)
			if err != nil {
				return x, d, err
			}
			d, err = boundary.Toward(x, toward)
			return x, d, err
		}, plain.Stage, ra.Stage)
}

// The tensors of distances, (recognizers,images) each.
const distanceTensor, outcomeTensor = "distance", "outcome"

func (b *boundaries) alongDirection(
	name string, settings any, choose func(context.Context, *comparing) (boundary.Images, boundary.Directions, error), further ...*dag.Stage,
) *dag.Stage {
	return b.stage("boundary distances", name, settings, b.spec.Images*distancePasses, func(ctx context.Context, job *dag.Job, c *comparing) error {
		x, directions, err := choose(ctx, c)
		if err != nil {
			return err
		}
		var values []float64
		var outcomes []int64
		for i, classifier := range c.classifiers {
			share := func(k int) float64 { return 0.1 + 0.9*float64(k)/float64(len(c.classifiers)) }
			found, err := boundary.MinDist(ctx, classifier, x, directions, b.spec.Maximum, c.counting(job, "ray", share(i), share(i+1)))
			if err != nil {
				return err
			}
			for _, one := range found {
				values, outcomes = append(values, one.Value), append(outcomes, int64(one.Outcome))
			}
		}
		shape := []int64{int64(len(c.classifiers)), int64(x.Len())}
		return c.save(job, c.sampled(), reshaped(doubles(distanceTensor, values), shape), weights.FromLongs(outcomeTensor, shape, outcomes))
	}, further...)
}

func reshaped(t weights.Tensor, shape []int64) weights.Tensor {
	t.Shape = shape
	return t
}

// readDistances reads the distances of each recognizer.
func readDistances(path string) ([][]boundary.Distance, sampled, error) {
	tensors, sample, err := readBoundary(path)
	if err != nil {
		return nil, sample, err
	}
	stored, _ := tensors.Get(distanceTensor)
	codes, _ := tensors.Get(outcomeTensor)
	outcomes, err := codes.Longs()
	if err != nil || len(stored.Shape) != 2 {
		return nil, sample, fmt.Errorf("%s: not the distances of recognizers", path)
	}
	values, images := fromDoubles(stored), int(stored.Shape[1])
	distances := make([][]boundary.Distance, stored.Shape[0])
	for r := range distances {
		for i := range images {
			distances[r] = append(distances[r], boundary.Distance{Value: values[r*images+i], Outcome: boundary.Outcome(outcomes[r*images+i])})
		}
	}
	return distances, sample, nil
}
