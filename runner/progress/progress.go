// Package progress tells people how far a run is: a bar with the time left on a terminal, lines now and then elsewhere, and
// everything in a log.
package progress

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"transfera/runner/dag"
)

// interval is how often a run that is not on a terminal says how far it is.
const interval = 15 * time.Second

// Options say where progress goes.
type Options struct {
	Out      io.Writer // for people, now
	Terminal bool      // Out can draw a bar
	Log      io.Writer // for later; every event with its time. May be nil
	Workers  int
	Rates    dag.Rates
}

// Reporter is the dag.Watcher of a run.
type Reporter struct {
	options Options
	mutex   sync.Mutex
	bar     *progressbar.ProgressBar
	shown   time.Time
	left    map[*dag.Stage]bool // not finished
	active  map[*dag.Stage]activity
	rates   dag.Rates
	total   int
	done    int
	spent   float64 // seconds of finished jobs
	closed  bool
}

// activity is a job at work; all members of a group share one.
type activity struct {
	started time.Time
	share   float64
	words   string
}

// New starts the report on the stages that a run is about to compute.
func New(stages []*dag.Stage, options Options) *Reporter {
	r := &Reporter{
		options: options, left: map[*dag.Stage]bool{}, active: map[*dag.Stage]activity{}, rates: dag.Rates{},
		total: len(stages), shown: time.Now(),
	}
	for rate, seconds := range options.Rates {
		r.rates[rate] = seconds
	}
	for _, stage := range stages {
		r.left[stage] = true
	}
	if options.Terminal && len(stages) > 0 {
		r.bar = progressbar.NewOptions(1000,
			progressbar.OptionSetWriter(options.Out), progressbar.OptionSetWidth(20), progressbar.OptionFullWidth(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish(), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionThrottle(200*time.Millisecond))
	}
	return r
}

// Workers is told that so many jobs are computed side by side from now on.
func (r *Reporter) Workers(n int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.options.Workers = n
}

// Started is told that a job begins.
func (r *Reporter) Started(stages []*dag.Stage) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, stage := range stages {
		r.active[stage] = activity{started: time.Now()}
	}
	r.log("started   %s", names(stages))
	r.show("")
}

// Progress is told how far a job is.
func (r *Reporter) Progress(stages []*dag.Stage, share float64, words string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, stage := range stages {
		a := r.active[stage]
		a.share, a.words = share, words
		r.active[stage] = a
	}
	if r.bar != nil || time.Since(r.shown) >= interval {
		r.show(fmt.Sprintf("%s %.0f %%, %s", names(stages), 100*share, words))
	}
}

// Finished is told that a job is done.
func (r *Reporter) Finished(stages []*dag.Stage, seconds float64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	work := 0.0
	for _, stage := range stages {
		work += stage.Work
	}
	for _, stage := range stages {
		if work > 0 {
			r.rates[stage.Rate] = seconds / work // the newest is the best guess for what is left
		}
		delete(r.active, stage)
		delete(r.left, stage)
		r.done++
	}
	r.spent += seconds
	line := fmt.Sprintf("%s in %s", names(stages), duration(seconds))
	r.log("finished  %s", line)
	r.print(fmt.Sprintf("[%d/%d] %s%s", r.done, r.total, line, r.remaining(", about %s left")))
}

// Failed is told that a stage failed for good.
func (r *Reporter) Failed(stage *dag.Stage, err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.active, stage)
	delete(r.left, stage)
	r.log("failed    %s: %v", stage, err)
	r.print(fmt.Sprintf("FAILED %s: %v", stage, err))
}

// Dropped is told that stages need no computing any more.
func (r *Reporter) Dropped(stages []*dag.Stage) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for _, stage := range stages {
		if r.left[stage] {
			delete(r.left, stage)
			r.total--
		}
	}
}

// Note tells people something by the way.
func (r *Reporter) Note(text string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.log("note      %s", text)
	r.print(text)
}

// Close takes the bar away, and notes in the log that nothing is at work any more.
func (r *Reporter) Close() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if !r.closed {
		r.closed = true
		r.log("ended")
	}
	if r.bar != nil {
		_ = r.bar.Clear()
	}
}

func (r *Reporter) log(format string, arguments ...any) {
	if r.options.Log != nil {
		fmt.Fprintf(r.options.Log, "%s %s\n", time.Now().Format("2006-01-02 15:04:05"), fmt.Sprintf(format, arguments...))
	}
}

// print writes a line that stays.
func (r *Reporter) print(line string) {
	if r.bar != nil {
		_ = r.bar.Clear()
	}
	fmt.Fprintln(r.options.Out, line)
	r.shown = time.Now()
	if r.bar != nil {
		r.show("")
	}
}

// show says how far the run is.
func (r *Reporter) show(detail string) {
	if r.bar == nil {
		if detail != "" {
			r.print(fmt.Sprintf("[%d/%d] %s%s", r.done, r.total, detail, r.remaining(", about %s left")))
		}
		return
	}
	var words []string
	seen := map[string]bool{}
	for stage, a := range r.active {
		text := fmt.Sprintf("%s %.0f %%", stage.Name, 100*a.share)
		if stage.Group != "" {
			text = fmt.Sprintf("%s %.0f %%", stage.Kind, 100*a.share)
		}
		if !seen[text] {
			seen[text] = true
			words = append(words, text)
		}
	}
	left, _ := r.seconds()
	behind := r.behind()
	share := behind / max(behind+left, 1e-9)
	r.bar.Describe(fmt.Sprintf("%d/%d%s  %s ", r.done, r.total, r.remaining(", %s left"), strings.Join(words, ", ")))
	_ = r.bar.Set(min(999, int(1000*share)))
}

// behind is the seconds that the work done so far takes with all workers busy.
func (r *Reporter) behind() float64 {
	total := r.spent
	groups := map[string]bool{}
	for stage, a := range r.active {
		if stage.Group == "" || !groups[stage.Group] { // members of a group share their time
			total += time.Since(a.started).Seconds()
			groups[stage.Group] = true
		}
	}
	return total / float64(max(r.options.Workers, 1))
}

// remaining puts the time left into the format, or nothing where it is not known.
func (r *Reporter) remaining(format string) string {
	if len(r.left) == 0 {
		return ""
	}
	seconds, known := r.seconds()
	if !known {
		return ""
	}
	return fmt.Sprintf(format, duration(seconds))
}

// seconds estimates the time left: the work of what is not finished, spread over the workers, and no less than the longest
// of what is at work.
func (r *Reporter) seconds() (seconds float64, known bool) {
	known = true
	longest := 0.0
	for stage := range r.left {
		expected, ok := r.rates.Seconds(stage)
		if a, active := r.active[stage]; active {
			if a.share > 0.02 && stage.Group == "" {
				expected, ok = time.Since(a.started).Seconds()/a.share, true
			}
			expected *= 1 - a.share
			longest = max(longest, expected)
		}
		known = known && ok
		seconds += expected
	}
	return max(longest, seconds/float64(max(r.options.Workers, 1))), known
}

func names(stages []*dag.Stage) string {
	if len(stages) == 1 {
		return stages[0].String()
	}
	return fmt.Sprintf("%s and %d more", stages[0], len(stages)-1)
}

// duration writes seconds as people say them.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d.Round(time.Second) < time.Hour:
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}
