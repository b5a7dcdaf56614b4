package stages

import (
	"fmt"

	"transfera/aten"
	"transfera/data"
	"transfera/metrics"
	"transfera/metrics/statistics"
	"transfera/models/detection"
	"transfera/runner/methods"
)

// Panel measures the images that come out of one P, which runs once per batch however many measurers there are.
type Panel struct {
	Device    aten.Device
	Networks  methods.Networks // frozen; without P, the batch's baseline is measured
	Measurers []Measurer
}

// Measure shows one batch to the panel. The quality is that of P's output, while recognizers see T's where there is a T.
// Padding is cut off before.
func (p *Panel) Measure(batch *data.Batch) (err error) {
	s := aten.NewScope()
	defer s.Close()
	aten.NoGrad(func() {
		u := upload(s, &aten.Feed{Device: p.Device}, batch)
		output := u.Baseline
		seen := output
		if p.Networks.P != nil {
			whole := p.Networks.P.Forward(u.Input)
			output = u.Cut(whole)
			seen = output
			if p.Networks.T != nil {
				seen = u.Cut(p.Networks.T.Forward(whole))
			}
		}
		if err = finite(output, seen); err != nil {
			return
		}
		for _, m := range p.Measurers {
			if err = m.Add(batch, output, seen, u.Target); err != nil {
				return
			}
		}
	})
	return err
}

// finite refuses pictures (N,3,H,W) that are none. Not every measurer would notice: pixels of 8 bits are always numbers, and
// some layers let infinities vanish.
func finite(pictures ...aten.Tensor) error {
	if aten.FirstNotFinite(pictures...) < 0 {
		return nil
	}
	for _, p := range pictures {
		for i := range p.Dim(0) {
			one := aten.Narrow(p, 0, i, 1)
			broken := aten.FirstNotFinite(one) >= 0
			one.Free()
			if broken {
				return fmt.Errorf("the processor's picture of image %d in the batch has values that are not finite; did its training diverge?", i)
			}
		}
	}
	return nil
}

// merge gives the first of several processes what the others have measured. Without a group nothing is to be done.
func (p *Panel) merge(g *aten.Group) error {
	if g == nil {
		return nil
	}
	for _, m := range p.Measurers {
		own, err := m.Part()
		if err != nil {
			return err
		}
		parts, err := g.Gather(own)
		if err != nil {
			return err
		}
		for rank := 1; g.Rank == 0 && rank < len(parts); rank++ {
			if err := m.Merge(parts[rank]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Measurer measures the pictures of one evaluation.
type Measurer interface {
	// Add takes a batch: P's output, what recognizers see, and the targets.
	Add(b *data.Batch, output, seen, target aten.Tensor) error
	// Part is what was measured so far, and Merge takes over what another process's Part was.
	Part() ([]byte, error)
	Merge(part []byte) error
	// measurements are those of the whole dataset; images that are missing are an error.
	measurements() (*measurements, error)
}

// Comparison measures the quality of P's output.
type Comparison struct{ *metrics.Quality }

// Add compares a batch with its targets.
func (c *Comparison) Add(b *data.Batch, output, _, target aten.Tensor) error {
	return c.Quality.Add(b.Indices, output, target)
}

func (c *Comparison) measurements() (*measurements, error) {
	return perImageMeasurements(c.Summaries())
}

// newJudge is the measurer that lets a frozen recognizer judge so many images.
func newJudge(r methods.Recognizer, images *split) Measurer {
	switch r := r.(type) {
	case methods.Classifier:
		return &Judge{r, metrics.NewRecognition(images.Len())}
	case methods.Detector:
		return &Search{r, metrics.NewDetection(images.Len(), len(images.Classes()))}
	}
	panic("stages: a recognizer of an unknown kind")
}

// Judge measures what a frozen classifier makes of the pictures.
type Judge struct {
	methods.Classifier
	*metrics.Recognition
}

// Add lets the classifier judge a batch.
func (j *Judge) Add(b *data.Batch, _, seen, _ aten.Tensor) error {
	logits := j.Forward(seen)
	defer logits.Free()
	return j.Recognition.Add(b.Indices, logits, b.Labels)
}

func (j *Judge) measurements() (*measurements, error) { return perImageMeasurements(j.Summaries()) }

// Search measures what a frozen detector finds in the pictures.
type Search struct {
	methods.Detector
	*metrics.Detection
}

// Add lets the detector search a batch.
func (s *Search) Add(b *data.Batch, _, seen, _ aten.Tensor) error {
	all, err := s.Detect(seen)
	if err != nil {
		return err
	}
	for i, found := range all {
		if err := s.Detection.Add(b.Indices[i], detected(found), annotated(b.Objects[i])); err != nil {
			return err
		}
	}
	return nil
}

func (s *Search) measurements() (*measurements, error) {
	summaries, err := s.Summaries()
	if err != nil {
		return nil, err
	}
	intervals, err := s.Intervals(statistics.Level, statistics.Resamples, bootstrapSeed)
	if err != nil {
		return nil, err
	}
	return detectionMeasurements(s.Detection, summaries, intervals), nil
}

// detected are a detector's findings for metrics.
func detected(found detection.Detections) []metrics.DetectedObject {
	objects := make([]metrics.DetectedObject, len(found.Boxes))
	for i, box := range found.Boxes {
		objects[i].Class, objects[i].Score = int(found.Labels[i]), float64(found.Scores[i])
		for k, v := range box {
			objects[i].Box[k] = float64(v)
		}
	}
	return objects
}

// annotated are a dataset's objects for metrics.
func annotated(objects []data.Object) []metrics.TrueObject {
	list := make([]metrics.TrueObject, len(objects))
	for i, o := range objects {
		list[i] = metrics.TrueObject{Class: o.Class, Box: o.Box, Difficult: o.Difficult}
	}
	return list
}
