package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models/weights"
)

func needsGloo(t *testing.T) {
	t.Helper()
	if !aten.HasBackend("gloo") {
		t.Skip("this native half was built without Gloo; scripts/setup.sh says how to get it")
	}
}

// several trains P, plainly and by ra, and a classifier, all with BatchNorm, for 20 steps. Epochs end in a batch of two. The
// classifier learns slowly: at ten times this rate a single ReLU that rounding switches moves weights by 1e-3, on some
// processors and not on others.
const several = `
recognizers:
  resnet-s: {train: {learning_rate: 5e-3, steps: 20, epochs: 0, batch: 4, checkpoint_every: 2}}
  vgg-s: null
datasets: {shapes: {options: {train: 62}}}
tasks: [sr]
methods: [plain, ra]
sources: [resnet-s]
evaluators: [resnet-s]
training: {learning_rate: 1e-3, batch: 4, steps: 20, checkpoint_every: 2}
tables: [{rows: [task, method], columns: metric}]
`

// networks are the tensors of every trained network, by stage and file.
func networks(t *testing.T, p place) map[string]weights.Dict {
	t.Helper()
	all := map[string]weights.Dict{}
	for _, name := range filesBelow(t, filepath.Join(p.cache, "objects")) {
		switch filepath.Base(name) {
		case "processor.safetensors", "transformer.safetensors", "weights.safetensors":
			file, err := weights.Load(filepath.Join(p.cache, "objects", name))
			require.NoError(t, err)
			all[name] = file.Tensors
		}
	}
	require.NotEmpty(t, all)
	return all
}

// withoutEffect are tensors of SRResNet on which its outputs in training do not depend, for a BatchNorm takes a constant out
// again: biases before one, and the running means that follow them. Their gradients are rounding errors, which Adam blows up
// to whole steps, in one process too when the number of threads changes.
var withoutEffect = regexp.MustCompile(`^block\d+\.(conv\d\.bias|bn\d\.running_mean)$`)

// furthest is the largest difference, relative above 1, between two sets of networks, which have the same stages, in the tensors that count.
func furthest(t *testing.T, a, b map[string]weights.Dict, counts func(tensor string) bool) float64 {
	t.Helper()
	largest := 0.0
	require.Len(t, b, len(a))
	for name, dict := range a {
		for _, one := range dict {
			other, ok := b[name].Get(one.Name)
			require.True(t, ok, "%s: %s", name, one.Name)
			if !counts(one.Name) {
				continue
			}
			if one.DType != weights.F32 {
				assert.Equal(t, one.Data, other.Data, one.Name)
				continue
			}
			x, err := one.Floats()
			require.NoError(t, err)
			y, err := other.Floats()
			require.NoError(t, err)
			for i := range x {
				largest = max(largest, math.Abs(float64(x[i]-y[i]))/max(1, math.Abs(float64(x[i]))))
			}
		}
	}
	return largest
}

func TestTwoProcessesEqualOne(t *testing.T) {
	needsGloo(t)
	cases := map[string]struct {
		set    string
		counts func(tensor string) bool
	}{
		"sgd":  {"training.optimizer=sgd", func(string) bool { return true }},
		"adam": {"training.optimizer=adam", func(tensor string) bool { return !withoutEffect.MatchString(tensor) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			path := spec(t, several)
			one := newPlace(t)
			got := one.run(t, path, "--set", c.set)
			require.NoError(t, got.err, got.stderr)
			two := newPlace(t)
			command, output := process(append([]string{"run", path, "--set", c.set}, two.flags("--nproc", "2")...)...)
			require.NoError(t, command.Run(), output)
			difference := furthest(t, networks(t, one), networks(t, two), c.counts)
			t.Logf("weights after 20 steps differ by at most %.1e", difference)
			assert.Less(t, difference, 1e-5)
		})
	}
}

