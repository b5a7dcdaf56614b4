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
	g := &Graph{}
	for _, s := range stages {
		g.Add(s)
	}
	b.jobs = nil
	outcomes, err := Run(b.t.Context(), g, b.store, Inspect(g, b.store), Options{Workers: 1, Watcher: silent{}})
	require.NoError(b.t, err)
	return outcomes
}

type silent struct{}

func (silent) Started([]*Stage)                   {}
func (silent) Progress([]*Stage, float64, string) {}
func (silent) Finished([]*Stage, float64)         {}
func (silent) Failed(*Stage, error)               {}
func (silent) Note(string)                        {}

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
	outcomes, err := Run(ctx, g, b.store, Inspect(g, b.store), Options{Workers: 1, Watcher: silent{}})
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
