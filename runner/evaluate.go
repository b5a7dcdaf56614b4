package runner

import (
	"context"
	"errors"
	"runtime"

	"transfera/aten"
	"transfera/data"
	"transfera/metrics"
	"transfera/models/nn"
	"transfera/models/weights"
	"transfera/runner/classifier"
)

// EvaluateOptions say which recognizer judges which images.
type EvaluateOptions struct {
	classifier.Settings
	Data                string
	Resize, Crop, Batch int
	// Progress, unless nil, is called while images are judged.
	Progress func(what string, done, total int)
}

// Evaluated is what a recognizer made of a folder of images. CrossEntropy is the mean over images, in nats.
type Evaluated struct {
	N            int     `json:"n"`
	Top1Correct  int     `json:"top1_correct"`
	Top5Correct  int     `json:"top5_correct"`
	CrossEntropy float64 `json:"cross_entropy"`
}

// Percent is so many of the images.
func (e Evaluated) Percent(count int) float64 { return 100 * float64(count) / float64(e.N) }

// Evaluate judges every image of an ImageFolder split by one recognizer.
func Evaluate(ctx context.Context, o EvaluateOptions) (result Evaluated, err error) {
	plan, err := o.Settings.Plan()
	if err != nil {
		return result, err
	}
	folder, err := data.OpenImageFolder(o.Data, data.FolderOptions{})
	if err != nil {
		return result, err
	}
	loader, err := data.NewLoader(folder, nil, data.LoaderOptions{Batch: o.Batch, Resize: o.Resize, Crop: o.Crop})
	if err != nil {
		return result, err
	}
	file, err := weights.Load(o.Weights)
	if err != nil {
		return result, err
	}
	collection := metrics.NewRecognition(folder.Len())
	runtime.LockOSThread() // libtorch's number of threads belongs to an OS thread
	defer runtime.UnlockOSThread()
	aten.SetThreads(runtime.NumCPU())
	native := aten.Catch(func() {
		var recognizer nn.Layer
		if recognizer, err = plan.Load(file, len(folder.Classes())); err != nil {
			return
		}
		aten.NoGrad(func() { err = judge(ctx, loader, recognizer, plan.Device, collection, o.progress(folder.Len())) })
	})
	if err := errors.Join(native, err); err != nil {
		return result, err
	}
	result.N = folder.Len()
	result.Top1Correct, result.Top5Correct = collection.Correct()
	result.CrossEntropy, err = collection.MeanCrossEntropy()
	return result, err
}

// progress is Progress for so many images.
func (o EvaluateOptions) progress(total int) func(done int) {
	return func(done int) {
		if o.Progress != nil {
			o.Progress("judge images", done, total)
		}
	}
}

// judge shows all images to a recognizer.
func judge(ctx context.Context, loader *data.Loader, recognizer nn.Layer, device aten.Device, collection *metrics.Recognition, progress func(done int)) error {
	for batch, err := range loader.Eval(ctx) {
		if err != nil {
			return err
		}
		s := aten.NewScope()
		images := aten.FromFloats(s, batch.Target, batch.N, 3, batch.Height, batch.Width).To(device)
		err = collection.Add(batch.Indices, recognizer.Forward(images), batch.Labels)
		s.Close()
		if err != nil {
			return err
		}
		progress(batch.Indices[batch.N-1] + 1)
		batch.Release()
	}
	return nil
}
