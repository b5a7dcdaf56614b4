package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"os"
	"path/filepath"
	"strings"

	"transfera/aten"
	"transfera/data"
	"transfera/experiments"
	"transfera/metrics"
	"transfera/models"
	"transfera/models/nn"
	"transfera/models/processing"
	"transfera/models/recognition"
	"transfera/models/weights"
	"transfera/runner/methods"
	"transfera/runner/stages"
	"transfera/runner/training"
)

// lambda of the recognition-aware steps.
const lambda = 1e-3

// task is a problem in this program's hands.
type task struct {
	run   func() error
	check func() (answer, error) // does it once, or some times, and tells what came out

	device aten.Device
}

// newTask sets a problem up with the code that experiments run.
func newTask(p problem) (task, error) {
	switch p.Kind {
	case "step":
		return newStep(p)
	case "evaluation":
		return newEvaluation(p)
	case "loader":
		return newLoader(p)
	case "ssim":
		return newSSIM(p)
	case "checkpoint":
		return newCheckpoint(p)
	}
	return task{}, fmt.Errorf("no kind of work %q", p.Kind)
}

func (n network) load(find func(string) (models.Architecture, bool)) (*nn.Network, error) {
	architecture, ok := find(n.Arch)
	if !ok {
		return nil, fmt.Errorf("no architecture %q", n.Arch)
	}
	options := models.Options{}
	for name, value := range n.Options { // JSON made floats of them
		if number, ok := value.(float64); ok {
			value = int(number)
		}
		options[name] = value
	}
	built := architecture.New(0, n.Size, options)
	file, err := weights.Load(n.Weights)
	if err != nil {
		return nil, err
	}
	return built, built.Load(file.Path, file.Tensors)
}

func (n network) frozenRecognizer(device aten.Device, m mode) (c methods.Classifier, err error) {
	r, err := n.load(recognition.Find)
	if err != nil {
		return c, err
	}
	r.To(device)
	if m.ChannelsLast {
		r.ChannelsLast()
	}
	r.Freeze()
	return methods.NewClassifier(models.ImageNet.On(device), r), nil
}

// batches reads the problem's data.
func (p problem) batches() ([]*data.Batch, error) {
	file, err := weights.Load(p.Data)
	if err != nil {
		return nil, err
	}
	list := make([]*data.Batch, p.Batches)
	for k := range list {
		b := &data.Batch{
			Step: k, N: p.Batch, Height: p.Size, Width: p.Size, ValidHeight: p.Size, ValidWidth: p.Size, InputHeight: p.Size / p.Scale, InputWidth: p.Size / p.Scale,
		}
		for i := range p.Batch {
			b.Indices = append(b.Indices, k*p.Batch+i)
		}
		for name, values := range map[string]*[]float32{"input": &b.Input, "target": &b.Target} {
			stored, _ := file.Tensors.Get(fmt.Sprintf("%s.%d", name, k))
			if *values, err = stored.Floats(); err != nil {
				return nil, err
			}
		}
		labels, _ := file.Tensors.Get(fmt.Sprintf("labels.%d", k))
		if b.Labels, err = labels.Longs(); err != nil {
			return nil, err
		}
		list[k] = b
	}
	return list, nil
}

// training sets up the training of P by the problem's recognizer, if it has one.
func (p problem) training() (*training.Stepwise, error) {
	processor, err := p.Processor.load(processing.Find)
	if err != nil {
		return nil, err
	}
	device, err := aten.ParseDevice(p.Device)
	if err != nil {
		return nil, err
	}
	processor.To(device)
	networks, name := methods.Networks{P: processor}, "plain"
	for _, r := range p.Recognizers {
		name = "ra"
		if networks.R, err = r.frozenRecognizer(device, p.Mode); err != nil {
			return nil, err
		}
	}
	method, _ := methods.Find(name)
	recipe := experiments.Training{
		Optimizer: "adam", LearningRate: 1e-4, Betas: []float64{0.9, 0.999},
		Precision: p.Mode.Precision, ChannelsLast: p.Mode.ChannelsLast, CUDAGraph: p.Mode.CUDAGraph,
	}
	feed := &aten.Feed{Device: device, ChannelsLast: p.Mode.ChannelsLast}
	fit := &training.Fit{
		Recipe: recipe, Device: device, Feed: feed, Upload: stages.UploadOnly(feed),
		Networks: []training.Network{{Name: "processor", Network: processor}},
		Terms:    stages.LossTerms, Loss: stages.Loss(method, networks, lambda, feed),
		ImageName:  func(i int) string { return fmt.Sprint(i) },
		Progress:   func(_ float64, words string) { fmt.Fprintln(os.Stderr, words) },
		Checkpoint: filepath.Join(p.Folder, "ours.safetensors"),
	}
	return fit.Stepwise()
}

// checkedSteps are enough that the last ones are captured, where steps are.
const checkedSteps = 6

func newStep(p problem) (task, error) {
	batches, err := p.batches()
	if err != nil {
		return task{}, err
	}
	fit, err := p.training()
	if err != nil {
		return task{}, err
	}
	next := 0
	run := func() error {
		next++
		return fit.Step(batches[(next-1)%len(batches)])
	}
	return task{run: run, check: func() (out answer, err error) {
		for range checkedSteps {
			if err := run(); err != nil {
				return out, err
			}
			course, err := fit.Course()
			if err != nil {
				return out, err
			}
			for _, term := range course.Values {
				if last := float64(term[len(term)-1]); !math.IsNaN(last) {
					out.Values = append(out.Values, last)
				}
			}
		}
		return out, nil
	}}, nil
}

