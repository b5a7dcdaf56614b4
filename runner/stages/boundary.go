package stages

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"transfera/aten"
	"transfera/data"
	"transfera/experiments"
	"transfera/metrics/boundary"
	"transfera/models/nn"
	"transfera/models/weights"
	"transfera/runner/dag"
	"transfera/runner/methods"
)

// boundaryVersion goes up when the code changes what the same settings give.
const boundaryVersion = 1

const (
	boundaryFile = "boundary.safetensors"
	// boundarySeed decides the sample, the directions and the planes, in every experiment the same.
	boundarySeed = 0
)

// boundaries compares the decision boundaries of recognizers on the images of one split. Its stages leave what they measured
// in boundaryFile; the statistics are made with the tables.
type boundaries struct {
	env      *Environment
	spec     experiments.Boundary
	images   *split
	compared []*recognizer
}

// sampleSettings is the part of a boundary stage's key that says which images are looked at.
type sampleSettings struct {
	Shape  shape `json:"shape"`
	Images int   `json:"images"`
	Batch  int   `json:"batch"` // rounding in libtorch may depend on it
}

// stage plans one comparison. passes is about how many images go through the recognizers, and further are stages that it needs
// besides these.
func (b *boundaries) stage(kind, name string, settings any, passes int, compute func(context.Context, *dag.Job, *comparing) error, further ...*dag.Stage) *dag.Stage {
	d := dag.Definition{
		Kind: kind, Name: name, Version: boundaryVersion, Files: []string{boundaryFile}, Work: float64(passes), Inputs: further,
		Settings: map[string]any{
			"sample": sampleSettings{b.images.shape(), b.spec.Images, b.spec.Batch}, "settings": settings, "compared": len(b.compared),
		},
	}
	var architectures []string
	for _, r := range b.compared {
		d.Inputs = append(d.Inputs, r.Stage)
		architectures = append(architectures, fmt.Sprintf("%s %v", r.spec.Arch, r.spec.Options))
	}
	d.Rate = fmt.Sprintf("boundary %s of %dx%d %s %d threads", strings.Join(architectures, ", "), b.images.prepare.Crop, b.images.prepare.Resize, b.env.Device, b.env.Threads)
	d.Compute = b.env.compute(func(ctx context.Context, job *dag.Job) error {
		c, err := b.begin(ctx, job)
		if err != nil {
			return err
		}
		return compute(ctx, job, c)
	})
	d.Probe = b.env.probe(b.probe)
	return dag.New(d)
}

// comparing is a comparison at work: its recognizers and the sample, which all of them classify correctly.
type comparing struct {
	*boundaries
	classifiers []boundary.Classifier
	sample      *boundary.Sample
	batches     boundary.Batches
}

// begin reads the recognizers and draws the sample.
func (b *boundaries) begin(ctx context.Context, job *dag.Job) (*comparing, error) {
	c := &comparing{boundaries: b, batches: boundary.Batches{Size: b.spec.Batch, Device: b.env.Device}}
	for _, r := range b.compared {
		network, err := r.trained(b.env)
		if err != nil {
			return nil, err
		}
		c.classifiers = append(c.classifiers, b.classifier(r, network))
	}
	var err error
	c.sample, err = boundary.Draw(ctx, b.read(ctx), b.images.Len(), b.spec.Images, boundarySeed, c.classifiers, c.counting(job, "image", 0, 0.1))
	return c, err
}

func (b *boundaries) classifier(r *recognizer, network *nn.Network) boundary.Classifier {
	return boundary.ClassifierFunc(r.frozen(b.env, network, 0).(methods.Classifier).Forward)
}

// counting is the batches with progress between two shares of the job.
func (c *comparing) counting(job *dag.Job, unit string, from, to float64) boundary.Batches {
	b := c.batches
	b.Progress = func(done, total int) {
		job.Progress(from+(to-from)*float64(done)/float64(total), fmt.Sprintf("%s %d of %d", unit, done, total))
	}
	return b
}

// read gives images of the split by their places.
func (b *boundaries) read(ctx context.Context) boundary.Source {
	return func(places []int) (x boundary.Images, labels []int64, err error) {
		err = b.each(ctx, places, nil, func(batch *data.Batch) error {
			x.Height, x.Width = batch.Height, batch.Width
			x.Pixels, labels = append(x.Pixels, batch.Target...), append(labels, batch.Labels...)
			return nil
		})
		return x, labels, err
	}
}