// runSeveral runs a suite by several processes, as a command of its own.
func (p place) runSeveral(t *testing.T, n int, suite string, more ...string) string {
	t.Helper()
	command, output := process(append([]string{"run", suite, "--nproc", strconv.Itoa(n)}, p.flags(more...)...)...)
	require.NoError(t, command.Run(), output)
	return output.String()
}

// trainedOnly is a new place whose cache has the networks of another one, and nothing else.
func (p place) trainedOnly(t *testing.T) place {
	t.Helper()
	fresh := newPlace(t)
	for _, path := range glob(t, filepath.Join(p.cache, "objects", "*", "*", "stage.json")) {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var record struct{ Kind string }
		require.NoError(t, json.Unmarshal(text, &record))
		if record.Kind == "processor" || record.Kind == "recognizer" {
			folder, err := filepath.Rel(p.cache, filepath.Dir(path))
			require.NoError(t, err)
			require.NoError(t, os.CopyFS(filepath.Join(fresh.cache, folder), os.DirFS(filepath.Dir(path))))
		}
	}
	return fresh
}

func TestSeveralProcessesEvaluateEveryImageOnce(t *testing.T) {
	needsGloo(t)
	path := spec(t, several) // 30 images in batches of 7
	one := newPlace(t)
	got := one.run(t, path)
	require.NoError(t, got.err, got.stderr)
	for _, n := range []int{2, 4} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			p := one.trainedOnly(t)
			computed, cached := counts(t, p.runSeveral(t, n, path))
			assert.Equal(t, 3, cached, "one classifier and two P")
			assert.Positive(t, computed)
			assert.Equal(t, sums(t, one), sums(t, p), "all values of all images are the same bits")
			assert.Equal(t, one.read(t, "cells.csv"), p.read(t, "cells.csv"))
		})
	}
}

func TestNumberOfProcessesChangesNoKeyWhereItChangesOnlyRounding(t *testing.T) {
	needsGloo(t)
	path := spec(t, several)
	p := newPlace(t)
	states := func(nproc, sync string) string {
		return planned(t, p, path, "--nproc", nproc, "--set", "training.sync_batchnorm="+sync)
	}
	require.NoError(t, p.run(t, path).err)
	for _, c := range []struct{ nproc, sync string }{{"1", "true"}, {"2", "true"}, {"1", "false"}} {
		assert.Regexp(t, `^\d+ stages: \d+ cached, 0 to compute, 0 not needed\n$`, states(c.nproc, c.sync), "%s processes, %s", c.nproc, c.sync)
	}
	assert.Contains(t, states("2", "false"), "to compute  processor ", "statistics of parts make another P")
	got := p.runSeveral(t, 2, path, "--set", "training.sync_batchnorm=false")
	computed, _ := counts(t, got)
	assert.Positive(t, computed)
	assert.Contains(t, states("2", "false"), " 0 to compute")
	assert.Contains(t, states("4", "false"), "to compute  processor ")
}

func TestBatchesThatProcessesCannotShareAreRefused(t *testing.T) {
	needsGloo(t)
	p := newPlace(t)
	got := p.run(t, spec(t, several), "--nproc", "3")
	require.Error(t, got.err)
	assert.Contains(t, got.stderr, "batch 4 cannot be split over 3 processes; use 1, 2 or 4\n")
	assert.NoDirExists(t, p.out)
	got = p.run(t, spec(t, several), "--nproc", "-1")
	assert.Contains(t, got.stderr, "--nproc cannot be negative")
}

// checkpointed waits until a training of a run has written a checkpoint, and returns it.
func checkpointed(t *testing.T, p place) string {
	t.Helper()
	var found string
	require.Eventually(t, func() bool {
		for _, name := range filesBelow(t, filepath.Join(p.cache, "work")) {
			if filepath.Base(name) == "checkpoint.safetensors" {
				found = filepath.Join(p.cache, "work", name)
			}
		}
		return found != ""
	}, 30*time.Second, 5*time.Millisecond)
	return found
}

