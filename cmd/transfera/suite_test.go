package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/results/atomicfile"
)

const tiny = "testdata/tiny"

// counts reads how many stages a run computed and how many it found.
func counts(t *testing.T, stdout string) (computed, cached int) {
	t.Helper()
	found := regexp.MustCompile(`(\d+) stages computed, (\d+) cached`).FindStringSubmatch(stdout)
	require.NotNil(t, found, stdout)
	computed, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	cached, err = strconv.Atoi(found[2])
	require.NoError(t, err)
	return computed, cached
}

// Every task, method and kind of network, with augmentation and batches that do not divide the images.
func TestResultsAreTheSameBytesHoweverTheyAreComputed(t *testing.T) {
	first := newPlace(t)
	got := first.run(t, tiny, "--loader-workers", "1")
	require.NoError(t, got.err, got.stderr)
	computed, cached := counts(t, got.stdout)
	assert.Zero(t, cached)
	files := filesBelow(t, first.out)
	assert.ElementsMatch(t, []string{
		"cells.csv", "gains.csv", "manifest.json", "report.html", "run.log",
		"tables/every.txt", "tables/every.md", "tables/every.tex", "tables/every.csv", "tables/every.json",
		"tables/every-2.txt", "tables/every-2.md", "tables/every-2.tex", "tables/every-2.csv", "tables/every-2.json",
	}, files)
	same := func(t *testing.T, p place) {
		for _, name := range files {
			if name != "manifest.json" && name != "report.html" && name != "run.log" { // times
				assert.Equal(t, first.read(t, name), p.read(t, name), name)
			}
		}
	}
	t.Run("side by side", func(t *testing.T) {
		p := newPlace(t)
		got := p.run(t, tiny, "--jobs", "2", "--loader-workers", "4")
		require.NoError(t, got.err, got.stderr)
		again, _ := counts(t, got.stdout)
		assert.Equal(t, computed, again)
		same(t, p)
	})
	t.Run("out of the cache", func(t *testing.T) {
		p := place{cache: first.cache, out: newPlace(t).out}
		got := p.run(t, tiny)
		require.NoError(t, got.err, got.stderr)
		again, cached := counts(t, got.stdout)
		assert.Zero(t, again)
		assert.Equal(t, computed, cached)
		assert.Empty(t, got.stderr, "nothing to report")
		same(t, p)
	})
	t.Run("every image counts", func(t *testing.T) {
		for _, line := range strings.Split(strings.TrimSpace(first.read(t, "cells.csv")), "\n")[1:] {
			fields := strings.Split(line, ",")
			assert.Equal(t, "30", fields[len(fields)-2], line)
		}
	})
}

// The names and states in a plan, without what differs from machine to machine.
func planned(t *testing.T, p place, spec string, more ...string) string {
	t.Helper()
	got := transfera(t, append([]string{"plan", spec}, p.flags(more...)...)...)
	require.NoError(t, got.err, got.stderr)
	text := regexp.MustCompile(`(?m)  [0-9a-f]{8}  `).ReplaceAllString(got.stdout, "  ")
	text = regexp.MustCompile(`(?m)  (about \S+|time unknown)?$`).ReplaceAllString(text, "")
	return regexp.MustCompile(`(?m)^estimate: .*\n`).ReplaceAllString(text, "")
}

func TestEditingOneLambdaRedoesOnlyWhatFollowsFromIt(t *testing.T) {
	p := newPlace(t)
	path := spec(t, `
tasks: [dn]
methods: [none, plain, ra, ra-unsupervised]
tables: [{rows: [task, method], columns: evaluator, metric: top1}]
`)
	require.Equal(t, `to compute  recognizer   resnet-s
to compute  recognizer   vgg-s
to compute  recognition  clean shapes judged by resnet-s
to compute  recognition  clean shapes judged by vgg-s
to compute  quality      dn unprocessed
to compute  recognition  dn unprocessed judged by resnet-s
to compute  recognition  dn unprocessed judged by vgg-s
to compute  processor    dn plain, seed 0
to compute  quality      dn plain, seed 0
to compute  recognition  dn plain, seed 0 judged by resnet-s
to compute  recognition  dn plain, seed 0 judged by vgg-s
to compute  processor    dn ra 1 by resnet-s, seed 0
to compute  quality      dn ra 1 by resnet-s, seed 0
to compute  recognition  dn ra 1 by resnet-s, seed 0 judged by resnet-s
to compute  recognition  dn ra 1 by resnet-s, seed 0 judged by vgg-s
to compute  processor    dn ra-unsupervised 10 by resnet-s, seed 0
to compute  quality      dn ra-unsupervised 10 by resnet-s, seed 0
to compute  recognition  dn ra-unsupervised 10 by resnet-s, seed 0 judged by resnet-s
to compute  recognition  dn ra-unsupervised 10 by resnet-s, seed 0 judged by vgg-s
to compute  table        spec
20 stages: 0 cached, 20 to compute, 0 not needed
`, planned(t, p, path))
	require.NoError(t, p.run(t, path).err)
	assert.Equal(t, "20 stages: 20 cached, 0 to compute, 0 not needed\n", planned(t, p, path))
	const redone = `to compute  processor    dn ra 2 by resnet-s, seed 0
to compute  quality      dn ra 2 by resnet-s, seed 0
to compute  recognition  dn ra 2 by resnet-s, seed 0 judged by resnet-s
to compute  recognition  dn ra 2 by resnet-s, seed 0 judged by vgg-s
to compute  table        spec
20 stages: 15 cached, 5 to compute, 0 not needed
`
	assert.Equal(t, redone, planned(t, p, path, "--set", "lambda.ra=2"))
	got := p.run(t, path, "--set", "lambda.ra=2")
	require.NoError(t, got.err, got.stderr)
	computed, cached := counts(t, got.stdout)
	assert.Equal(t, []int{5, 15}, []int{computed, cached})
	assert.Equal(t, "20 stages: 20 cached, 0 to compute, 0 not needed\n", planned(t, p, path), "the old one is still there")
	assert.Equal(t, "20 stages: 20 cached, 0 to compute, 0 not needed\n", planned(t, p, path, "--set", "training.checkpoint_every=1"))
}

