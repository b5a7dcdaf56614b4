package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// proposed asks as a shell does, and returns the proposals without their descriptions, and the directive.
func proposed(t *testing.T, args ...string) (found []string, directive string) {
	t.Helper()
	got := transfera(t, append([]string{cobra.ShellCompNoDescRequestCmd}, args...)...)
	require.NoError(t, got.err)
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	last := len(lines) - 1
	return lines[:last], lines[last]
}

func TestShellsAreToldWhatMayComeNext(t *testing.T) {
	t.Chdir("../..") // where users are
	for _, c := range []struct {
		typed string // with a word _ for one that is not begun
		want  []string
		not   []string
	}{
		{"run _", []string{"experiments/smoke", "experiments/paper"}, []string{"experiments/load.go", "experiments/testdata"}},
		{"plan experiments/smoke/", []string{"experiments/smoke/smoke.yaml"}, []string{"experiments/smoke/base.yaml"}},
		{"run experiments/smoke _", nil, []string{"experiments/smoke"}},
		{"cache prune experiments/smoke experiments/p", []string{"experiments/paper"}, []string{"experiments/smoke"}},
		{"check experiments/embedded --profile _", []string{"full", "quick"}, nil},
		{"run experiments/embedded/detection.yaml --profile _", []string{"full", "quick"}, nil},
		{"run experiments/smoke --set training.", []string{"training.steps=", "training.batch="}, []string{"evaluation.batch=", "training="}},
		{"run experiments/embedded --set recognizers.vgg-s.train.e", []string{"recognizers.vgg-s.train.epochs="}, nil},
		{"run experiments/embedded --set tasks=_", []string{"tasks=[sr]", "tasks=[dn]", "tasks=[jpeg]"}, []string{"tasks=[deblur]"}},
		{"run experiments/embedded --set sources=_", []string{"sources=[vgg-s]", "sources=[detector-s]"}, []string{"sources=[vgg16]"}},
		{"run experiments/smoke --set methods=_", []string{"methods=[ra-unsupervised]", "methods=[perceptual]"}, nil},
		{"run experiments/paper --data _", []string{"imagenet=", "other=", "voc="}, []string{"imagenet-a="}},
		{"run experiments/smoke --executor _", []string{"local", "slurm"}, nil},
		{"models _", []string{"resnet18", "faster-rcnn-vgg16", "srresnet"}, nil},
		{"evaluate --arch _", []string{"resnet18", "squeezenet1_1"}, []string{"srresnet"}},
		{"evaluate --arch shapes-vgg --option _", []string{"width=", "depth="}, []string{"blocks="}},
		{"generate _", []string{"shapes-detection"}, []string{"voc", "shapes"}},
		{"generate shapes-detection --option _", []string{"train=", "size="}, nil},
		{"report _", []string{"results/snapshots/embedded", "results/snapshots/cifar10"}, []string{"results/snapshots"}},
		{"study analyze STUDY --into results/snapshots/e", []string{"results/snapshots/embedded"}, []string{"results/snapshots/cifar10"}},
		{"process --format _", []string{"png", "jpeg", "same"}, nil},
		{"weights inspect _", []string{"safetensors", "pth"}, nil}, // the ends of files
	} {
		t.Run(c.typed, func(t *testing.T) {
			args := strings.Fields(c.typed)
			if last := len(args) - 1; strings.HasSuffix(args[last], "_") {
				args[last] = strings.TrimSuffix(args[last], "_")
			}
			found, _ := proposed(t, args...)
			for _, want := range c.want {
				assert.Contains(t, found, want)
			}
			for _, not := range c.not {
				assert.NotContains(t, found, not)
			}
			if c.want == nil {
				assert.Empty(t, found)
			}
		})
	}
}

func TestProposedSettingsAreAccepted(t *testing.T) {
	t.Chdir("../..")
	const suite = "experiments/embedded/lambda.yaml"
	for _, key := range []string{"tasks", "evaluators", "metrics", "processor", "transformer", "dataset"} {
		found, _ := proposed(t, "run", suite, "--set", key+"=")
		require.NotEmpty(t, found, key)
		for _, setting := range found {
			got := transfera(t, "check", suite, "--specs-only", "--set", setting)
			assert.NotContains(t, got.stderr, "is a list", setting)
			assert.NotContains(t, got.stderr, "unknown", setting)
		}
	}
	found, _ := proposed(t, "run", suite, "--set", "training.")
	for _, key := range found {
		got := transfera(t, "check", suite, "--specs-only", "--set", key)
		assert.NotContains(t, got.stderr, "unknown key", key)
	}
}

func TestKeysOfTheCacheAreCompletedWithTheNamesOfTheirStages(t *testing.T) {
	p := newPlace(t)
	require.NoError(t, p.run(t, "testdata/partly/good.yaml").err)
	got := transfera(t, cobra.ShellCompRequestCmd, "cache", "copy", "--cache", p.cache, "")
	require.NoError(t, got.err)
	listed := transfera(t, "cache", "list", "--cache", p.cache)
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	assert.Greater(t, len(lines), 3)
	for _, line := range lines[:len(lines)-1] {
		key, name, _ := strings.Cut(line, "\t")
		kind, stage, _ := strings.Cut(name, " ")
		assert.Regexp(t, `(?m)^`+key+` .* `+kind+` +\Q`+stage+`\E$`, listed.stdout)
	}
}

func TestCompletionSaysAndMakesNothingWhereItCannotLook(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "bad.yaml", "tasks: [")
	write(t, "bad/spec.yaml", "extends: nowhere.yaml\nprofiles: 3\n")
	for _, typed := range []string{
		"run bad.yaml --set _", "run bad.yaml --data _", "run bad --profile _", "run nowhere --profile _", "run --set _", "plan nowhere/",
		"cache copy _", "evaluate --arch nothing --option _",
	} {
		args := strings.Fields(typed)
		args[len(args)-1] = strings.TrimSuffix(args[len(args)-1], "_")
		found, directive := proposed(t, args...)
		assert.Empty(t, found, typed)
		assert.NotEqual(t, ":1", directive, typed)
	}
	_, err := os.Stat(filepath.Join("results", "cache"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// TestEveryArgumentIsCompleted holds that no command falls back to listing files of every sort.
func TestEveryArgumentIsCompleted(t *testing.T) {
	for _, c := range commands(newRoot()) {
		assert.NotNil(t, c.ValidArgsFunction, c.CommandPath())
	}
	got := transfera(t, "completion", "bash")
	require.NoError(t, got.err)
	assert.Contains(t, got.stdout, "complete -o default -F __start_transfera transfera")
}