// childOf is the process that another one has started.
func childOf(t *testing.T, parent int) int {
	t.Helper()
	for _, folder := range glob(t, fmt.Sprintf("/proc/%d/task/*/children", parent)) {
		text, err := os.ReadFile(folder)
		require.NoError(t, err)
		if fields := strings.Fields(string(text)); len(fields) > 0 {
			child, err := strconv.Atoi(fields[0])
			require.NoError(t, err)
			return child
		}
	}
	require.Fail(t, "no other process was started")
	return 0
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	require.NoError(t, err)
	return found
}

// endsWithin waits for a process.
func endsWithin(t *testing.T, command *exec.Cmd, limit time.Duration) error {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(limit):
		_ = command.Process.Kill()
		require.Fail(t, "the run goes on without the process")
		return nil
	}
}

// signed changes a checkpoint so that the result shows that the training went on from it: the first step's loss.
func signed(t *testing.T, checkpoint string) {
	t.Helper()
	file, err := weights.Load(checkpoint)
	require.NoError(t, err)
	for i, tensor := range file.Tensors {
		if strings.HasPrefix(tensor.Name, "course.") {
			values, err := tensor.Floats()
			require.NoError(t, err)
			values[0] = 12345
			file.Tensors[i] = weights.FromFloats(tensor.Name, tensor.Shape, values)
		}
	}
	file.Metadata["checksum"] = file.Metadata["step"] + " " + file.Tensors.Checksum()
	require.NoError(t, weights.SaveSafetensors(checkpoint, file.Tensors, file.Metadata))
}

// slow has one training, of 60 steps.
const slow = `
recognizers: {resnet-s: null, vgg-s: null}
datasets: {shapes: {options: {size: 32}}}
tasks: [dn]
methods: [plain]
sources: null
evaluators: null
metrics: [psnr]
training: {optimizer: sgd, learning_rate: 1e-3, batch: 12, steps: 60, checkpoint_every: 2}
tables: [{rows: method, columns: metric}]
`

func TestKilledProcessEndsTheRunWhichGoesOnWithAnyNumber(t *testing.T) {
	needsGloo(t)
	path := spec(t, slow)
	whole := newPlace(t)
	got := whole.run(t, path)
	require.NoError(t, got.err, got.stderr)

	p := newPlace(t)
	command, output := process(append([]string{"run", path, "--nproc", "2"}, p.flags()...)...)
	require.NoError(t, command.Start())
	checkpoint := checkpointed(t, p)
	victim := childOf(t, command.Process.Pid)
	killed := time.Now()
	require.NoError(t, syscall.Kill(victim, syscall.SIGKILL))
	require.Error(t, endsWithin(t, command, 10*time.Second))
	t.Logf("the run ended %s after the kill", time.Since(killed).Round(time.Millisecond))
	assert.Regexp(t, fmt.Sprintf(`(?m)^transfera: stopped: rank 1 of 2 \(process %d\) is gone \(signal: killed\); it said nothing; the same command goes on from here$`, victim), output.String())
	assert.FileExists(t, checkpoint)

	signed(t, checkpoint)
	for _, n := range []int{1, 2} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			again := newPlace(t)
			require.NoError(t, os.CopyFS(again.cache, os.DirFS(p.cache)))
			again.runSeveral(t, n, path)
			assert.Less(t, furthest(t, networks(t, whole), networks(t, again), func(string) bool { return true }), 1e-5)
			course := glob(t, filepath.Join(again.cache, "objects", "*", "*", "course.csv"))
			require.Len(t, course, 1)
			text, err := os.ReadFile(course[0])
			require.NoError(t, err)
			assert.Contains(t, string(text), "\n1,12345,", "it went on from the checkpoint")
			assert.Contains(t, string(text), "\n60,")
		})
	}
}

func TestProcessesEndWithTheFirst(t *testing.T) {
	needsGloo(t)
	p := newPlace(t)
	command, _ := process(append([]string{"run", spec(t, slow), "--nproc", "2"}, p.flags()...)...)
	require.NoError(t, command.Start())
	checkpointed(t, p)
	child := childOf(t, command.Process.Pid)
	require.NoError(t, command.Process.Kill())
	_ = command.Wait()
	assert.Eventually(t, func() bool {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
		return err != nil || bytes.Contains(state, []byte(") Z ")) // who adopts it may not look
	}, 10*time.Second, 10*time.Millisecond)
}

