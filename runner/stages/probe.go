package stages

import (
	"context"
	"iter"
	"time"

	"transfera/data"
	"transfera/metrics"
	"transfera/runner/training"
)

// A probe runs a few small batches of a stage that was never timed here, with untrained networks, which are as fast as
// trained ones.

// probePixels bounds the pixels of a probe's batch, so that probing full-size networks on a CPU takes seconds.
const probePixels = 4 * 224 * 224

// probeBatch is how many of a split's images a probe looks at at once, no more than the stage itself does.
func probeBatch(env *Environment, s *split, batch int) (int, error) {
	loader, err := s.loader(env, nil, data.LoaderOptions{Batch: 1})
	if err != nil {
		return 0, err
	}
	for b, err := range loader.Eval(context.Background()) {
		if err != nil {
			return 0, err
		}
		return max(1, min(batch, probePixels/(b.Height*b.Width))), nil
	}
	return 1, nil
}

// timed returns the seconds per image of step, from the second batch on if there is one.
func timed(batches iter.Seq2[*data.Batch, error], step func(b *data.Batch) error) (float64, error) {
	images, only, first := 0, 0.0, true
	started := time.Now()
	for b, err := range batches {
		if err != nil {
			return 0, err
		}
		if err := step(b); err != nil {
			return 0, err
		}
		if first {
			only = time.Since(started).Seconds() / float64(b.N)
			first, started = false, time.Now()
		} else {
			images += b.N
		}
		b.Release()
	}
	if images == 0 {
		return only, nil
	}
	return time.Since(started).Seconds() / float64(images), nil
}

// probedSteps is how many steps a training's probe does.
const probedSteps = 3

// probe times training steps.
func (p *processor) probe(ctx context.Context) (seconds float64, err error) {
	batch, err := probeBatch(p.env, p.train, p.settings.Training.Batch)
	if err != nil {
		return 0, err
	}
	loader, err := p.train.loader(p.env, p.degradation, data.LoaderOptions{Batch: batch})
	if err != nil {
		return 0, err
	}
	trained, networks, err := p.assemble()
	if err != nil {
		return 0, err
	}
	if p.source != nil {
		networks.R = p.inLoss(p.source.network())
	}
	fit := training.Fit{
		Recipe: p.settings.Training, Networks: trained, Device: p.env.Device, Loader: loader,
		Loss: Loss(p.method, networks, p.settings.Lambda, newFeed(p.env.Device, p.settings.Training)), Terms: LossTerms,
		ImageName: p.train.Name,
	}
	steps, err := fit.Stepwise()
	if err != nil {
		return 0, err
	}
	return timed(loader.Train(ctx, 0, probedSteps), steps.Step)
}

// probe times training steps.
func (r *recognizer) probe(ctx context.Context, env *Environment, train *split) (seconds float64, err error) {
	batch, err := probeBatch(env, train, r.spec.Train.Batch)
	if err != nil {
		return 0, err
	}
	loader, err := train.loader(env, nil, data.LoaderOptions{Batch: batch})
	if err != nil {
		return 0, err
	}
	network := r.network()
	fit := training.Fit{
		Recipe: r.spec.Train.Training, Networks: []training.Network{{Name: "recognizer", Network: network}}, Device: env.Device,
		Loader: loader, Loss: r.loss(env, network, newFeed(env.Device, r.spec.Train.Training)), Terms: r.lossTerms(),
		ImageName: train.Name,
	}
	steps, err := fit.Stepwise()
	if err != nil {
		return 0, err
	}
	return timed(loader.Train(ctx, 0, probedSteps), steps.Step)
}

// probe times the evaluation by r, or, without one, the comparison with the targets.
func (p *pictures) probe(ctx context.Context, r *recognizer) (float64, error) {
	batch, err := probeBatch(p.env, p.val, p.batch)
	if err != nil {
		return 0, err
	}
	few, err := p.val.limited(ctx, 3*batch)
	if err != nil {
		return 0, err
	}
	loader, err := p.loader(few, data.LoaderOptions{Batch: batch})
	if err != nil {
		return 0, err
	}
	panel := &Panel{Device: p.env.Device}
	if p.processor != nil {
		trained, networks, err := p.processor.assemble()
		if err != nil {
			return 0, err
		}
		for _, network := range trained {
			network.Freeze()
		}
		panel.Networks = networks
	}
	panel.Measurers = []Measurer{&Comparison{metrics.NewQuality(few.Len())}}
	if r != nil {
		panel.Measurers = []Measurer{newJudge(r.frozen(p.env, r.network(), 0), few)}
	}
	return timed(loader.Eval(ctx), panel.Measure)
}