// process starts the command as a process of its own.
func process(args ...string) (*exec.Cmd, *bytes.Buffer) {
	output := &bytes.Buffer{}
	command := exec.Command(os.Args[0], args...)
	command.Env = append(os.Environ(), asCommand+"=1")
	command.Stdout, command.Stderr = output, output
	return command, output
}

func TestTwoRunsAtOnceShareTheWork(t *testing.T) {
	p := newPlace(t)
	args := append([]string{"run", tiny}, p.flags("--loader-workers", "1")...)
	a, saidA := process(args...)
	b, saidB := process(args...)
	require.NoError(t, a.Start())
	require.NoError(t, b.Start())
	require.NoError(t, a.Wait(), saidA)
	require.NoError(t, b.Wait(), saidB)
	computedA, cachedA := counts(t, saidA.String())
	computedB, cachedB := counts(t, saidB.String())
	assert.Equal(t, computedA+cachedA, computedB+cachedB)
	assert.Equal(t, computedA+cachedA, computedA+computedB, "no stage was computed twice")
	assert.Empty(t, filesBelow(t, filepath.Join(p.cache, "work")))

	alone := newPlace(t)
	require.NoError(t, alone.run(t, tiny).err)
	for _, name := range []string{"cells.csv", "gains.csv", "tables/every.txt"} {
		assert.Equal(t, alone.read(t, name), p.read(t, name), name)
	}
	assert.ElementsMatch(t, filesBelow(t, alone.out), filesBelow(t, p.out))
}

func TestFailureBlocksOnlyWhatNeedsIt(t *testing.T) {
	p := newPlace(t)
	folder, damaged := damagedPhotos(t)
	got := p.run(t, "testdata/partly", "--data", "photos="+folder)
	require.Error(t, got.err)
	assert.Contains(t, got.stderr, "transfera: recognizer resnet-s: ")
	assert.Contains(t, got.stderr, damaged)
	assert.Contains(t, got.stderr, "stages that need a failed one were not computed; everything else was\n")
	assert.Contains(t, got.stdout, "What works")
	assert.NotContains(t, got.stdout, "What needs a picture")
	assert.ElementsMatch(t, []string{
		"cells.csv", "gains.csv", "manifest.json", "report.html", "run.log", "tables/good.txt", "tables/good.md", "tables/good.tex", "tables/good.csv", "tables/good.json",
	}, filesBelow(t, p.out))
	for _, line := range strings.Split(strings.TrimSpace(p.read(t, "cells.csv")), "\n")[1:] {
		assert.True(t, strings.HasPrefix(line, "good,"), line)
	}
	assert.Contains(t, p.read(t, "manifest.json"), damaged, "the reason is kept")
}

// damagedPhotos is an ImageFolder with one training picture that cannot be decoded.
func damagedPhotos(t *testing.T) (folder, damaged string) {
	t.Helper()
	folder = t.TempDir()
	for _, image := range []string{"train/cat/1.jpg", "train/dog/1.jpg", "val/cat/1.jpg", "val/dog/1.jpg"} {
		write(t, filepath.Join(folder, image), picture(t))
	}
	return folder, write(t, filepath.Join(folder, "train/dog/2.jpg"), picture(t)[:400])
}

func TestWeightsOfAnotherArchitectureAreRefusedBeforeAnyCompute(t *testing.T) {
	p := newPlace(t)
	file := stored(t, "shapes-vgg", 10, nil)
	for _, command := range []string{"check", "run"} {
		got := transfera(t, append([]string{command, tiny, "--weights", filepath.Dir(file),
			"--set", "recognizers.resnet-s={arch: shapes-resnet, dataset: shapes, normalize: {mean: [0, 0, 0], std: [1, 1, 1]}, weights: other.safetensors}"}, p.flags()...)...)
		require.Error(t, got.err)
		assert.Contains(t, got.stderr, "recognizer resnet-s: "+file+": ")
		assert.Contains(t, got.stderr, "tensor conv1.weight missing")
		assert.NoDirExists(t, p.out)
	}
}

