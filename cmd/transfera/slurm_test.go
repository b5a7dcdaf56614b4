package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
)

const smoke = "../../experiments/smoke"

// slurmAnswers tells whether there is a cluster with a node that is up. Where there is none, sinfo takes its time to say so.
var slurmAnswers = sync.OnceValue(func() bool {
	said, err := exec.Command("sinfo", "--noheader", "--format=%T").Output()
	return err == nil && regexp.MustCompile(`(?m)^(idle|mixed|allocated)$`).Match(said)
})

// needsSlurm skips a test where no cluster takes jobs, and makes what jobs run be this command.
func needsSlurm(t *testing.T) {
	t.Helper()
	const setUp = "scripts/slurm-one-node.sh sets a cluster up"
	if _, err := exec.LookPath("sbatch"); err != nil {
		t.Skip("no sbatch here; " + setUp)
	}
	if !slurmAnswers() {
		t.Skip("no Slurm cluster answers with a node that is up; " + setUp)
	}
	t.Setenv(asCommand, "1") // sbatch gives the environment to its jobs
}

// onSlurm are the arguments that run the smoke suite there. Memory is what a small test bed has for two at a time.
func onSlurm(p place, more ...string) []string {
	return append([]string{
		"run", smoke, "--executor", "slurm", "--cache", p.cache, "--out", p.out, "--device", "cpu",
		"--set", "cluster={resources: {default: {memory: 700MiB, time: 10m}}}",
	}, more...)
}

// smokeTasks is how many tasks the smoke suite comes to.
const smokeTasks = 8

// tasks is what the cluster remembers of the tasks of a cache's jobs.
func tasks(t *testing.T, p place) []string {
	t.Helper()
	said, err := exec.Command("scontrol", "show", "job", "--oneliner").Output()
	require.NoError(t, err)
	return regexp.MustCompile(`(?m)^.* Command=`+regexp.QuoteMeta(p.cache)+`/.*$`).FindAllString(string(said), -1)
}

func TestSlurmComputesWhatThisProcessComputes(t *testing.T) {
	needsSlurm(t)
	t.Setenv("GIT_DIR", os.DevNull) // trained networks carry the revision, which may change between the runs
	alone, p := newPlace(t), newPlace(t)
	got := alone.run(t, smoke)
	require.NoError(t, got.err, got.stderr)
	computed, _ := counts(t, got.stdout)

	got = transfera(t, onSlurm(p)...)
	require.NoError(t, got.err, got.stderr)
	again, cached := counts(t, got.stdout)
	assert.Equal(t, []int{computed, 0}, []int{again, cached})
	for _, name := range []string{"cells.csv", "gains.csv", "tables/smoke.txt"} {
		assert.Equal(t, alone.read(t, name), p.read(t, name), name)
	}
	assert.Equal(t, sums(t, alone), sums(t, p), "every file of every stage")
	assert.ElementsMatch(t, filesBelow(t, alone.out), filesBelow(t, p.out))
	assert.Len(t, tasks(t, p), smokeTasks)
	assert.Contains(t, p.read(t, "manifest.json"), "cpu of Slurm jobs")

	got = transfera(t, onSlurm(p)...)
	require.NoError(t, got.err, got.stderr)
	again, cached = counts(t, got.stdout)
	assert.Equal(t, []int{0, computed}, []int{again, cached})
	assert.Len(t, tasks(t, p), smokeTasks, "nothing was missing")
}

func TestSlurmRunThatIsKilledNeitherLosesNorRepeatsAStage(t *testing.T) {
	needsSlurm(t)
	t.Setenv("GIT_DIR", os.DevNull) // trained networks carry the revision, which may change between the runs
	alone, p := newPlace(t), newPlace(t)
	got := alone.run(t, smoke)
	require.NoError(t, got.err, got.stderr)
	computed, _ := counts(t, got.stdout)

	// killed once while it submits, and once while it follows
	for _, moment := range []string{"submitted job", "finished "} {
		command, output := process(onSlurm(p)...)
		require.NoError(t, command.Start())
		require.Eventually(t, func() bool {
			log, _ := os.ReadFile(filepath.Join(p.out, "run.log"))
			return strings.Contains(string(log), moment)
		}, time.Minute, 5*time.Millisecond, output)
		require.NoError(t, command.Process.Kill())
		require.EqualError(t, command.Wait(), "signal: killed", output)
	}
	before := modified(t, p)
	got = transfera(t, onSlurm(p)...)
	require.NoError(t, got.err, got.stderr)
	again, cached := counts(t, got.stdout)
	assert.Equal(t, computed, again+cached)
	assert.Equal(t, sums(t, alone), sums(t, p))
	assert.Equal(t, alone.read(t, "cells.csv"), p.read(t, "cells.csv"))
	after := modified(t, p)
	for name, time := range before {
		assert.Equal(t, time, after[name], "%s was computed again", name)
	}

	assert.Len(t, tasks(t, p), smokeTasks, "no stage was submitted twice")
}

