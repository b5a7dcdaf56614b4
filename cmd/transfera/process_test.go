package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
	"transfera/models"
	"transfera/models/checkpoint"
	"transfera/models/processing"
	"transfera/models/weights"
)

// untrained writes a processor with its initial weights as a run leaves trained ones.
func untrained(t *testing.T, path, arch string, scale int, options models.Options) string {
	t.Helper()
	architecture, ok := processing.Find(arch)
	require.True(t, ok)
	var pairs []string
	for name, value := range options {
		pairs = append(pairs, fmt.Sprintf("%q:%v", name, value))
	}
	degradation := `{"Kind":"jpeg","Options":{"quality":10}}`
	if scale > 1 {
		degradation = fmt.Sprintf(`{"Kind":"sr","Options":{"scale":%d}}`, scale)
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, weights.SaveSafetensors(path, architecture.New(3, scale, options).Dict(), map[string]string{
		"kind": "processor", "arch": arch, "options": "{" + strings.Join(pairs, ",") + "}", "scale": fmt.Sprint(scale),
		"degradation": degradation, "method": "plain", "lambda": "0", "seed": "0", "stage": "none", "training": "{}",
	}))
	return path
}

// gradient writes a picture that compresses well.
func gradient(t *testing.T, path string, width, height int) string {
	t.Helper()
	m := imaging.New(width, height)
	for i := range m.Pix {
		m.Pix[i] = uint8(i / 3 % width * 255 / width)
	}
	file, err := m.EncodePNG()
	require.NoError(t, err)
	return write(t, path, string(file))
}

// child runs the command as a process of its own and returns what it printed and the most memory that it held, in MiB: VmHWM,
// which only grows, looked up until the end. (The kernel's account after the end, ru_maxrss, counts the parent's memory as
// well.) own is the most without the pages of files, which the kernel may take back while the process works.
func child(t *testing.T, args ...string) (said string, peak, own int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], args...)
	command.Env = append(os.Environ(), asCommand+"=1")
	var printed strings.Builder
	command.Stdout, command.Stderr = &printed, &printed
	require.NoError(t, command.Start())
	status := fmt.Sprintf("/proc/%d/status", command.Process.Pid)
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for {
		select {
		case err := <-ended:
			require.NoError(t, err, printed.String())
			return printed.String(), peak, own
		case <-time.After(2 * time.Millisecond):
			text, _ := os.ReadFile(status) // gone at the end
			kilobytes := map[string]int{}
			for _, found := range statusLine.FindAllSubmatch(text, -1) {
				n, err := strconv.Atoi(string(found[2]))
				require.NoError(t, err)
				kilobytes[string(found[1])] = n
			}
			peak = max(peak, kilobytes["VmHWM"]>>10)
			own = max(own, (kilobytes["RssAnon"]+kilobytes["VmSwap"])>>10)
		}
	}
}

var statusLine = regexp.MustCompile(`(?m)^(VmHWM|RssAnon|VmSwap):\s+(\d+) kB$`)

// libraries is what process counts for pages of libraries' files, in MiB.
const libraries = 136

func TestProcessStaysWithinItsMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("pictures of megapixels take a minute; run without -short")
	}
	for _, c := range []struct {
		arch          string
		scale         int
		options       models.Options
		width, height int
		limit, least  int // MiB
	}{
		{"srresnet", 1, models.Options{"channels": 16, "blocks": 2, "end_kernel": 5}, 2400, 1800, 512, 300},
		{"srresnet", 1, models.Options{"channels": 64, "blocks": 1}, 800, 600, 640, 320},
		{"srresnet", 2, models.Options{"channels": 16, "blocks": 2, "end_kernel": 5}, 900, 700, 512, 300},
		{"srresnet", 4, models.Options{"channels": 8, "blocks": 1, "end_kernel": 5}, 500, 400, 512, 300},
		{"srdensenet", 4, models.Options{"growth": 8, "layers": 4, "blocks": 4, "channels": 16}, 300, 200, 640, 300},
		{"resnet-generator", 1, models.Options{"channels": 16, "blocks": 2}, 1600, 1200, 512, 300},
	} {
		t.Run(fmt.Sprintf("%s x%d %v", c.arch, c.scale, c.options), func(t *testing.T) {
			folder := t.TempDir()
			model := untrained(t, filepath.Join(folder, "model.safetensors"), c.arch, c.scale, c.options)
			in := gradient(t, filepath.Join(folder, "in", "big.png"), c.width, c.height)
			_, peak, own := child(t, "process", "--model", model, "--in", in, "--out", filepath.Join(folder, "out"),
				"--memory", fmt.Sprintf("%dMiB", c.limit), "--device", "cpu", "--format", "jpeg")
			t.Logf("peak %d MiB of %d, %d of it its own", peak, c.limit, own)
			assert.LessOrEqual(t, peak, c.limit)
			assert.GreaterOrEqual(t, own+libraries, c.least, "a limit that is hardly used makes needlessly small tiles")
			out, err := imaging.DecodeFile(filepath.Join(folder, "out", "big.jpg"))
			require.NoError(t, err)
			assert.Equal(t, []int{c.width * c.scale, c.height * c.scale}, []int{out.Width, out.Height})
		})
	}
}

