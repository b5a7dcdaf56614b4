package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const smoke = "../../experiments/smoke"

// needsSlurm skips a test where no cluster takes jobs, and makes what jobs run be this command.
func needsSlurm(t *testing.T) {
	t.Helper()
	const setUp = "scripts/slurm-one-node.sh sets a cluster up"
	if _, err := exec.LookPath("sbatch"); err != nil {
		t.Skip("no sbatch here; " + setUp)
	}
	if said, err := exec.Command("sinfo", "--noheader", "--format=%T").Output(); err != nil || !regexp.MustCompile(`(?m)^(idle|mixed|allocated)$`).Match(said) {
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
