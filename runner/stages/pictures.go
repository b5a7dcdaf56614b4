package stages

import (
	"context"
	"fmt"
	"slices"

	"transfera/data"
	"transfera/experiments"
	"transfera/metrics"
	"transfera/runner/dag"
)

// evaluationVersion goes up when the code changes what the same settings give.
const evaluationVersion = 1

// pictures are the validation images of a dataset as they come out of one P, or degraded but unprocessed, or clean. Its
// stages measure them: quality against the targets, and recognition by one R each. Those that are ready together share one
// pass of P.
type pictures struct {
	env       *Environment
	name      string
	val       *split
	task      *experiments.Degradation // nil: clean
	processor *processor               // nil: unprocessed
	batch     int
	judges    map[string]*recognizer // by the key of their recognition stage
}

// picturesSettings is the part of an evaluation's key that says what is looked at.
type picturesSettings struct {
	Shape       shape                    `json:"shape"`
	Degradation *experiments.Degradation `json:"degradation,omitempty"`
	Processed   bool                     `json:"processed"`
	Batch       int                      `json:"batch"` // rounding in libtorch may depend on it
}

// newPictures describes pictures. Images of different sizes are looked at one by one, whatever batch is.
func newPictures(env *Environment, name string, val *split, task *experiments.Degradation, p *processor, batch int) *pictures {
	if val.holds(batch) != nil {
		batch = 1
	}
	return &pictures{env: env, name: name, val: val, task: task, processor: p, batch: batch, judges: map[string]*recognizer{}}
}

func (p *pictures) settings() picturesSettings {
	return picturesSettings{Shape: p.val.shape(), Degradation: p.task, Processed: p.processor != nil, Batch: p.batch}
}

// definition is what all stages on these pictures share. extra tells their speeds apart.
func (p *pictures) definition(kind, name, extra string, inputs ...*dag.Stage) dag.Definition {
	d := dag.Definition{
		Kind: kind, Name: name, Version: evaluationVersion, Settings: p.settings(), Files: []string{measurementsFile},
		Bytes: measurementsBytes(p.val.Len()), Work: float64(p.val.Len()), Compute: p.env.together(p.compute),
	}
	rate := fmt.Sprintf("%s %s", kind, extra)
	if p.task != nil {
		rate += fmt.Sprintf(" %v", *p.task)
	}
	group := "none"
	if p.processor != nil {
		d.Inputs = append(d.Inputs, p.processor.Stage)
		rate += fmt.Sprintf(" %v", p.processor.settings.Processor)
		group = p.processor.Key
	}
	d.Inputs = append(d.Inputs, inputs...)
	d.Rate = fmt.Sprintf("%s %s", rate, p.env.machine())
	d.Group = fmt.Sprintf("%s %v %v %d", group, p.val.shape(), p.task != nil && p.processor == nil, p.batch)
	if p.task != nil {
		d.Group += fmt.Sprint(*p.task)
	}
	return d
}

// quality plans the comparison with the targets.
func (p *pictures) quality() *dag.Stage {
	d := p.definition("quality", p.name, "")
	d.Probe = p.env.probe(func(ctx context.Context) (float64, error) { return p.probe(ctx, nil) })
	return dag.New(d)
}

// recognition plans what r makes of the pictures.
func (p *pictures) recognition(r *recognizer) *dag.Stage {
	d := p.definition("recognition", p.name+" judged by "+r.name, fmt.Sprintf("%s %v", r.spec.Arch, r.spec.Options), r.Stage)
	d.Probe = p.env.probe(func(ctx context.Context) (float64, error) { return p.probe(ctx, r) })
	stage := dag.New(d)
	p.judges[stage.Key] = r
	return stage
}

// compute makes the pictures once and gives them to everything in the job. Several processes have some of the batches each.
func (p *pictures) compute(ctx context.Context, job *dag.Job) error {
	var measurers []Measurer
	ordered := slices.SortedFunc(slices.Values(job.Stages), func(a, b *dag.Stage) int { return compareText(a.Key, b.Key) })
	for _, stage := range ordered {
		if r := p.judges[stage.Key]; r != nil {
			network, err := r.trained(p.env)
			if err != nil {
				return err
			}
			measurers = append(measurers, newJudge(r.frozen(p.env, network, 0), p.val))
		} else {
			measurers = append(measurers, &Comparison{metrics.NewQuality(p.val.Len())})
		}
	}
	if err := p.show(ctx, measurers, func(done int) {
		job.Progress(float64(done)/float64(p.val.Len()), fmt.Sprintf("image %d of %d", done, p.val.Len()))
	}); err != nil {
		return err
	}
	if !leads(ctx) {
		return nil
	}
	for i, stage := range ordered {
		found, err := measurers[i].measurements()
		if err != nil {
			return err
		}
		work, err := job.Work(stage)
		if err != nil {
			return err
		}
		if err := found.save(work); err != nil {
			return err
		}
	}
	return nil
}

// show makes the pictures and shows them to the measurers. progress is told how many images were shown. Of several processes
// each shows some batches, and the measurers of the one that leads know all in the end.
func (p *pictures) show(ctx context.Context, measurers []Measurer, progress func(done int)) error {
	rank, ranks := share(ctx)
	loader, err := p.loader(p.val, data.LoaderOptions{Batch: p.batch, Rank: rank, Ranks: ranks})
	if err != nil {
		return err
	}
	panel := &Panel{Device: p.env.Device, Measurers: measurers}
	if p.processor != nil {
		if panel.Networks, err = p.processor.frozen(); err != nil {
			return err
		}
	}
	for batch, err := range loader.Eval(ctx) {
		if err != nil {
			return err
		}
		if err := panel.Measure(batch); err != nil {
			return fmt.Errorf("%s to %s: %w", p.val.Name(batch.Indices[0]), p.val.Name(batch.Indices[batch.N-1]), err)
		}
		progress(batch.Indices[batch.N-1] + 1)
		batch.Release()
	}
	return panel.merge(groupOf(ctx))
}

// loader prepares the images, degraded if there is a task.
func (p *pictures) loader(images *split, o data.LoaderOptions) (*data.Loader, error) {
	var degradation data.Degradation
	if p.task != nil {
		var err error
		if degradation, err = newDegradation(*p.task); err != nil {
			return nil, err
		}
	}
	o.Baseline = p.processor == nil
	return images.loader(p.env, degradation, o)
}
