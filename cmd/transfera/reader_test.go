package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/models/recognition"
	"transfera/models/weights"
	"transfera/results/study/studytest"
)

// reader follows the documents in a folder that looks like a fresh clone, with photos and weights of their own.
type reader struct {
	t         *testing.T // of all commands together
	root      string
	miniature []string // flags that say where a tiny ImageNet and VOC are, once they are made
}

func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{t: t, root: t.TempDir()}
	require.NoError(t, os.Symlink(filepath.Join(repository, "experiments"), filepath.Join(r.root, "experiments")))
	snapshot := filepath.Join("results", "snapshots", "embedded")
	require.NoError(t, os.CopyFS(filepath.Join(r.root, snapshot), os.DirFS(filepath.Join(repository, snapshot))))
	for _, file := range []string{"train/cat/1.jpg", "train/dog/1.jpg", "val/cat/1.jpg", "val/dog/1.jpg"} {
		write(t, filepath.Join(r.root, "photos", file), picture(t))
	}
	for class := range 10 {
		for _, split := range []string{"train", "test"} {
			gradient(t, filepath.Join(r.root, "cifar10", split, fmt.Sprint("class", class), "1.png"), 32, 32)
		}
	}
	blackCIFAR(t, filepath.Join(r.root, "black"))
	gradient(t, filepath.Join(r.root, "noisy.png"), 20, 30)
	r.untrained(t, "resnet18", 2, "weights/mine.pth")
	r.untrained(t, "squeezenet1_1", 2, "weights/judge.pth")
	r.untrained(t, "cifar-resnet20", 10, "resnet20.th")
	for arch, file := range map[string]string{"20": "resnet20-12fca82f.th", "32": "resnet32-d509ac18.th", "56": "resnet56-4bfd9763.th"} {
		r.untrained(t, "cifar-resnet"+arch, 10, "weights/"+file)
	}
	for _, block := range fence.FindAllStringSubmatch(document(t, "README.md"), -1) {
		if strings.Contains(block[2], "mine.pth") {
			write(t, filepath.Join(r.root, "mine.yaml"), block[2])
		}
	}
	t.Chdir(r.root)
	return r
}

// blackCIFAR makes both datasets in their binary version out of zeros, black images of the first class, which take no disk.
func blackCIFAR(t *testing.T, folder string) {
	t.Helper()
	for file, records := range map[string]int64{
		"data_batch_1.bin": 10000 * 3073, "data_batch_2.bin": 10000 * 3073, "data_batch_3.bin": 10000 * 3073, "data_batch_4.bin": 10000 * 3073,
		"data_batch_5.bin": 10000 * 3073, "test_batch.bin": 10000 * 3073, "train.bin": 50000 * 3074, "test.bin": 10000 * 3074,
	} {
		require.NoError(t, os.Truncate(write(t, filepath.Join(folder, file), ""), records))
	}
	for file, classes := range map[string]int{"batches.meta.txt": 10, "fine_label_names.txt": 100} {
		var names strings.Builder
		for i := range classes {
			fmt.Fprintf(&names, "class%d\n", i)
		}
		write(t, filepath.Join(folder, file), names.String())
	}
}

func (r *reader) untrained(t *testing.T, arch string, classes int, file string) {
	t.Helper()
	architecture, ok := recognition.Find(arch)
	require.True(t, ok)
	path := filepath.Join(r.root, file)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, weights.SaveSafetensors(path, architecture.New(1, classes, nil).Dict(), nil))
}

// give gives a command of ours as the trial says.
func (r *reader) give(t *testing.T, command string, how trial) {
	t.Helper()
	command = strings.NewReplacer(how.words...).Replace(strings.TrimPrefix(command, "transfera "))
	if before, after, has := strings.Cut(command, "KEY"); has {
		command = before + key(t, "processor.*dn ra") + after
	}
	words := strings.Fields(strings.ReplaceAll(command, "'", "") + " " + how.more)
	if how.alone {
		child, output := process(words...)
		require.NoError(t, child.Run(), output)
		assert.Regexp(t, how.says, output.String())
		return
	}
	got := transfera(t, words...)
	require.NoError(t, got.err, got.stderr)
	require.NotEmpty(t, how.says, "say in trials what comes out")
	assert.Regexp(t, how.says, got.stdout)
}

// key is that of the first cached result whose line has the pattern.
func key(t *testing.T, pattern string) string {
	t.Helper()
	listed := transfera(t, "cache", "list")
	require.NoError(t, listed.err)
	found := regexp.MustCompile(`(?m)^(\w{8}) .*` + pattern).FindStringSubmatch(listed.stdout)
	require.NotNil(t, found, listed.stdout)
	return found[1]
}

// until runs a command that does not end by itself until it has said the pattern.
func until(t *testing.T, says string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out, ended := new(spoken), make(chan error, 1)
	go func() { ended <- run(ctx, out, out, args) }()
	pattern := regexp.MustCompile(says)
	require.Eventually(t, func() bool { return pattern.MatchString(out.String()) }, time.Minute, 10*time.Millisecond, "%v", out)
	cancel()
	assert.NoError(t, <-ended)
}

