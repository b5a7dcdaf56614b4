package stages

import (
	"context"
	"fmt"
	"path/filepath"

	"transfera/aten"
	"transfera/data"
	"transfera/experiments"
	"transfera/models"
	"transfera/models/checkpoint"
	"transfera/models/nn"
	"transfera/models/processing"
	"transfera/models/weights"
	"transfera/runner/dag"
	"transfera/runner/methods"
	"transfera/runner/training"
)

// processorVersion goes up when the code changes what the same settings give.
const processorVersion = 1

const (
	processorFile   = "processor.safetensors"
	transformerFile = "transformer.safetensors"
	checkpointFile  = "checkpoint.safetensors"
)

// processor is a stage that leaves a trained P, and T where the method has one.
type processor struct {
	*dag.Stage
	env         *Environment
	method      methods.Method
	source      *recognizer // nil for methods without
	train       *split
	degradation data.Degradation
	settings    processorSettings
	every       int // steps between checkpoints
}

// processorSettings is the key's part of a processor.
type processorSettings struct {
	Method      string                  `json:"method"`
	Lambda      float64                 `json:"lambda"`
	Degradation experiments.Degradation `json:"degradation"`
	Shape       shape                   `json:"shape"`
	Processor   experiments.Processor   `json:"processor"`
	Transformer *experiments.Processor  `json:"transformer,omitempty"`
	Training    experiments.Training    `json:"training"`
	Seed        int64                   `json:"seed"`
	// LocalBatchNorm is the number of processes, each with statistics of its own; 0 where they do not matter.
	LocalBatchNorm int `json:"local_batchnorm,omitempty"`
}

// newProcessor plans one P. task is for people; everything else decides the result.
func newProcessor(env *Environment, task string, settings processorSettings, train *split, source *recognizer) (*processor, error) {
	method, ok := methods.Find(settings.Method)
	if !ok {
		return nil, fmt.Errorf("no method %q", settings.Method)
	}
	if err := train.holds(settings.Training.Batch); err != nil {
		return nil, fmt.Errorf("training.batch: %w", err)
	}
	alone := source != nil && source.architecture.Detects // what a detector's loss draws depends on the whole batch
	if !alone {
		if err := env.divides(settings.Training); err != nil {
			return nil, fmt.Errorf("training.batch: %w", err)
		}
		settings.LocalBatchNorm = env.localBatchNorm(settings.Training)
	}
	degradation, err := newDegradation(settings.Degradation)
	if err != nil {
		return nil, err
	}
	p := &processor{env: env, method: method, source: source, train: train, degradation: degradation}
	p.every, settings.Training.CheckpointEvery = settings.Training.CheckpointEvery, 0 // does not change the result
	settings.Shape = train.shape()
	settings.Shape.Flip = train.prepare.Flip
	p.settings = settings
	definition := dag.Definition{
		Kind: "processor", Name: p.words(task), Version: processorVersion, Settings: settings,
		Work: float64(images(settings.Training, train.Len())), Files: []string{processorFile, courseFile},
		Compute: env.together(p.compute), Probe: env.probe(p.probe),
	}
	if alone {
		definition.Compute = env.compute(p.compute)
	}
	rate := fmt.Sprintf("train %s %v %v", settings.Method, settings.Processor, settings.Degradation)
	if source != nil {
		definition.Inputs = []*dag.Stage{source.Stage}
		rate += fmt.Sprintf(" %s %v", source.spec.Arch, source.spec.Options)
	}
	if settings.Transformer != nil {
		definition.Files = append(definition.Files, transformerFile)
		rate += fmt.Sprintf(" %v", *settings.Transformer)
	}
	definition.Rate = fmt.Sprintf("%s %s", rate+settings.Training.Speed(), env.machine())
	for _, part := range p.parts() {
		architecture, err := part.architecture()
		if err != nil {
			return nil, err
		}
		definition.Bytes += architecture.Unset(part.scale, models.Options(part.spec.Options)).Bytes()
	}
	p.Stage = dag.New(definition)
	return p, nil
}

// words names P for people.
func (p *processor) words(task string) string {
	name := fmt.Sprintf("%s %s", task, p.method.Name)
	if p.source != nil {
		name += fmt.Sprintf(" %g by %s", p.settings.Lambda, p.source.name)
	}
	return fmt.Sprintf("%s, seed %d", name, p.settings.Seed)
}

func newDegradation(spec experiments.Degradation) (data.Degradation, error) {
	return data.NewDegradation(spec.Kind, data.Options(spec.Options))
}

// part is P or T.
type part struct {
	name, file string
	spec       experiments.Processor
	scale      int
}

// parts are P, and T where there is one.
func (p *processor) parts() []part {
	parts := []part{{"processor", processorFile, p.settings.Processor, p.degradation.Scale()}}
	if p.settings.Transformer != nil {
		parts = append(parts, part{"transformer", transformerFile, *p.settings.Transformer, 1})
	}
	return parts
}

func (p part) architecture() (models.Architecture, error) {
	architecture, ok := processing.Find(p.spec.Arch)
	if !ok {
		return architecture, fmt.Errorf("no processor architecture %q", p.spec.Arch)
	}
	return architecture, nil
}

