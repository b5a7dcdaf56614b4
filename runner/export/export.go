// Package export writes what it takes to use a trained processor without transfera: its file, a Python program that is read
// in a minute, and a note of what it is and where it is from.
package export

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"transfera/models"
	"transfera/models/checkpoint"
	"transfera/models/weights"
	"transfera/results/atomicfile"
	"transfera/runner/process"
)

var (
	//go:embed run.py.tmpl
	programText string
	//go:embed README.txt.tmpl
	noteText string

	program = template.Must(template.New("run.py").Parse(programText))
	note    = template.Must(template.New("README.txt").Parse(noteText))
)

// The files in the output folder, beside those of the networks.
const (
	ProgramName = "run.py"
	NoteName    = "README.txt"
)

// Options say what is exported: the checkpoint of a P, with the T that belongs to it as process.Companion finds it, or of a
// T alone.
type Options struct {
	Model, Transformer string
	NoTransformer      bool
	Out                string
}

// Write writes the folder and returns the paths of its files. Files of an earlier export there are replaced; any other file
// in Out is an error. A recognizer is an error that says what to use instead.
func Write(o Options) (paths []string, err error) {
	if err := refuseRecognizer(o.Model); err != nil {
		return nil, err
	}
	checkpoints, err := process.Read(o.Model, o.Transformer, o.NoTransformer)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, c := range checkpoints {
		if _, err := c.Network(); err != nil { // tensors that do not fit would fail in Python only
			return nil, err
		}
		if files[fileName(c)], err = os.ReadFile(c.File.Path); err != nil {
			return nil, err
		}
	}
	if files[ProgramName], err = renderProgram(checkpoints); err != nil {
		return nil, err
	}
	if files[NoteName], err = renderNote(checkpoints); err != nil {
		return nil, err
	}
	if err := checkFolder(o.Out); err != nil {
		return nil, err
	}
	for _, name := range order(checkpoints) {
		path := filepath.Join(o.Out, name)
		if err := atomicfile.Write(path, files[name]); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// refuseRecognizer tells the way of recognizers, which have one of their own.
func refuseRecognizer(path string) error {
	file, err := weights.Load(path)
	if err != nil {
		return err
	}
	if file.Metadata["kind"] != checkpoint.Recognizer {
		return nil
	}
	return fmt.Errorf("%s is the checkpoint of a recognizer, and only processors and transformers are exported; its tensors have the "+
		"names of PyTorch's public code, so that torchvision's network of its architecture loads them with safetensors.torch.load_file", path)
}

// fileName is what a network's file is called in the folder.
func fileName(c *checkpoint.Checkpoint) string { return c.Kind + ".safetensors" }

func order(checkpoints []*checkpoint.Checkpoint) (names []string) {
	for _, c := range checkpoints {
		names = append(names, fileName(c))
	}
	return append(names, ProgramName, NoteName)
}

// checkFolder refuses a folder that holds anything else.
func checkFolder(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("--out: %w", err)
	}
	own := []string{"processor.safetensors", "transformer.safetensors", ProgramName, NoteName}
	present := 0
	for _, entry := range entries {
		if !slices.Contains(own, entry.Name()) {
			return fmt.Errorf("--out %s holds %s, which is no part of an export; name a new folder", folder, entry.Name())
		}
		present++
	}
	if present > 0 {
		if _, err := os.Stat(filepath.Join(folder, ProgramName)); err != nil {
			return fmt.Errorf("--out %s holds networks, but no %s: is it where they were trained? Name a new folder", folder, ProgramName)
		}
	}
	return nil
}

func title(checkpoints []*checkpoint.Checkpoint) string {
	first := checkpoints[0]
	text := fmt.Sprintf("A %s for %s: %s trained by %s", first.Kind, first.Degradation, first.Architecture.Name, first.Method)
	if len(checkpoints) > 1 {
		text += ", with its transformer"
	}
	return text
}

// function is the name of an architecture's Python function.
func function(a models.Architecture) string { return strings.ReplaceAll(a.Name, "-", "_") }

func renderProgram(checkpoints []*checkpoint.Checkpoint) ([]byte, error) {
	type architecture struct{ Name, Function string }
	var values struct {
		Title, What    string
		Files, Sources []string
		Architectures  []architecture
	}
	values.Title = title(checkpoints)
	var kinds []string
	for _, c := range checkpoints {
		a := c.Architecture
		if a.Python == "" {
			return nil, fmt.Errorf("architecture %s has no definition in Python; add one beside its network, as models/processing/python/srresnet.py", a.Name)
		}
		kinds = append(kinds, "the "+c.Kind)
		values.Files = append(values.Files, fileName(c))
		if known := (architecture{a.Name, function(a)}); !slices.Contains(values.Architectures, known) {
			values.Architectures = append(values.Architectures, known)
			values.Sources = append(values.Sources, a.Python)
		}
	}
	values.What = strings.Join(kinds, " and ")
	return render(program, values)
}

func renderNote(checkpoints []*checkpoint.Checkpoint) ([]byte, error) {
	type network struct {
		*checkpoint.Checkpoint
		File, Arch, Checksum, Options string
	}
	values := struct {
		Title, Underline string
		Scale            int
		Networks         []network
	}{Title: title(checkpoints), Scale: 1}
	values.Underline = strings.Repeat("=", len(values.Title))
	for _, c := range checkpoints {
		values.Scale *= c.Scale
		values.Networks = append(values.Networks, network{c, fileName(c), c.Architecture.Name, c.File.Tensors.Checksum(), c.File.Metadata["options"]})
	}
	return render(note, values)
}

func render(t *template.Template, values any) ([]byte, error) {
	var b bytes.Buffer
	err := t.Execute(&b, values)
	return b.Bytes(), err
}