// dryRun has make say what it would do.
func dryRun(t *testing.T, words []string) {
	t.Helper()
	out, err := exec.Command("make", append([]string{"--directory", repository, "--dry-run"}, words...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "scripts/setup.sh", "every target sets up what it needs")
	for _, word := range words {
		if name, value, isSetting := strings.Cut(word, "="); isSetting {
			assert.Regexp(t, "--?"+strings.ToLower(name)+" .*"+regexp.QuoteMeta(value), string(out), "it reaches the command")
		}
	}
}

// shell gives a script of the repository.
func shell(says string) func(t *testing.T, r *reader, command string) {
	return func(t *testing.T, _ *reader, command string) {
		words := strings.Fields(command)
		out, err := exec.Command(filepath.Join(repository, words[0]), words[1:]...).CombinedOutput()
		require.NoError(t, err, string(out))
		assert.Contains(t, string(out), says)
	}
}

// completes presses Tab in a bash. Splitting the line into words is the part of the package bash-completion, which need not
// be there.
func completes(t *testing.T, _ *reader, _ string) {
	script := transfera(t, "completion", "bash")
	require.NoError(t, script.err)
	bash := exec.Command("bash", "-c", `
		_get_comp_words_by_ref() { cur=${COMP_WORDS[COMP_CWORD]}; prev=${COMP_WORDS[COMP_CWORD-1]}; words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; }
		transfera() { "$PROGRAM" "$@"; }
		source /dev/stdin
		COMP_WORDS=(transfera plan experiments/smoke --set training.st) COMP_CWORD=4 COMP_TYPE=9
		$(complete -p transfera | sed 's/.*-F \([^ ]*\) .*/\1/')
		echo "${COMPREPLY[@]}"`)
	bash.Stdin = strings.NewReader(script.stdout)
	bash.Env = append(os.Environ(), asCommand+"=1", "PROGRAM="+program(t))
	out, err := bash.Output() // bash complains that nobody pressed a key
	require.NoError(t, err)
	assert.Equal(t, "training.steps=", strings.TrimSpace(string(out)))
}

// program is this one, which may stand in another folder.
func program(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	require.NoError(t, err)
	return path
}

func serves(t *testing.T, _ *reader, command string) {
	copied := transfera(t, "cache", "copy", key(t, "recognizer +resnet-s$"), ".")
	require.NoError(t, copied.err, copied.stderr)
	until(t, `http://127\.0\.0\.1:\d+`, append(strings.Fields(command)[1:], "--listen", "127.0.0.1:0", "--device", "cpu")...)
}

func filters(t *testing.T, _ *reader, command string) {
	_, pattern, _ := strings.Cut(command, "grep ")
	assert.Len(t, key(t, strings.Trim(pattern, "'")), 8)
}

func runsElsewhere(t *testing.T, _ *reader, command string) {
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import torch, PIL, numpy").Run() != nil {
		t.Skip("no PyTorch, Pillow and NumPy; Debian has them as python3-torch, python3-pil and python3-numpy")
	}
	out, err := exec.Command(python, strings.Fields(command)[1:]...).CombinedOutput()
	require.NoError(t, err, string(out))
	assert.FileExists(t, "clean.png")
}

// buildsStudy lets the smoke suite have left material for a study; what asks for it takes a suite of its own.
func buildsStudy(t *testing.T, r *reader, command string) {
	studytest.Publish(t, "results/out/smoke", 2)
	r.give(t, command, trial{words: suite, says: `STUDY: 6 comparisons`})
}

func servesStudy(t *testing.T, _ *reader, command string) {
	until(t, `serves 6 comparisons`, append(strings.Fields(command)[1:], "--listen", "127.0.0.1:0")...)
	votesLeft(t, "STUDY", "ann")
}

func saysWhatIsMissing(t *testing.T, _ *reader, command string) {
	got := transfera(t, strings.Fields(command)[1:]...)
	require.Error(t, got.err)
	assert.Contains(t, got.stderr, "VOCtrainval_11-May-2012.tar")
}

var itsPlace = regexp.MustCompile(` --(?:data \w+=|weights )DIR`)

// atFullScale gives a command of the paper's suite on the miniature that stands in for its data. Trainings stay as long as
// they are unless the trial says otherwise.
func atFullScale(how trial) func(t *testing.T, r *reader, command string) {
	return func(t *testing.T, r *reader, command string) {
		if r.miniature == nil {
			r.miniature = append(miniature(r.t, "resnet18"), "--set", "datasets.imagenet.options.on_bad_image=skip")
			r.miniature = append(r.miniature, anyWeights()...)
		}
		how.more = strings.Join(append(r.miniature, how.more), " ")
		r.give(t, itsPlace.ReplaceAllString(command, ""), how)
	}
}
