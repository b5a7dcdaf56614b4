// Package runner runs suites of experiments: it plans their stages, computes what is not cached, and writes the results.
package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"transfera/aten"
	"transfera/experiments"
	"transfera/results"
	"transfera/results/report"
	"transfera/results/study"
	"transfera/runner/dag"
	"transfera/runner/progress"
	"transfera/runner/ranks"
	"transfera/runner/stages"
	"transfera/runner/store"
)

// Options say where and how a suite is run. None of them changes a result, but for rounding: CPU results are the same bits
// for the same number of Threads, whatever the number of Jobs.
type Options struct {
	Out    string // folder of the results; "" is results/out/SUITE
	Cache  string // folder of the store; "" is results/cache
	Device string // auto, cpu, cuda or cuda:N; "" is auto
	// Jobs is how many stages are computed side by side; 0 is one per core on the CPU and one on a GPU.
	Jobs int
	// Threads is how many threads each may use in an operator; 0 is one on the CPU and one per core beside a GPU.
	Threads int
	// LoaderWorkers is how many goroutines prepare the images of each stage; 0 shares the cores out.
	LoaderWorkers int
	// Rates is a file of rates that SaveRates wrote on another machine, whose device and threads then count instead of Device
	// and Threads: for plans only. "" takes those of the store.
	Rates string
	// Executor is local or slurm; "" is local. StageCommand is then the program, with its arguments, that computes in a process
	// of its own the stages of this suite whose keys follow: see ComputeStages. On Slurm, Device is that of the jobs, and
	// Jobs is how many of one array run side by side; 0 sets no limit.
	Executor     string
	StageCommand []string
	// Processes is how many of this program train and evaluate together, started by this one; 0 is one, or as many as the
	// environment of torchrun says.
	Processes int
	// Place is which of several processes this is, as ranks.FromEnvironment reads it.
	Place ranks.Place
	// Abort, unless nil, is called when another process is gone and Run cannot return, because libtorch waits for it.
	Abort func(error)
	// Progress is where people watch; Terminal says that it can draw.
	Progress io.Writer
	Terminal bool
	// Command is the command line and Overrides its --set assignments, for the manifest.
	Command, Overrides []string
}

// Prepared is a suite that is ready to run: planned, and compared with the cache.
type Prepared struct {
	Plan    *stages.Plan
	Status  *dag.Status
	Rates   dag.Rates
	suite   *experiments.Suite
	options Options
	env     *stages.Environment
	execute dag.Executor
	started time.Time
}

// Prepare plans a suite and looks up what is cached. It computes nothing.
func Prepare(ctx context.Context, suite *experiments.Suite, o Options) (*Prepared, error) {
	p, err := planned(ctx, suite, o)
	if err != nil {
		return nil, err
	}
	p.Status = dag.Inspect(p.Plan.Graph, p.env.Store)
	p.execute = executor(p, o)
	if o.Rates != "" {
		return p, nil
	}
	p.Rates, err = dag.MeasuredRates(p.env.Store)
	return p, err
}

// planned plans a suite.
func planned(ctx context.Context, suite *experiments.Suite, o Options) (*Prepared, error) {
	if o.Jobs < 0 || o.Threads < 0 || o.LoaderWorkers < 0 {
		return nil, errors.New("--jobs, --threads and --loader-workers cannot be negative; leave them out for this machine's defaults")
	}
	if o.Executor != "" && o.Executor != Local && o.Executor != Slurm {
		return nil, fmt.Errorf("unknown executor %q; choose %s or %s", o.Executor, Local, Slurm)
	}
	if o.Out == "" {
		o.Out = filepath.Join("results", "out", suite.Name)
	}
	if err := o.place(); err != nil {
		return nil, err
	}
	device, err := deviceOf(o)
	if err != nil {
		return nil, err
	}
	var rates dag.Rates
	if o.Rates != "" {
		elsewhere, err := readThroughput(o.Rates)
		if err != nil {
			return nil, err
		}
		device, o.Threads, rates = aten.DeviceElsewhere(elsewhere.Device), elsewhere.Threads, elsewhere.Rates
	}
	o.shareCores(device)
	s, err := OpenCache(o.Cache)
	if err != nil {
		return nil, err
	}
	p := &Prepared{suite: suite, options: o, Rates: rates, started: time.Now(), env: &stages.Environment{
		Store: s, Device: device, Threads: o.Threads, LoaderWorkers: o.LoaderWorkers, Place: o.Place,
	}}
	if o.Progress != nil {
		p.env.Reading = progress.NewCount(o.Progress, o.Terminal).Progress
	}
	p.Plan, err = stages.New(ctx, suite, p.env)
	return p, err
}

