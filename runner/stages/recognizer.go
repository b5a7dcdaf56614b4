package stages

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"transfera/aten"
	"transfera/data"
	"transfera/experiments"
	"transfera/models"
	"transfera/models/detection"
	"transfera/models/nn"
	"transfera/models/recognizers"
	"transfera/models/weights"
	"transfera/runner/dag"
	"transfera/runner/methods"
	"transfera/runner/training"
)

// recognizerVersion goes up when the code changes what the same settings give.
const recognizerVersion = 1

const (
	// WeightsFile is the file of a recognizer's stage.
	WeightsFile = "weights.safetensors"
	courseFile  = "course.csv"
)

// recognizer is a stage that leaves a trained R.
type recognizer struct {
	*dag.Stage
	name         string
	spec         experiments.Recognizer
	architecture models.Architecture
	classes      []string // that it tells apart
	// backbone is the recognizer from which its training starts, nil without one.
	backbone *recognizer
}

// recognizerSettings is the key's part of a recognizer. Exactly one of Checksum and Train is set.
type recognizerSettings struct {
	Arch      string                          `json:"arch"`
	Options   experiments.Values              `json:"options"`
	Classes   int                             `json:"classes"`
	Normalize experiments.Normalization       `json:"normalize"`
	Checksum  string                          `json:"checksum,omitempty"` // of the loaded tensors
	Train     *experiments.RecognizerTraining `json:"train,omitempty"`
	Backbone  string                          `json:"backbone,omitempty"` // checksum of the tensors that training starts from
	Seed      int64                           `json:"seed,omitempty"`
	Shape     *shape                          `json:"shape,omitempty"`
	// LocalBatchNorm is the number of processes, each with statistics of its own; 0 where they do not matter.
	LocalBatchNorm int `json:"local_batchnorm,omitempty"`
}

// newRecognizer plans the recognizer called name. train is the split that it is trained on, nil for one that is loaded;
// classes are those that it tells apart; backbone is the recognizer that its training starts from, nil for none or a file.
func newRecognizer(
	env *Environment, name string, spec experiments.Recognizer, train *split, classes []string, backbone *recognizer,
) (*recognizer, error) {
	architecture, err := recognizers.Named(spec.Arch)
	if err != nil {
		return nil, err
	}
	r := &recognizer{name: name, spec: spec, architecture: architecture, classes: classes, backbone: backbone}
	settings := recognizerSettings{Arch: spec.Arch, Options: spec.Options, Classes: len(classes), Normalize: spec.Normalize}
	definition := dag.Definition{Kind: "recognizer", Name: name, Version: recognizerVersion, Files: []string{WeightsFile}}
	unset := architecture.Unset(len(classes), models.Options(spec.Options))
	definition.Bytes = unset.Bytes()
	if spec.Train == nil {
		file, err := read(spec, spec.Weights)
		if err != nil {
			return nil, err
		}
		if _, err := unset.Fit(file.Path, file.Tensors); err != nil {
			return nil, err
		}
		settings.Checksum = file.Tensors.Checksum()
		definition.Rate = "load"
		definition.Compute = env.compute(r.load)
	} else {
		recipe := *spec.Train
		if err := train.holds(recipe.Batch); err != nil {
			return nil, fmt.Errorf("train.batch: %w", err)
		}
		if !architecture.Detects {
			if err := env.divides(recipe.Training); err != nil {
				return nil, fmt.Errorf("train.batch: %w", err)
			}
			settings.LocalBatchNorm = env.localBatchNorm(recipe.Training)
		}
		recipe.CheckpointEvery = 0 // does not change the result
		cut := train.shape()
		cut.Flip, cut.Shift = recipe.Augment.Flip, recipe.Augment.Shift
		settings.Train, settings.Seed, settings.Shape = &recipe, spec.Seed, &cut
		switch {
		case backbone != nil:
			definition.Inputs = append(definition.Inputs, backbone.Stage)
			if err := backbone.fitsInto(unset); err != nil {
				return nil, err
			}
		case spec.Backbone != "":
			file, err := read(spec, spec.Backbone)
			if err != nil {
				return nil, err
			}
			if _, err := detection.Of(unset).FitClassifier(file.Path, file.Tensors); err != nil {
				return nil, err
			}
			settings.Backbone = file.Tensors.Checksum()
		}
		definition.Files = append(definition.Files, courseFile)
		definition.Rate = fmt.Sprintf("train %s %v %s", spec.Arch, spec.Options, env.machine()) + recipe.Speed()
		definition.Work = float64(images(recipe.Training, train.Len()))
		compute := func(ctx context.Context, job *dag.Job) error { return r.train(ctx, env, job, train) }
		definition.Compute = env.together(compute)
		if architecture.Detects { // what its loss draws depends on the whole batch
			definition.Compute = env.compute(compute)
		}
		definition.Probe = env.probe(func(ctx context.Context) (float64, error) { return r.probe(ctx, env, train) })
	}
	definition.Settings = settings
	r.Stage = dag.New(definition)
	return r, nil
}

// images is how many images a training sees.
func images(recipe experiments.Training, perEpoch int) int {
	if recipe.Steps > 0 {
		return recipe.Steps * recipe.Batch
	}
	return recipe.Epochs * perEpoch
}

