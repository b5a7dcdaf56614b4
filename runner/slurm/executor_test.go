package slurm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/experiments"
	"transfera/runner/dag"
	"transfera/runner/store"
)

// worker computes stages as the command of jobs: by what the file KEY in the folder behaviour says, it keeps a result,
// tells a failure, or dies ("die N" does so N times). Every result is noted in the file computed.
const worker = `#!/bin/sh
root=$1
while [ "$1" != -- ]; do [ "$1" = --failures ] && failures=$2; shift; done
shift
code=0
for key; do
  read -r what words <"$root/behaviour/$key" || exit
  case $what in
  fail) echo "$words" >"$failures/$key.error"; code=1 ;;
  die)
    echo "about to die"; echo "of hunger" >&2
    [ "$words" -le 1 ] && echo ok >"$root/behaviour/$key" || echo "die $((words - 1))" >"$root/behaviour/$key"
    exit 1 ;;
  ok)
    folder=$root/objects/$(echo "$key" | cut -c1-2)/$key
    [ ! -e "$folder" ] || continue
    mkdir -p "$folder.new"
    echo "{\"key\": \"$key\", \"seconds\": 1}" >"$folder.new/stage.json"
    (cd "$folder.new" && sha256sum stage.json >stage.json.sha256)
    mv "$folder.new" "$folder"
    echo "$key" >>"$root/computed" ;;
  esac
done
exit $code
`

// bench is a graph, a store and a fake cluster.
type bench struct {
	*testing.T
	fake    fake
	store   *store.Store
	graph   *dag.Graph
	cluster *experiments.Cluster
	limit   int
	here    []string // computed in this process
	notes   []string // what a run said
	events  []string
	onNote  func(text string)
}

func newBench(t *testing.T) *bench {
	// the words of a path must survive a shell
	s, err := store.Open(filepath.Join(t.TempDir(), "it's a cache"))
	require.NoError(t, err)
	b := &bench{T: t, fake: newFake(t), store: s, graph: &dag.Graph{}}
	require.NoError(t, os.Mkdir(b.path("behaviour"), 0o777))
	require.NoError(t, os.WriteFile(b.path("worker"), []byte(worker), 0o777))
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.store.Root(), name) }

// stage adds a stage that a job will compute.
func (b *bench) stage(kind, name, group string, inputs ...*dag.Stage) *dag.Stage {
	s := b.graph.Add(dag.New(dag.Definition{
		Kind: kind, Name: name, Settings: name, Group: group, Inputs: inputs, Work: 1, Rate: kind,
		Compute: func(_ context.Context, job *dag.Job) error {
			b.here = append(b.here, name)
			return nil
		},
	}))
	b.behave(s, "ok")
	return s
}

func (b *bench) behave(s *dag.Stage, how string) {
	require.NoError(b, os.WriteFile(filepath.Join(b.path("behaviour"), s.Key), []byte(how+"\n"), 0o666))
}

func (b *bench) executor() *Executor {
	return &Executor{
		Command:  []string{b.path("worker"), b.store.Root()},
		Cluster:  func(*dag.Stage) *experiments.Cluster { return b.cluster },
		Kind:     func(s *dag.Stage) string { return s.Kind },
		Here:     func(s *dag.Stage) bool { return s.Kind == "table" },
		Limit:    b.limit,
		Interval: 100 * time.Millisecond, Grace: 100 * time.Millisecond,
	}
}

// run runs what is missing of the graph; ctx ends it.
func (b *bench) run(ctx context.Context) ([]dag.Outcome, error) {
	b.notes, b.events = nil, nil
	return b.executor().Run(ctx, b.graph, b.store, dag.Inspect(b.graph, b.store), dag.Options{Workers: 1, Watcher: b})
}

// computed are the names of the stages that jobs have computed, in order.
func (b *bench) computed() []string {
	text, _ := os.ReadFile(b.path("computed"))
	var names []string
	for key := range strings.FieldsSeq(string(text)) {
		names = append(names, b.graph.Find(key).Name)
	}
	return names
}

func (b *bench) Started([]*dag.Stage)                    {}
func (b *bench) Progress([]*dag.Stage, float64, string)  {}
func (b *bench) Finished(stages []*dag.Stage, _ float64) { b.saw("finished", stages...) }
func (b *bench) Failed(stage *dag.Stage, _ error)        { b.saw("failed", stage) }
func (b *bench) Dropped(stages []*dag.Stage)             { b.saw("dropped", stages...) }
func (b *bench) Note(text string) {
	b.notes = append(b.notes, text)
	if b.onNote != nil {
		b.onNote(text)
	}
}
func (b *bench) saw(what string, stages ...*dag.Stage) {
	for _, s := range stages {
		b.events = append(b.events, what+" "+s.Name)
	}
}