// OpenCache opens the store at path, "" being the default one.
func OpenCache(path string) (*store.Store, error) {
	return store.Open(cmp.Or(path, filepath.Join("results", "cache")))
}

// Jobs is how many stages would be computed side by side.
func (p *Prepared) Jobs() int { return p.options.Jobs }

// Out is the folder of the results.
func (p *Prepared) Out() string { return p.options.Out }

// Probe times the sorts of missing stages that never ran here, on a few images each. With the rates of another machine it does
// nothing.
func (p *Prepared) Probe(ctx context.Context) error {
	if p.options.Rates != "" {
		return nil
	}
	return p.Rates.ProbeRates(ctx, p.Plan.Graph, p.Status)
}

// Run computes what is missing and writes the results of every experiment whose stages all succeeded. Failures are part of
// the error; so is ctx's end, after which another run goes on where this one stopped.
func (p *Prepared) Run(ctx context.Context) (*Summary, error) {
	if p.options.Rates != "" {
		return nil, errElsewhere
	}
	if err := os.MkdirAll(p.options.Out, 0o777); err != nil {
		return nil, fmt.Errorf("make the output folder: %w; name another with --out DIR", err)
	}
	log, err := os.OpenFile(filepath.Join(p.options.Out, "run.log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w; name another folder with --out DIR", err)
	}
	defer log.Close()
	if err := p.env.Store.Sweep(); err != nil {
		return nil, err
	}
	var missing []*dag.Stage
	for _, stage := range p.Plan.Graph.Stages {
		if p.Status.Of(stage) == dag.Missing {
			missing = append(missing, stage)
		}
	}
	if len(missing) > 0 {
		p.nameCode()
	}
	reporter := progress.New(missing, progress.Options{
		Out: p.options.Progress, Terminal: p.options.Terminal, Log: log, Workers: p.options.Jobs, Rates: p.Rates,
	})
	defer reporter.Close()
	if killed := p.killed(log); killed != "" {
		reporter.Note(killed)
	}
	for _, damage := range p.Status.Damage {
		reporter.Note(damage.Error())
	}
	for _, warning := range p.Plan.Warnings {
		reporter.Note("warning: " + warning)
	}
	outcomes, err := p.compute(ctx, len(missing) > 0, reporter)
	reporter.Close()
	if err != nil && outcomes == nil && ctx.Err() == nil && p.options.Executor == Slurm { // it did not come to computing
		return nil, err
	}
	if err != nil {
		return nil, stopped(err)
	}
	summary := newSummary(p, outcomes)
	if !slices.ContainsFunc(p.Plan.Tables, summary.made) {
		return summary, fmt.Errorf("%w\nno experiment was finished; %s is as it was", summary.err(), p.options.Out)
	}
	// Another run that writes the same results waits: each removes what it finds there and does not know.
	if err := unix.Flock(int(log.Fd()), unix.LOCK_EX); err != nil {
		reporter.Note(fmt.Sprintf("warning: %s cannot be locked (%v): let no other run write there now", p.options.Out, err))
	}
	if err := p.write(summary); err != nil { // no summary: the tables that are there may be older ones
		return nil, errors.Join(fmt.Errorf("write the results: %w; what was computed is kept, and the same command writes them", err), summary.err())
	}
	return summary, summary.err()
}

// nameCode finds out the program's revision, which trained networks carry.
func (p *Prepared) nameCode() {
	code := results.CurrentCode(".")
	if p.env.Code = code.Revision; code.Modified {
		p.env.Code += " with changes"
	}
}