func TestWeightsWithAnotherChecksumAreRefused(t *testing.T) {
	p := newPlace(t)
	file := stored(t, "shapes-resnet", 10, nil)
	set := func(sum string) said {
		return transfera(t, append([]string{"check", tiny, "--weights", filepath.Dir(file),
			"--set", "recognizers.resnet-s={arch: shapes-resnet, options: {width: 4}, dataset: shapes, normalize: {mean: [0, 0, 0], std: [1, 1, 1]}, weights: other.safetensors, sha256: \"" +
				sum + "\", download: from the shelf}"}, p.flags()...)...)
	}
	sum, err := atomicfile.Sum(file)
	require.NoError(t, err)
	require.NoError(t, set(sum[:8]).err)
	got := set("00000000")
	require.Error(t, got.err)
	assert.Contains(t, got.stderr, file+": its SHA-256 begins with "+sum[:8]+", not with 00000000 as the spec says")
	assert.Contains(t, got.stderr, "get it again: from the shelf")
}

// A killed run leaves its temporary files; the next one that writes results clears them away.
func TestResultsOfEarlierRunsAreClearedAway(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{".cells.csv.00ff.tmp", "tables/.good.txt.00ff.tmp", "tables/old.txt", "figures/old.svg"} {
		write(t, filepath.Join(p.out, name), "")
	}
	write(t, filepath.Join(p.out, "notes.txt"), "mine")
	require.NoError(t, p.run(t, "testdata/partly/good.yaml").err)
	assert.ElementsMatch(t, []string{
		"cells.csv", "gains.csv", "manifest.json", "report.html", "run.log", "notes.txt",
		"tables/good.txt", "tables/good.md", "tables/good.tex", "tables/good.csv", "tables/good.json",
	}, filesBelow(t, p.out))
}

func TestRunThatFinishesNothingLeavesEarlierResults(t *testing.T) {
	p := newPlace(t)
	require.NoError(t, p.run(t, "testdata/partly/good.yaml").err)
	before := p.read(t, "cells.csv")
	folder, _ := damagedPhotos(t)
	got := p.run(t, "testdata/partly/bad.yaml", "--data", "photos="+folder)
	require.Error(t, got.err)
	assert.Contains(t, got.stderr, "no experiment was finished; "+p.out+" is as it was\n")
	assert.Equal(t, before, p.read(t, "cells.csv"))
	assert.Contains(t, filesBelow(t, p.out), "tables/good.txt")
}

func TestImagesThatCannotBeReadAreNamed(t *testing.T) {
	for name, content := range map[string]string{"text": "not a picture", "truncated": picture(t)[:400]} {
		t.Run(name, func(t *testing.T) {
			p, folder := newPlace(t), t.TempDir()
			for _, image := range []string{"train/cat/1.jpg", "train/dog/1.jpg", "val/cat/1.jpg", "val/dog/1.jpg"} {
				write(t, filepath.Join(folder, image), picture(t))
			}
			bad := write(t, filepath.Join(folder, "val/dog/2.jpg"), content)
			path := spec(t, `
datasets: {photos: {kind: image-folder}}
dataset: photos
cross_dataset: true
tasks: [dn]
methods: [none, plain]
sources: null
evaluators: null
metrics: [psnr]
tables: [{rows: method, columns: metric}]
`)
			got := p.run(t, path, "--data", "photos="+folder)
			require.Error(t, got.err)
			assert.Contains(t, got.stderr, "transfera: quality dn unprocessed: ")
			assert.Contains(t, got.stderr, bad)
			assert.NotContains(t, filesBelow(t, p.out), "cells.csv")

			got = p.run(t, path, "--data", "photos="+folder, "--set", "datasets.photos.options.on_bad_image=skip")
			require.NoError(t, got.err, got.stderr)
			assert.Contains(t, got.stderr, "warning: dataset photos, val: left out dog/2.jpg: ")
			assert.Contains(t, p.read(t, "cells.csv"), ",2,", "n is what was measured")
		})
	}
}

func TestMachineThatIsNotThereIsRefused(t *testing.T) {
	t.Run("output folder that cannot be written", func(t *testing.T) {
		p := newPlace(t)
		p.out = filepath.Join(write(t, filepath.Join(t.TempDir(), "file"), ""), "out") // below a file not even root can write
		got := p.run(t, tiny)
		require.Error(t, got.err)
		assert.Equal(t, fmt.Sprintf("transfera: make the output folder: mkdir %s: not a directory; name another with --out DIR\n",
			filepath.Dir(p.out)), got.stderr)
		assert.Empty(t, filesBelow(t, p.cache))
	})
	t.Run("CUDA", func(t *testing.T) {
		if aten.CUDAAvailable() {
			t.Skip("this machine has it")
		}
		p := newPlace(t)
		got := p.run(t, tiny, "--device", "cuda")
		require.Error(t, got.err)
		assert.Regexp(t, `^transfera: device cuda:0: .*use --device cpu.*\n$`, got.stderr)
		assert.NoDirExists(t, p.out)
	})
}