// grid is two recognizers and three processors of the second one, each judged by both.
func (b *bench) grid() (stages map[string]*dag.Stage) {
	stages = map[string]*dag.Stage{}
	add := func(kind, name, group string, inputs ...*dag.Stage) *dag.Stage {
		stages[name] = b.stage(kind, name, group, inputs...)
		return stages[name]
	}
	a, r := add("recognizer", "a", ""), add("recognizer", "r", "")
	var judged []*dag.Stage
	for i := range 3 {
		p := add("processor", fmt.Sprint("p", i), "", r)
		group := "of " + p.Name
		judged = append(judged, add("quality", "q"+p.Name, group, p), add("recognition", p.Name+"a", group, p, a), add("recognition", p.Name+"r", group, p, r))
	}
	add("table", "t", "", judged...)
	return stages
}

// submitted are the options of each job that matter here.
func (b *bench) submitted() []string {
	var all []string
	for _, j := range b.fake.jobs() {
		line := j.Options["--job-name"] + " " + j.Options["--array"]
		if d := j.Options["--dependency"]; d != "" {
			line += " " + d
		}
		assert.Contains(b, j.Args, "--kill-on-invalid-dep=yes")
		all = append(all, line)
	}
	return all
}

func TestGridsBecomeArraysThatWaitForWhatTheyNeed(t *testing.T) {
	b := newBench(t)
	b.grid()
	b.fake.serve(t)
	outcomes, err := b.run(t.Context())
	require.NoError(t, err)
	require.NoError(t, dag.Failures(outcomes))
	assert.Equal(t, []string{
		"transfera-recognizer 0-1",
		"transfera-processor 0-2 afterok:1_1",
		"transfera-quality 0-2 aftercorr:2,afterok:1",
	}, b.submitted())
	assert.Len(t, outcomes, 15)
	assert.ElementsMatch(t, []string{"a", "r", "p0", "p1", "p2", "qp0", "p0a", "p0r", "qp1", "p1a", "p1r", "qp2", "p2a", "p2r"}, b.computed())
	assert.Equal(t, []string{"t"}, b.here)
	for _, o := range outcomes {
		assert.NotNil(t, o.Record, o.Stage)
		assert.False(t, o.Cached, o.Stage)
	}
	left, err := os.ReadDir(Folder(b.store))
	require.NoError(t, err)
	assert.Empty(t, left, "of no use any more")

	again, err := b.run(t.Context())
	require.NoError(t, err)
	assert.Len(t, again, 15)
	assert.Len(t, b.fake.jobs(), 3, "nothing was missing")
	for _, o := range again {
		assert.True(t, o.Cached, o.Stage)
	}
}

func TestOnlyMissingStagesAreSubmitted(t *testing.T) {
	b := newBench(t)
	stages := b.grid()
	b.fake.serve(t)
	_, err := b.run(t.Context())
	require.NoError(t, err)
	for _, name := range []string{"p1", "qp1", "p1r", "t"} {
		require.NoError(t, b.store.Remove(stages[name].Key))
	}
	_, err = b.run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"transfera-processor 0", "transfera-quality 0 afterok:4"}, b.submitted()[3:])
	assert.ElementsMatch(t, []string{"p1", "qp1", "p1r"}, b.computed()[14:])
}

func TestJobsAskForWhatTheSpecSays(t *testing.T) {
	b := newBench(t)
	b.limit = 2
	one := 1
	b.cluster = &experiments.Cluster{
		Partition: "gpu", Account: "vision", Options: []string{"--qos=long"},
		Resources: map[string]experiments.Resources{
			"default":     {CPUs: 2, Time: "90m"},
			"processor":   {CPUs: 4, Memory: "16GiB", GPUs: &one, Time: "1d"},
			"quality":     {CPUs: 6, Memory: "1GiB"},
			"recognition": {Memory: "900MiB", GPUs: &one, Time: "2h"},
		},
	}
	b.grid()
	b.fake.serve(t)
	_, err := b.run(t.Context())
	require.NoError(t, err)
	var asked []string
	for _, j := range b.fake.jobs() {
		from := slices.Index(j.Args, "--nodes=1")
		asked = append(asked, j.Options["--array"]+" "+strings.Join(j.Args[from:len(j.Args)-1], " "))
	}
	const all = "--nodes=1 --ntasks=1 "
	assert.Equal(t, []string{
		"0-1%2 " + all + "--cpus-per-task=2 --time=90 --partition=gpu --account=vision --qos=long",
		"0-2%2 " + all + "--cpus-per-task=4 --mem=16384M --gres=gpu:1 --time=1440 --partition=gpu --account=vision --qos=long",
		"0-2%2 " + all + "--cpus-per-task=6 --mem=1024M --gres=gpu:1 --time=120 --partition=gpu --account=vision --qos=long",
	}, asked, "a group asks for the most that one of its stages does")
}