func newCheckpoint(p problem) (task, error) {
	batches, err := p.batches()
	if err != nil {
		return task{}, err
	}
	fit, err := p.training()
	if err != nil {
		return task{}, err
	}
	if err := fit.Step(batches[0]); err != nil {
		return task{}, err
	}
	return task{run: fit.Save, check: func() (out answer, err error) {
		if err := fit.Save(); err != nil {
			return out, err
		}
		file, err := weights.Load(filepath.Join(p.Folder, "ours.safetensors"))
		if err != nil {
			return out, err
		}
		for _, t := range file.Tensors {
			if strings.HasPrefix(t.Name, "processor.") && strings.HasSuffix(t.Name, "weight") {
				values, err := t.Floats()
				if err != nil {
					return out, err
				}
				sum := 0.0
				for _, v := range values {
					sum += float64(v)
				}
				out.Values = append(out.Values, sum)
			}
		}
		return out, nil
	}}, nil
}

func newEvaluation(p problem) (task, error) {
	batches, err := p.batches()
	if err != nil {
		return task{}, err
	}
	processor, err := p.Processor.load(processing.Find)
	if err != nil {
		return task{}, err
	}
	device, err := aten.ParseDevice(p.Device)
	if err != nil {
		return task{}, err
	}
	processor.To(device)
	processor.Freeze()
	var judges []methods.Classifier
	for _, r := range p.Recognizers {
		judge, err := r.frozenRecognizer(device, mode{})
		if err != nil {
			return task{}, err
		}
		judges = append(judges, judge)
	}
	n := p.Batch * p.Batches
	evaluate := func() (*metrics.Quality, []*metrics.Recognition, error) {
		quality := metrics.NewQuality(n)
		panel := &stages.Panel{Device: device, Networks: methods.Networks{P: processor}, Measurers: []stages.Measurer{&stages.Comparison{Quality: quality}}}
		var recognitions []*metrics.Recognition
		for _, judge := range judges {
			r := metrics.NewRecognition(n)
			recognitions = append(recognitions, r)
			panel.Measurers = append(panel.Measurers, &stages.Judge{Classifier: judge, Recognition: r})
		}
		for _, b := range batches {
			if err := panel.Measure(b); err != nil {
				return nil, nil, err
			}
		}
		return quality, recognitions, nil
	}
	return task{run: func() error { _, _, err := evaluate(); return err }, check: func() (out answer, err error) {
		quality, recognitions, err := evaluate()
		if err != nil {
			return out, err
		}
		psnr := 0.0 // the reference's, of batches as large as the problem's
		for k := range p.Batches {
			psnr += 10 * math.Log10(1/(mean(quality.MSE[k*p.Batch:(k+1)*p.Batch])+1e-9)) / float64(p.Batches)
		}
		for _, r := range recognitions {
			top1, _ := r.Correct()
			out.Values = append(out.Values, psnr, mean(quality.SSIM), mean(r.CrossEntropy), 100*float64(top1)/float64(n))
		}
		return out, nil
	}}, nil
}

func newSSIM(p problem) (task, error) {
	batches, err := p.batches()
	if err != nil {
		return task{}, err
	}
	device, err := aten.ParseDevice(p.Device)
	if err != nil {
		return task{}, err
	}
	measure := func() (out answer, err error) {
		for _, b := range batches {
			values, err := ssim(b, device)
			if err != nil {
				return out, err
			}
			out.Values = append(out.Values, mean(values))
		}
		return out, nil
	}
	return task{run: func() error { _, err := measure(); return err }, check: measure}, nil
}

func ssim(b *data.Batch, device aten.Device) ([]float64, error) {
	s := aten.NewScope()
	defer s.Close()
	tensor := func(values []float32) aten.Tensor {
		return aten.FromFloats(s, values, b.N, 3, b.Height, b.Width).To(device)
	}
	return metrics.SSIM(tensor(b.Input), tensor(b.Target))
}

func newLoader(p problem) (task, error) {
	folder, err := data.OpenImageFolder(p.Images, data.FolderOptions{})
	if err != nil {
		return task{}, err
	}
	if _, err := folder.Fingerprint(context.Background()); err != nil { // as in a run: every picture read is compared with it
		return task{}, err
	}
	options := map[string]any{}
	if p.Degradation == "sr" {
		options["scale"] = p.Scale
	}
	degradation, err := data.NewDegradation(p.Degradation, options)
	if err != nil {
		return task{}, err
	}
	loader, err := data.NewLoader(folder, degradation, data.LoaderOptions{
		Batch: p.Batch, Workers: p.Threads, Resize: p.Resize, Crop: p.Crop,
	})
	if err != nil {
		return task{}, err
	}
	load := func(visit func(b *data.Batch)) error {
		for batch, err := range loader.Eval(context.Background()) {
			if err != nil {
				return err
			}
			visit(batch)
			batch.Release()
		}
		return nil
	}
	return task{run: func() error { return load(func(*data.Batch) {}) }, check: func() (out answer, err error) {
		digest := sha256.New()
		err = load(func(b *data.Batch) {
			addFloats(digest, b.Input)
			addFloats(digest, b.Target)
		})
		out.Digest = fmt.Sprintf("%x", digest.Sum(nil))
		return out, err
	}}, nil
}

func addFloats(digest hash.Hash, values []float32) {
	var bytes []byte
	for _, v := range values {
		bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v))
	}
	digest.Write(bytes)
}

func mean(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total / float64(len(values))
}