// networks builds P, and T where there is one, with the initial values of the seed.
func (p *processor) networks() (networks []training.Network, err error) {
	for _, part := range p.parts() {
		architecture, err := part.architecture()
		if err != nil {
			return nil, err
		}
		network := architecture.New(streamSeed(part.name, p.settings.Seed), part.scale, models.Options(part.spec.Options))
		network.To(p.env.Device)
		networks = append(networks, training.Network{Name: part.name, Network: network})
	}
	return networks, nil
}

// assemble is networks, and the same in their roles, without R.
func (p *processor) assemble() (trained []training.Network, roles methods.Networks, err error) {
	if trained, err = p.networks(); err != nil {
		return nil, roles, err
	}
	roles.P = trained[0]
	if len(trained) > 1 {
		roles.T = trained[1]
	}
	return trained, roles, nil
}

// compute trains.
func (p *processor) compute(ctx context.Context, job *dag.Job) error {
	rank, ranks := share(ctx)
	loader, err := p.train.loader(p.env, p.degradation, data.LoaderOptions{
		Batch: p.settings.Training.Batch, Seed: streamSeed("processor data", p.settings.Seed), Shuffle: true, Flip: p.train.prepare.Flip,
		Rank: rank, Ranks: ranks,
	})
	if err != nil {
		return err
	}
	trained, networks, err := p.assemble()
	if err != nil {
		return err
	}
	var fixed *nn.Network
	checksum := ""
	if p.source != nil {
		if fixed, err = p.source.trained(p.env); err != nil {
			return err
		}
		networks.R = p.inLoss(fixed)
		checksum = fixed.Dict().Checksum()
	}
	work, err := job.Work(p.Stage)
	if err != nil {
		return err
	}
	recipe := p.settings.Training
	recipe.CheckpointEvery = p.every
	feed := newFeed(p.env.Device, recipe)
	fit := training.Fit{
		Recipe: recipe, Networks: trained, Device: p.env.Device, Loader: loader, Terms: LossTerms,
		Loss: Loss(p.method, networks, p.settings.Lambda, feed), Feed: feed, Upload: UploadOnly(feed),
		ImageName:  p.train.Name,
		Checkpoint: filepath.Join(work, checkpointFile),
		Progress:   job.Progress,
		Group:      groupOf(ctx), SyncBatchNorm: recipe.SyncBatchNorm,
	}
	course, err := fit.Run(ctx)
	if err != nil {
		return err
	}
	if !leads(ctx) {
		return nil
	}
	if fixed != nil && fixed.Dict().Checksum() != checksum {
		return fmt.Errorf("training changed the fixed recognizer %s, which is a bug", p.source.name)
	}
	if err := course.WriteCSV(filepath.Join(work, courseFile)); err != nil {
		return err
	}
	return p.save(work, trained, checksum)
}

// inLoss is the source with a network, fixed, as P's loss contains it.
func (p *processor) inLoss(network *nn.Network) methods.Recognizer {
	if p.settings.Training.ChannelsLast {
		network.ChannelsLast()
	}
	return p.source.frozen(p.env, network, streamSeed("processor sampling", p.settings.Seed))
}

// LossTerms names what Loss returns besides the objective.
var LossTerms = []string{"processing", "recognition"}

// Loss is what a training of P by a method minimizes, for training.Fit.
func Loss(method methods.Method, n methods.Networks, lambda float64, feed *aten.Feed) training.Loss {
	return func(s *aten.Scope, b *data.Batch) (objective aten.Tensor, terms []aten.Tensor) {
		processing, recognition := method.Loss(n, upload(s, feed, b).Batch)
		return methods.Objective(processing, recognition, lambda), []aten.Tensor{processing, recognition}
	}
}

// save writes P and T, each with what it takes to build and use the network again, as package checkpoint reads it, and with
// where it comes from. source is the checksum of R, "" without one.
func (p *processor) save(work string, trained []training.Network, source string) error {
	for i, part := range p.parts() {
		values := map[string]any{
			"kind": part.name, "arch": part.spec.Arch, "options": part.spec.Options, "scale": part.scale,
			"degradation": p.settings.Degradation, "method": p.settings.Method, "lambda": p.settings.Lambda,
			"training": p.settings.Training, "seed": p.settings.Seed, "stage": p.Key,
			"dataset": checkpoint.Dataset{Name: p.train.name, Images: p.train.fingerprint, Cut: p.train.cut()},
		}
		if p.source != nil {
			values["source"] = checkpoint.Source{
				Name: p.source.name, Arch: p.source.spec.Arch, Options: p.source.spec.Options, Checksum: source,
			}
		}
		if p.env.Code != "" {
			values["code"] = p.env.Code
		}
		metadata, err := describe(values)
		if err != nil {
			return err
		}
		if err := weights.SaveSafetensors(filepath.Join(work, part.file), trained[i].Network.Dict(), metadata); err != nil {
			return err
		}
	}
	return nil
}

// frozen is the trained P, and T where there is one, on the device as fixed functions.
func (p *processor) frozen() (methods.Networks, error) {
	trained, networks, err := p.assemble()
	if err != nil {
		return networks, err
	}
	for i, part := range p.parts() {
		file, err := weights.Load(p.env.Store.File(p.Key, part.file))
		if err != nil {
			return networks, err
		}
		if err := trained[i].Load(file.Path, file.Tensors); err != nil {
			return networks, err
		}
		trained[i].Freeze()
	}
	return networks, nil
}