// network builds R with the initial values of its seed.
func (r *recognizer) network() *nn.Network {
	return r.architecture.New(streamSeed("recognizer", r.spec.Seed), len(r.classes), models.Options(r.spec.Options))
}

// loaded builds R with the tensors of a file, which must fit.
func (r *recognizer) loaded(path string) (*nn.Network, error) {
	file, err := weights.Load(path)
	if err != nil {
		return nil, err
	}
	network := r.architecture.Unset(len(r.classes), models.Options(r.spec.Options))
	return network, network.Load(file.Path, file.Tensors)
}

func (r *recognizer) normalization() models.Normalization {
	var n models.Normalization
	for c := range 3 {
		n.Mean[c], n.Std[c] = float32(r.spec.Normalize.Mean[c]), float32(r.spec.Normalize.Std[c])
	}
	return n
}

// on moves a network of R's architecture to the device and puts it behind R's normalization. sampling seeds what a detector's
// loss counts.
func (r *recognizer) on(env *Environment, network *nn.Network, sampling uint64) methods.Recognizer {
	normalization := r.normalization().On(env.Device)
	if r.architecture.Detects {
		detector := detection.Of(network)
		detector.To(env.Device)
		return methods.NewDetector(normalization, detector, sampling)
	}
	network.To(env.Device)
	return methods.NewClassifier(normalization, network)
}

// frozen is on, with the network fixed.
func (r *recognizer) frozen(env *Environment, network *nn.Network, sampling uint64) methods.Recognizer {
	fixed := r.on(env, network, sampling)
	network.Freeze()
	return fixed
}

// trained is R's network as its stage left it.
func (r *recognizer) trained(env *Environment) (*nn.Network, error) {
	return r.loaded(env.Store.File(r.Key, WeightsFile))
}

// load checks that the file fits the architecture and keeps its tensors.
func (r *recognizer) load(_ context.Context, job *dag.Job) error {
	network, err := r.loaded(r.spec.Weights)
	if err != nil {
		return err
	}
	return r.save(job, network)
}

// train trains R on the images of a split as they are.
func (r *recognizer) train(ctx context.Context, env *Environment, job *dag.Job, train *split) error {
	recipe := r.spec.Train
	rank, ranks := share(ctx)
	loader, err := train.loader(env, nil, data.LoaderOptions{
		Batch: recipe.Batch, Seed: streamSeed("recognizer data", r.spec.Seed), Shuffle: true,
		Flip: recipe.Augment.Flip, Shift: recipe.Augment.Shift, Rank: rank, Ranks: ranks,
	})
	if err != nil {
		return err
	}
	network, err := r.start(env)
	if err != nil {
		return err
	}
	feed := newFeed(env.Device, recipe.Training)
	loss := r.loss(env, network, feed)
	work, err := job.Work(r.Stage)
	if err != nil {
		return err
	}
	fit := training.Fit{
		Recipe: recipe.Training, Networks: []training.Network{{Name: "recognizer", Network: network}}, Device: env.Device,
		Loader: loader, Terms: r.lossTerms(), Loss: loss, Feed: feed, Upload: UploadOnly(feed), ImageName: train.Name,
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
	if err := course.WriteCSV(filepath.Join(work, courseFile)); err != nil {
		return err
	}
	return r.save(job, network)
}

// loss is R's own, of clean images. The network moves to the device.
func (r *recognizer) loss(env *Environment, network *nn.Network, feed *aten.Feed) training.Loss {
	learner := r.on(env, network, streamSeed("recognizer sampling", r.spec.Seed))
	return func(s *aten.Scope, b *data.Batch) (aten.Tensor, []aten.Tensor) {
		u := upload(s, feed, b)
		loss := learner.Loss(u.Target, u.Batch)
		return loss, []aten.Tensor{loss}
	}
}

// lossTerms names what loss returns.
func (r *recognizer) lossTerms() []string {
	if r.architecture.Detects {
		return []string{"detection"}
	}
	return []string{"cross-entropy"}
}

// save writes the weights with what it takes to build the network again.
func (r *recognizer) save(job *dag.Job, network *nn.Network) error {
	work, err := job.Work(r.Stage)
	if err != nil {
		return err
	}
	described := map[string]any{
		"kind": "recognizer", "arch": r.spec.Arch, "options": r.spec.Options, "classes": len(r.classes),
		"normalize": r.spec.Normalize, "stage": r.Key,
	}
	if r.spec.Train != nil { // else another dataset may have the same number of classes and so the same key
		described["labels"] = r.classes
	}
	metadata, err := describe(described)
	if err != nil {
		return err
	}
	return weights.SaveSafetensors(filepath.Join(work, WeightsFile), network.Dict(), metadata)
}

// describe writes each value as JSON, as safetensors metadata needs text; text stays as it is.
func describe(values map[string]any) (map[string]string, error) {
	metadata := map[string]string{}
	for name, value := range values {
		if text, ok := value.(string); ok {
			metadata[name] = text
			continue
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		metadata[name] = string(text)
	}
	return metadata, nil
}