// compute runs the graph, with other processes if there are any: those that torchrun has started wait even where nothing is to be
// done.
func (p *Prepared) compute(ctx context.Context, missing bool, watcher dag.Watcher) ([]dag.Outcome, error) {
	options := dag.Options{Workers: p.options.Jobs, Rates: p.Rates, Watcher: watcher}
	if p.options.Place.Several() && (missing || p.options.Place.Port != 0) {
		var end func()
		var err error
		if ctx, end, err = p.gather(ctx); err != nil {
			return nil, err
		}
		defer end()
	}
	return p.execute(ctx, p.Plan.Graph, p.env.Store, p.Status, options)
}

// Summary is what a run came to.
type Summary struct {
	Computed, Cached, Unneeded int
	Outcomes                   []dag.Outcome
	Seconds                    float64
	// Tables are the text files of the tables, in the suite's order.
	Tables []string
}

func newSummary(p *Prepared, outcomes []dag.Outcome) *Summary {
	s := &Summary{Outcomes: outcomes, Unneeded: p.Status.Count(dag.Unneeded), Seconds: time.Since(p.started).Seconds()}
	for _, o := range outcomes {
		switch {
		case o.Record == nil:
		case o.Cached:
			s.Cached++
		default:
			s.Computed++
		}
	}
	for i, stage := range p.Plan.Tables {
		if s.made(stage) {
			for _, file := range stages.Outputs(p.suite.Experiments[i]) {
				if filepath.Ext(file) == ".txt" {
					s.Tables = append(s.Tables, filepath.Join(p.options.Out, file))
				}
			}
		}
	}
	return s
}

// made tells whether there is a result of a stage.
func (s *Summary) made(stage *dag.Stage) bool {
	return slices.ContainsFunc(s.Outcomes, func(o dag.Outcome) bool { return o.Stage == stage && o.Record != nil })
}

// err says which stages failed and what could not be made for it.
func (s *Summary) err() error {
	failures := dag.Failures(s.Outcomes)
	if failures == nil {
		return nil
	}
	blocked := 0
	for _, o := range s.Outcomes {
		if o.Blocked {
			blocked++
		}
	}
	if blocked > 0 {
		return fmt.Errorf("%w\n%d stages that need a failed one were not computed; everything else was", failures, blocked)
	}
	return failures
}

// write puts the finished experiments' results into the output folder.
func (p *Prepared) write(summary *Summary) error {
	var cells []results.Cell
	var gains []results.Gain
	var boundaries []results.Boundary
	files := map[string]string{} // in the output folder, from where
	for i, stage := range p.Plan.Tables {
		if !summary.made(stage) {
			continue
		}
		more, err := results.ReadCells(p.env.Store.File(stage.Key, stages.CellsFile))
		if err != nil {
			return err
		}
		moreGains, err := results.ReadGains(p.env.Store.File(stage.Key, stages.GainsFile))
		if err != nil {
			return err
		}
		cells, gains = append(cells, more...), append(gains, moreGains...)
		if p.suite.Experiments[i].Boundary != nil {
			more, err := results.ReadBoundaries(p.env.Store.File(stage.Key, stages.BoundariesFile))
			if err != nil {
				return err
			}
			boundaries = append(boundaries, more...)
		}
		for _, file := range stages.Outputs(p.suite.Experiments[i]) {
			if filepath.Dir(file) != "." { // the others are of the whole suite
				files[file] = p.env.Store.File(stage.Key, file)
			}
		}
	}
	for _, s := range p.Plan.Studies {
		if summary.made(s.Stage) {
			files[study.MaterialPath("", s.Experiment)] = p.env.Store.File(s.Stage.Key, stages.StudyFile)
		}
	}
	if err := results.WriteCells(filepath.Join(p.options.Out, stages.CellsFile), cells); err != nil {
		return err
	}
	if err := results.WriteGains(filepath.Join(p.options.Out, stages.GainsFile), gains); err != nil {
		return err
	}
	if boundaries != nil {
		if err := results.WriteBoundaries(filepath.Join(p.options.Out, stages.BoundariesFile), boundaries); err != nil {
			return err
		}
	}
	if err := p.publish(files); err != nil {
		return err
	}
	manifest, err := p.manifest(summary.Outcomes)
	if err != nil {
		return err
	}
	if err := results.WriteManifest(filepath.Join(p.options.Out, "manifest.json"), manifest); err != nil {
		return err
	}
	_, err = report.Write(p.options.Out)
	return err
}