func TestArraysAreNoLargerThanTheClusterTakes(t *testing.T) {
	b := newBench(t)
	for i := range 6 {
		b.stage("k", fmt.Sprint(i), "")
	}
	b.fake.serve(t)
	_, err := b.run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"transfera-k 0-3", "transfera-k 0-1"}, b.submitted())
}

func TestFailureStopsOnlyDependants(t *testing.T) {
	b := newBench(t)
	stages := b.grid()
	b.behave(stages["p1"], "fail not enough light")
	b.behave(stages["p2a"], "fail no such animal")
	b.fake.serve(t)
	outcomes, err := b.run(t.Context())
	require.NoError(t, err)
	assert.EqualError(t, dag.Failures(outcomes), "processor p1: not enough light\nrecognition p2a: no such animal")
	assert.ElementsMatch(t, []string{"a", "r", "p0", "p2", "qp0", "p0a", "p0r", "qp2", "p2r"}, b.computed())
	blocked := 0
	for _, o := range outcomes {
		if o.Blocked {
			blocked++
			assert.ErrorContains(t, o.Err, "which failed")
		}
	}
	assert.Equal(t, 4, blocked, "three evaluations and the table")
	assert.Len(t, b.fake.jobs(), 3, "nothing is submitted again")
	assert.Len(t, b.events, 14+1, "each stage is heard of once")
}

func TestVanishedJobIsSubmittedOnceMore(t *testing.T) {
	b := newBench(t)
	stages := b.grid()
	b.behave(stages["r"], "die 1")
	b.fake.serve(t)
	outcomes, err := b.run(t.Context())
	require.NoError(t, err)
	require.NoError(t, dag.Failures(outcomes))
	assert.Len(t, outcomes, 15)
	assert.Len(t, b.computed(), 14)
	assert.Contains(t, strings.Join(b.notes, "\n"), "job 1_1 left the queue (FAILED) without a result of recognizer r; submitting it again")
	assert.Contains(t, b.submitted()[3:], "transfera-recognizer 0")
}

func TestJobThatVanishesTwiceHasFailed(t *testing.T) {
	b := newBench(t)
	bad := b.stage("k", "bad", "")
	b.stage("k", "good", "")
	b.stage("k", "after", "", bad)
	b.behave(bad, "die 9")
	b.fake.serve(t)
	outcomes, err := b.run(t.Context())
	require.NoError(t, err)
	failures := dag.Failures(outcomes)
	require.Error(t, failures)
	assert.Regexp(t, `^k bad: job \d+_0 left the queue without a result, as one did before \(FAILED\); its output ends: about to die \| of hunger$`, failures.Error())
	assert.Equal(t, []string{"good"}, b.computed())
	assert.True(t, outcomes[2].Blocked)
	assert.NotEmpty(t, filesOf(t, Folder(b.store)), "what failed is kept")
}

