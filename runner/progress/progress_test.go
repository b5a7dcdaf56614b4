package progress

import (
	"bytes"
	"errors"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"transfera/runner/dag"
)

func stage(name, rate string, work float64) *dag.Stage {
	return dag.New(dag.Definition{Kind: "k", Name: name, Settings: name, Rate: rate, Work: work})
}

func one(s *dag.Stage) []*dag.Stage { return []*dag.Stage{s} }

func TestWithoutTerminalEveryFinishedJobIsALineWithTheTimeLeft(t *testing.T) {
	a, b, c, d := stage("a", "r", 10), stage("b", "r", 60), stage("c", "r", 20), stage("d", "other", 1)
	var out, log bytes.Buffer
	r := New([]*dag.Stage{a, b, c, d}, Options{Out: &out, Log: &log, Workers: 1})
	r.Started(one(a))
	r.Progress(one(a), 0.5, "step 5 of 10") // too soon after the start for a line
	r.Finished(one(a), 20)
	r.Finished(one(d), 1.25)
	r.Failed(c, errors.New("no such file"))
	r.Note("by the way")
	r.Finished(one(b), 4000)
	r.Close()
	assert.Equal(t, `[1/4] k a in 20s
[2/4] k d in 1.3s, about 2m40s left
FAILED k c: no such file
by the way
[3/4] k b in 1h7m
`, out.String(), "no rate told how long d takes at first")
	lines := regexp.MustCompile(`(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d `).ReplaceAllString(log.String(), "")
	assert.Equal(t, `started   k a
finished  k a in 20s
finished  k d in 1.3s
failed    k c: no such file
note      by the way
finished  k b in 1h7m
ended
`, lines)
}

func TestDroppedStagesAreNoLongerCountedNorWaitedFor(t *testing.T) {
	a, b, c := stage("a", "r", 10), stage("b", "r", 1000), stage("c", "r", 10)
	var out bytes.Buffer
	r := New([]*dag.Stage{a, b, c}, Options{Out: &out, Workers: 1})
	r.Dropped(one(b))
	r.Dropped(one(b)) // by another failure, too
	r.Finished(one(a), 5)
	assert.Equal(t, "[1/2] k a in 5s, about 5s left\n", out.String())
}

func TestTimeLeftIsSharedByTheWorkersButNoShorterThanTheLongestJob(t *testing.T) {
	var stages []*dag.Stage
	for _, name := range []string{"a", "b", "c", "d"} {
		stages = append(stages, stage(name, "r", 30))
	}
	left := func(workers int, started ...*dag.Stage) string {
		r := New(stages, Options{Out: &bytes.Buffer{}, Workers: workers, Rates: dag.Rates{"r": 1}})
		for _, s := range started {
			r.Started(one(s))
		}
		return r.remaining("%s")
	}
	assert.Equal(t, "2m0s", left(1))
	assert.Equal(t, "1m0s", left(2))
	assert.Equal(t, "30s", left(8, stages[0]))
}

func TestTerminalShowsABarBesideTheLines(t *testing.T) {
	a, b := stage("a", "r", 1), stage("b", "r", 1)
	var out bytes.Buffer
	r := New([]*dag.Stage{a, b}, Options{Out: &out, Terminal: true, Workers: 1, Rates: dag.Rates{"r": 60}})
	r.Started(one(a))
	r.Progress(one(a), 0.01, "step 1")
	assert.Contains(t, out.String(), "0/2, ")
	assert.Contains(t, out.String(), "left  a ")
	r.Finished(one(a), 60)
	assert.Contains(t, out.String(), "[1/2] k a in 1m0s, about 1m0s left\n")
}

func TestDurationsAreWrittenAsPeopleSayThem(t *testing.T) {
	for seconds, want := range map[float64]string{0.04: "0s", 0.26: "300ms", 9.94: "9.9s", 61.4: "1m1s", 3599.7: "1h0m", 3600: "1h0m", 5430: "1h31m"} {
		assert.Equal(t, want, duration(seconds), "%v s", seconds)
	}
}