// torchrun starts a rank as torchrun does.
func torchrun(rank, size, port int, args ...string) (*exec.Cmd, *bytes.Buffer) {
	command, output := process(args...)
	command.Env = append(command.Env, fmt.Sprintf("RANK=%d", rank), fmt.Sprintf("LOCAL_RANK=%d", rank), fmt.Sprintf("WORLD_SIZE=%d", size),
		"MASTER_ADDR=127.0.0.1", fmt.Sprintf("MASTER_PORT=%d", port))
	return command, output
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func TestTorchrunGivesTheBitsOfNproc(t *testing.T) {
	needsGloo(t)
	t.Setenv("GIT_DIR", os.DevNull) // trained networks carry the revision, which may change between the runs
	path := spec(t, several)
	p, q := newPlace(t), newPlace(t)
	p.runSeveral(t, 2, path, "--jobs", "2")
	args := append([]string{"run", path}, q.flags("--jobs", "2")...)
	port := freePort(t)
	first, saidFirst := torchrun(0, 2, port, args...)
	second, saidSecond := torchrun(1, 2, port, args...)
	require.NoError(t, second.Start())
	require.NoError(t, first.Run(), saidFirst)
	require.NoError(t, second.Wait(), saidSecond)
	assert.Equal(t, sums(t, p), sums(t, q), "the same bits whenever as many processes compute")
	assert.Equal(t, p.read(t, "cells.csv"), q.read(t, "cells.csv"))

	port = freePort(t) // once more, with nothing to do: nobody may wait for the other
	began := time.Now()
	first, saidFirst = torchrun(0, 2, port, args...)
	second, saidSecond = torchrun(1, 2, port, args...)
	require.NoError(t, second.Start())
	require.NoError(t, first.Run(), saidFirst)
	require.NoError(t, second.Wait(), saidSecond)
	assert.Less(t, time.Since(began), time.Minute)
}

func TestProcessesThatPlanOtherThingsAreRefused(t *testing.T) {
	needsGloo(t)
	path := spec(t, several)
	p := newPlace(t)
	port := freePort(t)
	first, said := torchrun(0, 2, port, append([]string{"run", path}, p.flags()...)...)
	second, _ := torchrun(1, 2, port, append([]string{"run", path, "--set", "training.steps=19", "--set", "recognizers.resnet-s.seed=1"}, p.flags()...)...)
	require.NoError(t, second.Start())
	require.Error(t, first.Run())
	_ = second.Wait()
	assert.Regexp(t, `transfera: recognizer resnet-s: rank 1 of 2: its plan has no stage [0-9a-f]{8}: let all processes see the same specs`, said.String())
}

func TestIncompleteEnvironmentIsRefused(t *testing.T) {
	cases := map[string]struct {
		variables map[string]string
		args      []string
		want      string
	}{
		"no rank":    {map[string]string{"WORLD_SIZE": "2"}, nil, "RANK is not set"},
		"no address": {map[string]string{"WORLD_SIZE": "2", "RANK": "0"}, nil, "MASTER_ADDR is not set"},
		"rank beyond": {map[string]string{"WORLD_SIZE": "2", "RANK": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"}, nil,
			"RANK=2: expected a whole number from 0 to 1"},
		"two numbers": {map[string]string{"WORLD_SIZE": "2", "RANK": "0", "MASTER_ADDR": "a", "MASTER_PORT": "1"}, []string{"--nproc", "4"},
			"--nproc 4 contradicts WORLD_SIZE=2"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for variable, value := range c.variables {
				t.Setenv(variable, value)
			}
			p := newPlace(t)
			got := p.run(t, tiny, c.args...)
			require.Error(t, got.err)
			assert.Contains(t, got.stderr, c.want)
			assert.NoDirExists(t, p.out)
		})
	}
}