func filesOf(t *testing.T, folder string) []string {
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// stopped submits everything and ends before anything is computed.
func stopped(t *testing.T, b *bench) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for {
			if queue := len(b.fake.jobs()); queue == 3 {
				time.Sleep(100 * time.Millisecond)
				cancel(errors.New("interrupted"))
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	_, err := b.run(ctx)
	require.EqualError(t, err, "interrupted; 8 tasks stay in the queue, where the same command finds them again and transfera cancel ends them")
}

func TestSecondRunFollowsTheJobsOfTheFirst(t *testing.T) {
	for name, meanwhile := range map[string]func(b *bench){
		"nothing happened": func(*bench) {},
		"some have ended":  func(b *bench) { b.fake.step(4) },
		"the first died before it wrote the id down": func(b *bench) {
			all, err := batches(Folder(b.store))
			require.NoError(b, err)
			require.Len(b, all, 3)
			for _, one := range all {
				one.Job = ""
				require.NoError(b, one.save())
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.grid()
			stopped(t, b)
			meanwhile(b)
			b.fake.serve(t)
			outcomes, err := b.run(t.Context())
			require.NoError(t, err)
			require.NoError(t, dag.Failures(outcomes))
			assert.Len(t, outcomes, 15)
			assert.Len(t, b.fake.jobs(), 3, "nothing is submitted twice")
			assert.Len(t, b.computed(), 14)
		})
	}
}

// A killed run leaves its sbatch at work.
func TestJobThatIsJustBeingSubmittedIsWaitedFor(t *testing.T) {
	b := newBench(t)
	one := b.stage("k", "one", "")
	orphan := &batch{Cluster: "fake", JobName: "transfera-k", Submitted: time.Now(), Tasks: map[int][]string{0: {one.Key}}}
	require.NoError(t, orphan.prepare(Folder(b.store), b.executor().Command))
	require.NoError(t, orphan.save())
	late := time.AfterFunc(time.Second, func() {
		b.fake.submit([]string{"--array=0", "--comment=" + orphan.comment(), "--output=" + orphan.path("%a.out"), "--chdir=/", orphan.path("script.sh")})
	})
	defer late.Stop()
	b.fake.serve(t)
	outcomes, err := b.run(t.Context())
	require.NoError(t, err)
	require.NoError(t, dag.Failures(outcomes))
	assert.Len(t, b.fake.jobs(), 1)
	assert.Equal(t, []string{"one"}, b.computed())
}

// A job that has another comment has come by the id of one of ours.
func TestJobsOfOthersAreNotFollowed(t *testing.T) {
	b := newBench(t)
	b.stage("k", "one", "")
	require.NoError(t, os.MkdirAll(filepath.Join(Folder(b.store), "old"), 0o777))
	old := &batch{
		Name: "old", Cluster: "fake", JobName: "transfera-k", Job: "1", folder: filepath.Join(Folder(b.store), "old"),
		Tasks: map[int][]string{0: {b.graph.Stages[0].Key}},
	}
	require.NoError(t, old.save())
	require.Equal(t, "1", b.fake.submit([]string{"--array=0", "--comment=somebody's", "--dependency=afterok:99"}))
	b.fake.set("1", 0, "RUNNING")
	b.fake.serve(t)
	_, err := b.run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"one"}, b.computed())
	assert.Len(t, b.fake.jobs(), 2)
	assert.NotContains(t, filesOf(t, Folder(b.store)), "old")
}

func TestCancelledJobsAreNotSubmittedAgain(t *testing.T) {
	b := newBench(t)
	b.grid()
	stopped(t, b)
	var cancelling sync.WaitGroup
	b.onNote = func(text string) {
		if text != "following 8 tasks that were submitted before" {
			return
		}
		cancelling.Go(func() {
			tasks, err := Cancel(t.Context(), b.store)
			assert.NoError(t, err)
			assert.Equal(t, 8, tasks)
		})
	}
	outcomes, err := b.run(t.Context())
	cancelling.Wait()
	require.NoError(t, err)
	assert.EqualError(t, dag.Failures(outcomes), "recognizer a: job 1_0 was cancelled\nrecognizer r: job 1_1 was cancelled")
	assert.Len(t, b.fake.jobs(), 3)
	tasks, err := Cancel(t.Context(), b.store)
	require.NoError(t, err)
	assert.Zero(t, tasks)

	b.fake.serve(t) // the next run computes them after all
	outcomes, err = b.run(t.Context())
	require.NoError(t, err)
	require.NoError(t, dag.Failures(outcomes))
	assert.Len(t, b.computed(), 14)
}

func TestClusterThatDoesNotAnswerForAWhileIsBorneWith(t *testing.T) {
	b := newBench(t)
	b.grid()
	stopped(t, b)
	const warning = "warning: squeue: slurm_load_jobs error: Unable to contact slurm controller; trying again"
	b.onNote = func(text string) {
		switch text {
		case "following 8 tasks that were submitted before":
			must(os.WriteFile(b.fake.path("down"), nil, 0o666))
		case warning:
			must(os.Remove(b.fake.path("down")))
			b.fake.serve(t)
		}
	}
	outcomes, err := b.run(t.Context())
	require.NoError(t, err)
	require.NoError(t, dag.Failures(outcomes))
	assert.Contains(t, b.notes, warning)
	assert.Len(t, b.fake.jobs(), 3)
}

func TestMachineWithoutSlurmIsRefused(t *testing.T) {
	b := newBench(t)
	b.grid()
	t.Run("no answer", func(t *testing.T) {
		require.NoError(t, os.WriteFile(b.fake.path("down"), nil, 0o666))
		_, err := b.run(t.Context())
		assert.EqualError(t, err, "the Slurm cluster does not answer: scontrol: slurm_load_jobs error: Unable to contact slurm controller; try sinfo, or leave --executor slurm out to compute here")
	})
	t.Run("no sbatch", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, err := b.run(t.Context())
		assert.EqualError(t, err, "sbatch is not on the PATH: run this on a machine that submits to a Slurm cluster, or leave --executor slurm out to compute here")
	})
}