func TestProcessRunsOverPhotographsOfEverySize(t *testing.T) {
	if testing.Short() {
		t.Skip("200 photographs take a minute; run without -short")
	}
	archive, err := os.Open("../../../shared/data/imagenet-samples.tar")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no shared/data/imagenet-samples.tar beside the repository")
	}
	require.NoError(t, err)
	defer archive.Close()
	folder := t.TempDir()
	photographs := 0
	for in := tar.NewReader(archive); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if header.Typeflag == tar.TypeReg && imaging.HasExtension(header.Name) {
			file, err := io.ReadAll(in)
			require.NoError(t, err)
			write(t, filepath.Join(folder, "in", header.Name), string(file))
			photographs++
		}
	}
	require.Positive(t, photographs)
	model := untrained(t, filepath.Join(folder, "model.safetensors"), "srresnet", 1, models.Options{"channels": 4, "blocks": 1, "end_kernel": 3})
	said, peak, _ := child(t, "process", "--model", model, "--in", filepath.Join(folder, "in"), "--out", filepath.Join(folder, "out"),
		"--format", "same", "--memory", "1GiB", "--device", "cpu")
	assert.LessOrEqual(t, peak, 1<<10)
	assert.Contains(t, said, fmt.Sprintf("%d pictures processed into %s, 0 skipped", photographs, filepath.Join(folder, "out")))
	names := filesBelow(t, filepath.Join(folder, "in"))
	assert.Equal(t, names, filesBelow(t, filepath.Join(folder, "out")))
	for _, name := range names[:20] {
		before, err := os.ReadFile(filepath.Join(folder, "in", name))
		require.NoError(t, err)
		stored, err := imaging.Decode(before, name)
		require.NoError(t, err)
		upright := stored.Upright(imaging.Orientation(before))
		after, err := imaging.DecodeFile(filepath.Join(folder, "out", name))
		require.NoError(t, err)
		assert.Equal(t, []int{upright.Width, upright.Height}, []int{after.Width, after.Height}, name)
	}
}

func TestProcessTakesWhatARunTrained(t *testing.T) {
	p := newPlace(t)
	require.NoError(t, p.run(t, tiny).err)
	used := map[string]bool{}
	for _, file := range filesBelow(t, p.cache) {
		if filepath.Base(file) != "processor.safetensors" {
			continue
		}
		model := filepath.Join(p.cache, file)
		c, err := checkpoint.Read(model, checkpoint.Processor)
		require.NoError(t, err)
		require.NotNil(t, c.Dataset)
		assert.Equal(t, "shapes", c.Dataset.Name)
		assert.Len(t, c.Dataset.Images, 64)
		assert.Equal(t, c.Method == "plain", c.Source == nil, c.Method)
		if c.Source != nil {
			assert.NotEmpty(t, c.Source.Name)
			assert.Len(t, c.Source.Checksum, 64)
		}
		if used[c.Method+c.Degradation.Kind] {
			continue
		}
		used[c.Method+c.Degradation.Kind] = true
		folder := t.TempDir()
		gradient(t, filepath.Join(folder, "in", "a.png"), 40, 33)
		got := transfera(t, "process", "--model", model, "--in", filepath.Join(folder, "in"), "--out", filepath.Join(folder, "out"), "--device", "cpu", "--degrade",
			"--memory", "64GiB") // what the tests before hold counts as this process's
		require.NoError(t, got.err, got.stderr)
		assert.Equal(t, c.Method == "ra-transformer", strings.Contains(got.stderr, "transformer resnet-generator"), got.stderr)
		assert.Equal(t, []string{"a.png", "degraded/a.png"}, filesBelow(t, filepath.Join(folder, "out")))
		inspected := transfera(t, "weights", "inspect", model)
		require.NoError(t, inspected.err)
		assert.Contains(t, inspected.stdout, "metadata dataset: {")
	}
	assert.GreaterOrEqual(t, len(used), 4, "%v", used)
}

func TestAnInterruptedProcessKeepsWhatItFinished(t *testing.T) {
	folder := t.TempDir()
	model := untrained(t, filepath.Join(folder, "model.safetensors"), "srresnet", 1, models.Options{"channels": 16, "blocks": 2})
	for i := range 400 {
		gradient(t, filepath.Join(folder, "in", fmt.Sprintf("%03d.png", i)), 200, 150)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, os.Args[0], "process", "--model", model, "--in", filepath.Join(folder, "in"), "--out", filepath.Join(folder, "out"), "--device", "cpu")
	command.Env = append(os.Environ(), asCommand+"=1")
	var said strings.Builder
	command.Stdout, command.Stderr = &said, &said
	require.NoError(t, command.Start())
	require.Eventually(t, func() bool { return len(filesBelow(t, filepath.Join(folder, "out"))) >= 2 }, time.Minute, 5*time.Millisecond)
	require.NoError(t, command.Process.Signal(os.Interrupt))
	require.Error(t, command.Wait())
	found := regexp.MustCompile(`; (\d+) of 400 pictures are finished and stay`).FindStringSubmatch(said.String())
	require.NotNil(t, found, said.String())
	finished, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	assert.Less(t, finished, 400)
	names := filesBelow(t, filepath.Join(folder, "out"))
	require.Len(t, names, finished)
	for _, name := range names {
		_, err := imaging.DecodeFile(filepath.Join(folder, "out", name))
		assert.NoError(t, err)
	}
}

func TestMistakesInAProcessAreSentences(t *testing.T) {
	model := untrained(t, filepath.Join(t.TempDir(), "model.safetensors"), "srresnet", 1, models.Options{"channels": 4})
	for wrong, args := range map[string][]string{
		"--memory lots: \"lots\" is no size; write such as 2GiB or 800MB": {"--memory", "lots"},
		"--in: stat nowhere: no such file":                                {},
	} {
		got := transfera(t, append([]string{"process", "--model", model, "--in", "nowhere", "--out", t.TempDir()}, args...)...)
		require.Error(t, got.err)
		assert.Contains(t, got.stderr, wrong)
	}
}