// each shows the images at places, degraded if there is a degradation, in order and in batches.
func (b *boundaries) each(ctx context.Context, places []int, degradation data.Degradation, show func(*data.Batch) error) error {
	chosen, err := data.NewSubset(b.images.Dataset, places)
	if err != nil {
		return err
	}
	part := &split{Dataset: chosen, prepare: b.images.prepare}
	loader, err := part.loader(b.env, degradation, data.LoaderOptions{Batch: b.spec.Batch})
	if err != nil {
		return err
	}
	for batch, err := range loader.Eval(ctx) {
		if err != nil {
			return err
		}
		if err := show(batch); err != nil {
			return err
		}
		batch.Release()
	}
	return nil
}

// sampled is what is known of a sample besides its images.
type sampled struct {
	Images   int      `json:"images"`
	LookedAt int      `json:"looked_at"`
	Dropped  int      `json:"dropped"`
	Warnings []string `json:"warnings,omitempty"`
	// Names are the images', where planes through them are drawn, and Labels their classes.
	Names  []string `json:"names,omitempty"`
	Labels []int64  `json:"labels,omitempty"`
}

func (c *comparing) sampled() sampled {
	s := sampled{Images: c.sample.Len(), LookedAt: c.sample.LookedAt, Dropped: c.sample.Dropped}
	for _, w := range c.sample.Warnings {
		s.Warnings = append(s.Warnings, w.Text)
	}
	return s
}

// save writes what was measured.
func (c *comparing) save(job *dag.Job, sample sampled, tensors ...weights.Tensor) error {
	work, err := job.Work(job.Stages[0])
	if err != nil {
		return err
	}
	text, err := json.Marshal(sample)
	if err != nil {
		return err
	}
	return weights.SaveSafetensors(filepath.Join(work, boundaryFile), tensors, map[string]string{"sample": string(text)})
}

// readBoundary reads what save wrote.
func readBoundary(path string) (tensors weights.Dict, sample sampled, err error) {
	file, err := weights.Load(path)
	if err != nil {
		return nil, sample, err
	}
	if err := json.Unmarshal([]byte(file.Metadata["sample"]), &sample); err != nil {
		return nil, sample, fmt.Errorf("%s: %w", path, err)
	}
	return file.Tensors, sample, nil
}

// probe times one batch through untrained recognizers.
func (b *boundaries) probe(ctx context.Context) (float64, error) {
	batch, err := probeBatch(b.env, b.images, b.spec.Batch)
	if err != nil {
		return 0, err
	}
	places := make([]int, min(2*batch, b.images.Len()))
	for i := range places {
		places[i] = i
	}
	x, _, err := b.read(ctx)(places)
	if err != nil {
		return 0, err
	}
	seconds := 0.0
	for _, r := range b.compared {
		classifier := b.classifier(r, r.network())
		predict := func() error {
			_, err := boundary.Predict(ctx, classifier, x, boundary.Batches{Size: batch, Device: b.env.Device})
			return err
		}
		if err := predict(); err != nil { // the first time is slower
			return 0, err
		}
		started := time.Now()
		if err := predict(); err != nil {
			return 0, err
		}
		seconds += time.Since(started).Seconds() / float64(x.Len())
	}
	return seconds, nil
}

// output shows the sample's images, degraded, to a trained P and returns what it makes of them.
func (c *comparing) output(ctx context.Context, p *processor) (boundary.Images, error) {
	var x boundary.Images
	networks, err := p.frozen()
	if err != nil {
		return x, err
	}
	err = c.each(ctx, c.sample.Places, p.degradation, func(batch *data.Batch) error {
		s := aten.NewScope()
		defer s.Close()
		var made boundary.Images
		var err error
		aten.NoGrad(func() {
			made, err = boundary.FromTensor(networks.P.Forward(upload(s, &aten.Feed{Device: c.env.Device}, batch).Input))
		})
		x.Height, x.Width, x.Pixels = made.Height, made.Width, append(x.Pixels, made.Pixels...)
		return err
	})
	return x, err
}
