package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"transfera/aten"
	"transfera/data"
	"transfera/results/atomicfile"
)

// Options say what is processed by what.
type Options struct {
	Model         string // checkpoint of P, or of a T alone
	Transformer   string // checkpoint of T; "" is the one beside Model where its method has one
	NoTransformer bool   // take P's output although its method has a T
	In, Out       string // a picture or a folder of them, and the folder of the results
	Format        string // PNG, JPEG or Same
	Quality       int    // of JPEG, 1 to 100
	Memory        uint64 // bytes that the process may hold
	Device        string // auto, cpu, cuda or cuda:N
	// Degrade applies the checkpoint's degradation first: the pictures are targets then, not inputs.
	Degrade bool
	// Compare writes a page of the pictures side by side. Recognizers, FILE or NAME=FILE, tell on it what they see; Labels
	// is a file of class names, one per line, for those whose checkpoints have none.
	Compare     bool
	Recognizers []string
	Labels      string
	// Progress, unless nil, is called while pictures are processed.
	Progress func(what string, done, total int)
	// Say, unless nil, is told what will be done, in lines, before the first picture.
	Say func(line string)
}

// Result is what became of the pictures.
type Result struct {
	Done    []string  // names of the pictures processed
	Skipped []Skipped // pictures that could not be
	Remarks []string  // what was done to some of them beyond processing
	Ignored int       // files that are not named as pictures
	Page    string    // path of the page, "" without
}

// Skipped is a picture that was not processed, and why.
type Skipped struct{ Name, Reason string }

// PageName is the name of the page in the output folder.
const PageName = "compare.html"

// Run processes every picture. Unreadable ones are skipped; it is an error if no picture is left. After ctx's end the
// result says what was finished, and the files of that are whole.
func Run(ctx context.Context, o Options) (result *Result, err error) {
	items, ignored, err := find(o.In, o.Out, o.Format, o.Degrade)
	if err != nil {
		return nil, err
	}
	if o.Quality < 1 || o.Quality > 100 {
		return nil, fmt.Errorf("--quality %d: 1 to 100 is needed", o.Quality)
	}
	if !o.Compare && len(o.Recognizers) > 0 {
		return nil, errors.New("--recognizer says what a network sees on the page of --compare; add that flag")
	}
	device, err := aten.ParseDevice(o.Device)
	if err != nil {
		return nil, err
	}
	checkpoints, err := Read(o.Model, o.Transformer, o.NoTransformer)
	if err != nil {
		return nil, err
	}
	runtime.LockOSThread() // libtorch's number of threads belongs to an OS thread
	defer runtime.UnlockOSThread()
	aten.SetThreads(runtime.NumCPU())
	defer debug.SetGCPercent(debug.SetGCPercent(25)) // pictures are few and large
	w := &work{options: o, result: &Result{Ignored: ignored}, remarks: newRemarks()}
	if w.pipeline, err = NewPipeline(checkpoints, device); err != nil {
		return nil, err
	}
	d := checkpoints[0].Degradation
	if w.degradation, err = data.NewDegradation(d.Kind, d.Options); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Model, err)
	}
	if w.judges, err = readJudges(o.Recognizers, o.Labels, device); err != nil {
		return nil, err
	}
	if err := w.warm(); err != nil {
		return nil, err
	}
	w.announce(len(items))
	return w.all(ctx, items)
}

// work is one Run.
type work struct {
	options     Options
	pipeline    *Pipeline
	degradation data.Degradation
	judges      []*judge
	budget      budget
	result      *Result
	remarks     *remarks
	page        []comparison
}

// warm runs everything once, so that the budget knows what it holds.
func (w *work) warm() error {
	const side = 32
	if _, err := w.pipeline.forward(make([]float32, 3*side*side), side, side); err != nil {
		return err
	}
	for _, j := range w.judges {
		if err := j.warm(); err != nil {
			return err
		}
	}
	debug.FreeOSMemory()
	w.budget = newBudget(w.options.Memory)
	return w.budget.check(w.pipeline)
}

// announce says what is about to be done.
func (w *work) announce(pictures int) {
	if w.options.Say == nil {
		return
	}
	for _, c := range w.pipeline.Checkpoints {
		w.options.Say(fmt.Sprintf("%s %s for %s, trained by %s: %s", c.Kind, c.Architecture.Name, c.Degradation, c.Method, c.File.Path))
	}
	taken := "as they are"
	if w.options.Degrade {
		taken = "after " + w.pipeline.Checkpoints[0].Degradation.String()
	}
	w.options.Say(fmt.Sprintf("%d pictures, taken %s, come out %d times as large per side", pictures, taken, w.pipeline.Scale))
}

// all processes the pictures one after another, and writes the page of those that are done.
func (w *work) all(ctx context.Context, items []item) (*Result, error) {
	if err := os.MkdirAll(w.options.Out, 0o777); err != nil {
		return nil, fmt.Errorf("--out: %w", err)
	}
	var stopped error
	for i, it := range items {
		if stopped = ctx.Err(); stopped != nil {
			break
		}
		w.progress("process pictures", i, len(items))
		err := w.one(ctx, it, len(items) == 1)
		if stopped = ctx.Err(); stopped != nil && err != nil {
			break
		}
		if err != nil {
			w.result.Skipped = append(w.result.Skipped, Skipped{it.name, err.Error()})
		} else {
			w.result.Done = append(w.result.Done, it.name)
		}
		debug.FreeOSMemory() // or the next picture would come on top of this one
	}
	if len(w.result.Done)+len(w.result.Skipped) == len(items) {
		stopped = nil
	}
	w.progress("process pictures", len(items), len(items))
	w.result.Remarks = w.remarks.lines()
	if w.options.Compare && len(w.page) > 0 {
		page, err := w.renderPage()
		if err != nil {
			return w.result, err
		}
		w.result.Page = filepath.Join(w.options.Out, PageName)
		if err := atomicfile.Write(w.result.Page, page); err != nil {
			return w.result, err
		}
	}
	switch {
	case stopped != nil:
		return w.result, fmt.Errorf("stopped: %w; %d of %d pictures are finished and stay", context.Cause(ctx), len(w.result.Done), len(items))
	case len(w.result.Done) == 0:
		return w.result, errors.New("no picture could be processed")
	}
	return w.result, nil
}

func (w *work) progress(what string, done, total int) {
	if w.options.Progress != nil {
		w.options.Progress(what, done, total)
	}
}
