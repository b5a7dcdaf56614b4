package dag

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/runner/store"
)

// bench is a graph whose stages write their names, and a record of what was computed.
type bench struct {
	t     *testing.T
	store *store.Store
	mutex sync.Mutex
	jobs  [][]string
	fails map[string]bool
}

func newBench(t *testing.T) *bench {
	s, err := store.Open(t.TempDir())
	require.NoError(t, err)
	return &bench{t: t, store: s, fails: map[string]bool{}}
}

func (b *bench) stage(name, group string, settings any, inputs ...*Stage) *Stage {
	return New(Definition{ // a name is no part of a key
		Kind: "k", Name: name, Settings: []any{name, settings}, Inputs: inputs, Group: group, Work: 1, Rate: "r", Files: []string{"out"},
		Compute: func(_ context.Context, job *Job) error {
			b.mutex.Lock()
			defer b.mutex.Unlock()
			var names []string
			for _, s := range job.Stages {
				names = append(names, s.Name)
			}
			b.jobs = append(b.jobs, names)
			for _, s := range job.Stages {
				if b.fails[s.Name] {
					return fmt.Errorf("%s is broken", s.Name)
				}
				work, err := job.Work(s)
				if err != nil {
					return err
				}
				if err := os.WriteFile(filepath.Join(work, "out"), []byte(s.Name), 0o666); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

func (b *bench) run(stages ...*Stage) []Outcome {
	g := graph(stages...)
	return b.runWatched(g, Inspect(g, b.store), &witness{})
}

func (b *bench) runWatched(g *Graph, status *Status, w *witness) []Outcome {
	b.jobs = nil
	outcomes, err := Run(b.t.Context(), g, b.store, status, Options{Workers: 1, Watcher: w})
	require.NoError(b.t, err)
	return outcomes
}

func graph(stages ...*Stage) *Graph {
	g := &Graph{}
	for _, s := range stages {
		g.Add(s)
	}
	return g
}

// witness writes down what a run of one worker tells.
type witness struct{ events []string }

func (w *witness) saw(what string, stages ...*Stage) {
	for _, s := range stages {
		w.events = append(w.events, what+" "+s.Name)
	}
}

func (w *witness) Started(stages []*Stage)             { w.saw("started", stages...) }
func (w *witness) Progress([]*Stage, float64, string)  {}
func (w *witness) Finished(stages []*Stage, _ float64) { w.saw("finished", stages...) }
func (w *witness) Failed(stage *Stage, _ error)        { w.saw("failed", stage) }
func (w *witness) Dropped(stages []*Stage)             { w.saw("dropped", stages...) }
func (w *witness) Note(string)                         {}

func TestEqualStagesAreComputedOnceAndNeverAgain(t *testing.T) {
	b := newBench(t)
	first := b.stage("a", "", 1)
	g := &Graph{}
	assert.Same(t, g.Add(first), g.Add(b.stage("a", "", 1)))
	assert.NotEqual(t, first.Key, b.stage("a", "", 2).Key)
	assert.NotEqual(t, b.stage("b", "", 1, first).Key, b.stage("b", "", 1).Key)
	b.run(first, b.stage("b", "", 1, first))
	assert.Len(t, b.jobs, 2)
	for _, o := range b.run(first, b.stage("b", "", 1, first)) {
		assert.True(t, o.Cached)
	}
	assert.Empty(t, b.jobs)
}

func TestOnlyWhatDependsOnAChangeIsRedone(t *testing.T) {
	b := newBench(t)
	suite := func(lambda int) []*Stage {
		r := b.stage("r", "", 0)
		p1, p2 := b.stage("p1", "", 0, r), b.stage("p2", "", lambda, r)
		return []*Stage{r, p1, p2, b.stage("e1", "", 0, p1), b.stage("e2", "", 0, p2)}
	}
	b.run(suite(1)...)
	b.run(suite(2)...)
	assert.Equal(t, [][]string{{"p2"}, {"e2"}}, b.jobs)
}

func TestInputsOfCachedResultsAreNotNeeded(t *testing.T) {
	b := newBench(t)
	r := b.stage("r", "", 0)
	e := b.stage("e", "", 0, r)
	b.run(r, e)
	require.NoError(t, b.store.Remove(r.Key))
	g := &Graph{}
	g.Add(r)
	g.Add(e)
	assert.Equal(t, Unneeded, Inspect(g, b.store).Of(r))
	b.run(r, e)
	assert.Empty(t, b.jobs)
}

func TestFailureStopsOnlyDependants(t *testing.T) {
	b := newBench(t)
	b.fails["bad"] = true
	bad, good := b.stage("bad", "", 0), b.stage("good", "", 0)
	outcomes := b.run(bad, good, b.stage("after bad", "", 0, bad), b.stage("after good", "", 0, good))
	require.Len(t, outcomes, 4)
	assert.EqualError(t, Failures(outcomes), "k bad: bad is broken")
	assert.True(t, outcomes[2].Blocked)
	assert.ErrorContains(t, outcomes[2].Err, "needs k bad")
	assert.NoError(t, outcomes[3].Err)
	assert.NotNil(t, outcomes[3].Record)
}

func TestReadyMembersOfAGroupAreOneJobAndABrokenOneHarmsNoOther(t *testing.T) {
	b := newBench(t)
	members := []*Stage{b.stage("e1", "g", 1), b.stage("e2", "g", 2), b.stage("e3", "g", 3)}
	b.fails["e2"] = true
	outcomes := b.run(members...)
	assert.Equal(t, []string{"e1", "e2", "e3"}, b.jobs[0])
	assert.EqualError(t, Failures(outcomes), "k e2: e2 is broken")
	done := slices.DeleteFunc(outcomes, func(o Outcome) bool { return o.Record == nil })
	assert.Len(t, done, 2)
}

func TestCancelledRunReportsTheCause(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("interrupted")
	cancel(cause)
	g := &Graph{}
	g.Add(b.stage("a", "", 0))
	outcomes, err := Run(ctx, g, b.store, Inspect(g, b.store), Options{Workers: 1, Watcher: &witness{}})
	assert.ErrorIs(t, err, cause)
	assert.Empty(t, outcomes)
}

func TestMakespanPlaysThroughTheChainsSideBySide(t *testing.T) {
	b := newBench(t)
	r := b.stage("r", "", 0)
	g := &Graph{}
	g.Add(r)
	for i := range 4 {
		g.Add(b.stage(fmt.Sprint("p", i), "", i, r))
	}
	status := Inspect(g, b.store)
	assert.Equal(t, 10.0, Makespan(g, status, Rates{"r": 2}, 1))
	assert.Equal(t, 6.0, Makespan(g, status, Rates{"r": 2}, 2))
	assert.Equal(t, 4.0, Makespan(g, status, Rates{"r": 2}, 8))
}

func TestWatcherHearsOfEveryStageOnce(t *testing.T) {
	b := newBench(t)
	b.fails["bad"] = true
	bad, good := b.stage("bad", "", 0), b.stage("good", "", 0)
	promised := b.stage("promised", "g", 0)
	promised.Files = []string{"out", "never written"}
	g := graph(bad, good, b.stage("after bad", "", 0, bad), promised, b.stage("beside", "g", 0))
	w := &witness{}
	outcomes := b.runWatched(g, Inspect(g, b.store), w)
	assert.ElementsMatch(t, []string{
		"started bad", "failed bad", "dropped after bad", "started good", "finished good",
		"started promised", "started beside", "failed promised", "finished beside",
	}, w.events)
	assert.ErrorContains(t, outcomes[3].Err, "keep the result")
	assert.NotEmpty(t, outcomes[4].Record.Files["out"], "a fresh result has the sums of its files, as a cached one does")
}

func TestWhatAnotherRunHasComputedMeanwhileIsTakenOver(t *testing.T) {
	b := newBench(t)
	g := graph(b.stage("a", "", 0), b.stage("b", "", 0))
	before := Inspect(g, b.store)
	b.run(g.Stages[0])
	w := &witness{}
	outcomes := b.runWatched(g, before, w)
	assert.Equal(t, [][]string{{"b"}}, b.jobs)
	assert.Equal(t, []string{"dropped a", "started b", "finished b"}, w.events)
	assert.True(t, outcomes[0].Cached)
}

func TestSomeStagesAloneAreComputedIfTheirInputsAreThere(t *testing.T) {
	b := newBench(t)
	r := b.stage("r", "", 0)
	p, q := b.stage("p", "", 0, r), b.stage("q", "", 0, r)
	e := b.stage("e", "", 0, p)
	g := graph(r, p, q, e)
	assert.Same(t, p, g.Find(p.Key))
	assert.Nil(t, g.Find("none"))
	_, err := InspectOnly(g, b.store, []*Stage{p})
	assert.EqualError(t, err, "k p needs k r, which is not in the cache; let a run compute it first")
	b.run(r)
	status, err := InspectOnly(g, b.store, []*Stage{p, e})
	require.NoError(t, err)
	assert.Equal(t, []State{Cached, Missing, Unneeded, Missing}, []State{status.Of(r), status.Of(p), status.Of(q), status.Of(e)})
	b.jobs = nil
	_, err = Run(t.Context(), g, b.store, status, Options{Workers: 1, Watcher: &witness{}})
	require.NoError(t, err)
	assert.Equal(t, [][]string{{"p"}, {"e"}}, b.jobs)
	status, err = InspectOnly(g, b.store, []*Stage{e})
	require.NoError(t, err)
	assert.Equal(t, Cached, status.Of(e))
}