// modified is when each record of a result was written.
func modified(t *testing.T, p place) map[string]time.Time {
	t.Helper()
	times := map[string]time.Time{}
	folder := filepath.Join(p.cache, "objects")
	for _, name := range filesBelow(t, folder) {
		info, err := os.Stat(filepath.Join(folder, name))
		require.NoError(t, err)
		times[name] = info.ModTime()
	}
	return times
}

func TestSlurmTellsWhyAStageFailed(t *testing.T) {
	needsSlurm(t)
	p := newPlace(t)
	folder, damaged := damagedPhotos(t)
	got := transfera(t, "run", "testdata/partly", "--executor", "slurm", "--cache", p.cache, "--out", p.out, "--device", "cpu", "--data", "photos="+folder,
		"--set", "cluster={resources: {default: {memory: 700MiB}}}")
	require.Error(t, got.err)
	assert.Contains(t, got.stderr, "transfera: recognizer resnet-s: ")
	assert.Contains(t, got.stderr, damaged)
	assert.NotContains(t, got.stderr, "left the queue", "it says so itself")
	assert.Contains(t, got.stderr, "stages that need a failed one were not computed; everything else was\n")
	assert.Contains(t, p.read(t, "cells.csv"), "\ngood,")
}

func TestExecutorThatIsNotThereIsRefused(t *testing.T) {
	p := newPlace(t)
	got := p.run(t, "testdata/partly/good.yaml", "--executor", "slrm")
	require.Error(t, got.err)
	assert.Equal(t, "transfera: unknown executor \"slrm\"; choose local or slurm\n", got.stderr)
	t.Setenv("PATH", t.TempDir())
	got = p.run(t, "testdata/partly/good.yaml", "--executor", "slurm", "--device", "cuda")
	require.Error(t, got.err)
	assert.Equal(t, "transfera: sbatch is not on the PATH: run this on a machine that submits to a Slurm cluster, or leave --executor slurm out to compute here\n", got.stderr)
}

// What a job does, without a cluster.
func TestStagesAreComputedAlone(t *testing.T) {
	p := newPlace(t)
	photos, damaged := damagedPhotos(t)
	got := p.run(t, "testdata/partly", "--data", "photos="+photos)
	require.Error(t, got.err)
	var manifest results.Manifest
	require.NoError(t, json.Unmarshal([]byte(p.read(t, "manifest.json")), &manifest))
	key := func(name string) string {
		i := slices.IndexFunc(manifest.Stages, func(s results.Stage) bool { return s.Kind+" "+s.Name == name })
		require.GreaterOrEqual(t, i, 0, name)
		return manifest.Stages[i].Key
	}
	failures := t.TempDir()
	stage := func(keys ...string) said {
		return transfera(t, append([]string{"stage", "testdata/partly", "--cache", p.cache, "--device", "cpu", "--data", "photos=" + photos, "--failures", failures, "--"}, keys...)...)
	}
	record := func(name string) string {
		return filepath.Join(p.cache, "objects", key(name)[:2], key(name), "stage.json")
	}

	plain, judged := "processor dn plain, seed 0", "recognition dn plain, seed 0 judged by vgg-s"
	require.NoError(t, os.RemoveAll(filepath.Dir(record(judged))))
	require.NoError(t, os.RemoveAll(filepath.Dir(record("table good"))))
	require.NoError(t, stage(key(judged), key(plain)).err)
	assert.FileExists(t, record(judged))
	assert.NoFileExists(t, record("table good"), "nobody asked for it")
	assert.Empty(t, filesBelow(t, failures))

	got = stage(key("recognizer resnet-s"))
	require.Error(t, got.err)
	reason, err := os.ReadFile(filepath.Join(failures, key("recognizer resnet-s")+".error"))
	require.NoError(t, err)
	assert.Contains(t, string(reason), damaged)
	assert.Equal(t, 1, strings.Count(string(reason), "\n"))

	got = stage("0123")
	require.Error(t, got.err)
	assert.Equal(t, "transfera: the plan has no stage 0123: specs, data or program have changed since it was submitted; run the suite again\n", got.stderr)
}
