package stages

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"transfera/aten"
	"transfera/data"
	"transfera/experiments"
	"transfera/models"
	"transfera/models/nn"
	"transfera/models/recognition"
	"transfera/models/weights"
	"transfera/results/atomicfile"
	"transfera/runner/dag"
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
	name    string
	spec    experiments.Recognizer
	classes int
}

// recognizerSettings is the key's part of a recognizer. Exactly one of Checksum and Train is set.
type recognizerSettings struct {
	Arch      string                          `json:"arch"`
	Options   experiments.Values              `json:"options"`
	Classes   int                             `json:"classes"`
	Normalize experiments.Normalization       `json:"normalize"`
	Checksum  string                          `json:"checksum,omitempty"` // of the loaded tensors
	Train     *experiments.RecognizerTraining `json:"train,omitempty"`
	Seed      int64                           `json:"seed,omitempty"`
	Shape     *shape                          `json:"shape,omitempty"`
}

// newRecognizer plans the recognizer called name. train is the split that it is trained on, nil for one that is loaded;
// classes is how many it tells apart.
func newRecognizer(env *Environment, name string, spec experiments.Recognizer, train *split, classes int) (*recognizer, error) {
	r := &recognizer{name: name, spec: spec, classes: classes}
	settings := recognizerSettings{Arch: spec.Arch, Options: spec.Options, Classes: classes, Normalize: spec.Normalize}
	definition := dag.Definition{Kind: "recognizer", Name: name, Version: recognizerVersion, Files: []string{WeightsFile}}
	architecture, err := r.architecture()
	if err != nil {
		return nil, err
	}
	unset := architecture.Unset(classes, models.Options(spec.Options))
	definition.Bytes = unset.Bytes()
	if spec.Train == nil {
		if err := checkFile(spec); err != nil {
			return nil, err
		}
		file, err := weights.Load(spec.Weights)
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
		recipe.CheckpointEvery = 0 // does not change the result
		cut := train.shape()
		cut.Flip, cut.Shift = recipe.Augment.Flip, recipe.Augment.Shift
		settings.Train, settings.Seed, settings.Shape = &recipe, spec.Seed, &cut
		definition.Files = append(definition.Files, courseFile)
		definition.Rate = fmt.Sprintf("train %s %v %s %d threads", spec.Arch, spec.Options, env.Device, env.Threads)
		definition.Work = float64(images(recipe.Training, train.Len()))
		definition.Compute = env.compute(func(ctx context.Context, job *dag.Job) error { return r.train(ctx, env, job, train) })
		definition.Probe = env.probe(func(ctx context.Context) (float64, error) { return r.probe(ctx, env, train) })
	}
	definition.Settings = settings
	r.Stage = dag.New(definition)
	return r, nil
}

// checkFile compares a file of weights with the checksum that the spec gives, if it does.
func checkFile(spec experiments.Recognizer) error {
	if spec.SHA256 == "" {
		return nil
	}
	sum, err := atomicfile.Sum(spec.Weights)
	if err != nil {
		return err
	}
	if strings.HasPrefix(sum, spec.SHA256) {
		return nil
	}
	advice := ""
	if spec.Download != "" {
		advice = "; get it again: " + spec.Download
	}
	return fmt.Errorf("%s: its SHA-256 begins with %.*s, not with %s as the spec says: it is damaged or another file%s",
		spec.Weights, len(spec.SHA256), sum, spec.SHA256, advice)
}

// images is how many images a training sees.
func images(recipe experiments.Training, perEpoch int) int {
	if recipe.Steps > 0 {
		return recipe.Steps * recipe.Batch
	}
	return recipe.Epochs * perEpoch
}

func (r *recognizer) architecture() (models.Architecture, error) {
	return recognition.Named(r.spec.Arch)
}

// network builds R with the initial values of its seed.
func (r *recognizer) network() (*nn.Network, error) {
	architecture, err := r.architecture()
	if err != nil {
		return nil, err
	}
	return architecture.New(streamSeed("recognizer", r.spec.Seed), r.classes, models.Options(r.spec.Options)), nil
}

// loaded builds R with the tensors of a file, which must fit.
func (r *recognizer) loaded(path string) (*nn.Network, error) {
	architecture, err := r.architecture()
	if err != nil {
		return nil, err
	}
	file, err := weights.Load(path)
	if err != nil {
		return nil, err
	}
	network := architecture.Unset(r.classes, models.Options(r.spec.Options))
	return network, network.Load(file.Path, file.Tensors)
}

func (r *recognizer) normalization() models.Normalization {
	var n models.Normalization
	for c := range 3 {
		n.Mean[c], n.Std[c] = float32(r.spec.Normalize.Mean[c]), float32(r.spec.Normalize.Std[c])
	}
	return n
}

// frozen is R on the device as a fixed function of pixels in [0,1], and its state's network, for the checksum.
func (r *recognizer) frozen(env *Environment) (nn.Layer, *nn.Network, error) {
	network, err := r.loaded(env.Store.File(r.Key, WeightsFile))
	if err != nil {
		return nil, nil, err
	}
	return r.asFunction(env, network), network, nil
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
	loader, err := train.loader(env, nil, data.LoaderOptions{
		Batch: recipe.Batch, Seed: streamSeed("recognizer data", r.spec.Seed), Shuffle: true,
		Flip: recipe.Augment.Flip, Shift: recipe.Augment.Shift,
	})
	if err != nil {
		return err
	}
	network, err := r.network()
	if err != nil {
		return err
	}
	network.To(env.Device)
	work, err := job.Work(r.Stage)
	if err != nil {
		return err
	}
	fit := training.Fit{
		Recipe: recipe.Training, Networks: []training.Network{{Name: "recognizer", Network: network}}, Device: env.Device,
		Loader: loader, Terms: []string{"cross-entropy"}, Loss: r.loss(env, network),
		ImageName:  train.Name,
		Checkpoint: filepath.Join(work, checkpointFile),
		Progress:   job.Progress,
	}
	course, err := fit.Run(ctx)
	if err != nil {
		return err
	}
	if err := course.WriteCSV(filepath.Join(work, courseFile)); err != nil {
		return err
	}
	return r.save(job, network)
}

// loss is the cross-entropy of clean images.
func (r *recognizer) loss(env *Environment, network *nn.Network) training.Loss {
	logits := nn.Sequential{r.normalization().On(env.Device), network}
	return func(s *aten.Scope, b *data.Batch) (aten.Tensor, []aten.Tensor) {
		u := upload(s, env.Device, b)
		loss := aten.CrossEntropy(logits.Forward(u.Target), u.Labels)
		return loss, []aten.Tensor{loss}
	}
}

// save writes the weights with what it takes to build the network again.
func (r *recognizer) save(job *dag.Job, network *nn.Network) error {
	work, err := job.Work(r.Stage)
	if err != nil {
		return err
	}
	metadata, err := describe(map[string]any{
		"kind": "recognizer", "arch": r.spec.Arch, "options": r.spec.Options, "classes": r.classes,
		"normalize": r.spec.Normalize, "stage": r.Key,
	})
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
