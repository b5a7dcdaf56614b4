package results_test

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
)

func manifest() results.Manifest {
	return results.Manifest{
		Suite: "embedded", Profile: "quick", Command: []string{"transfera", "run", "experiments/embedded"},
		Specs:     []results.SpecFile{results.NewSpecFile("experiments/embedded/base.yaml", []byte("seeds: [0]\n"))},
		Code:      results.Code{Revision: "abc", Modified: true, Origin: "build"},
		Libraries: map[string]string{"libtorch": "1.13.1"},
		Device:    results.Device{Name: "cpu", Threads: 2, Stages: 1}, Seeds: []int64{0, 1},
		Started: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Finished: time.Date(2024, 1, 2, 3, 14, 5, 0, time.UTC),
		Data:        []results.DataSource{{Name: "shapes", Split: "val", N: 1000, Fingerprint: "f"}},
		Recognizers: []results.Recognizer{{Name: "resnet-s", Checksum: "c", Clean: map[string]float64{"top1": 99.8}}},
		Stages: []results.Stage{{Key: "k", Kind: "processor", Name: "sr ra", Seconds: 30.5, Cached: true,
			Inputs: []string{"r"}, Weights: map[string]string{"processor.safetensors": "c"}}},
		Warnings: []string{"1 seed"},
	}
}

func TestManifestSurvivesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "manifest.json")
	require.NoError(t, results.WriteManifest(path, manifest()))
	back, err := results.ReadManifest(path)
	require.NoError(t, err)
	assert.Equal(t, manifest(), back)
	// sha256sum of the text "seeds: [0]\n", by coreutils.
	assert.Contains(t, read(t, path), `"sha256": "7d7fb508e6dc171e34c3f99eb5190191d9e600bc9da4edcec2bfb38420c5f72b"`)
}

func TestManifestRefusesWhatItCannotMean(t *testing.T) {
	path := filepath.Join(t.TempDir(), "manifest.json")
	broken := manifest()
	broken.Recognizers[0].Clean["top1"] = math.NaN()
	assert.ErrorContains(t, results.WriteManifest(path, broken), "manifest "+path)
	assert.NoFileExists(t, path)

	for name, text := range map[string]string{
		"unknown field": `{"sweet": "embedded"}`, "cut short": `{"suite": "emb`, "two of them": `{} {}`,
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
			_, err := results.ReadManifest(path)
			assert.ErrorContains(t, err, path+": ")
		})
	}
}

func run(t *testing.T, folder string, arguments ...string) string {
	t.Helper()
	command := exec.Command("git", append([]string{"-C", folder, "-c", "user.name=a", "-c", "user.email=a@b"}, arguments...)...)
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))
	return string(output)
}

// A test binary carries no revision, so these see the repository.
func TestCodeIsKnownByItsRepositoryAndBytes(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	folder := t.TempDir()
	run(t, folder, "init", "-q")
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o666))
	}
	write("go.mod", "// a comment\nmodule transfera\n")
	run(t, folder, "add", ".")
	run(t, folder, "commit", "-q", "-m", "first")

	code := results.CurrentCode(folder)
	assert.Regexp(t, "^[0-9a-f]{40}$", code.Revision)
	assert.False(t, code.Modified)
	assert.Equal(t, "repository", code.Origin)
	assert.Regexp(t, "^[0-9a-f]{64}$", code.Executable)

	write("new.go", "package x\n")
	assert.True(t, results.CurrentCode(folder).Modified)

	write("go.mod", "module another\n")
	another := results.CurrentCode(folder)
	assert.Empty(t, another.Revision, "another module's commit says nothing about this program")
	assert.Equal(t, code.Executable, another.Executable)
	assert.Empty(t, results.CurrentCode(t.TempDir()).Revision)
}

func TestLibrariesNameGo(t *testing.T) {
	assert.Regexp(t, `^go1\.|^devel`, results.Libraries()["go"])
}
