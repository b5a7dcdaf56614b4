package main

import (
	"bufio"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed peer/*.py
var peerFiles embed.FS

// writePeer puts the PyTorch program into a folder and returns its main file.
func writePeer(folder string) (string, error) {
	for _, name := range []string{"networks.py", "worker.py"} {
		text, err := peerFiles.ReadFile("peer/" + name)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o666); err != nil {
			return "", err
		}
	}
	return filepath.Join(folder, "worker.py"), nil
}

// worker is a running worker process.
type worker struct {
	name    string
	process *exec.Cmd
	stdin   io.WriteCloser
	answers *bufio.Scanner
}

// start starts a worker and waits until it is ready.
func start(name string, command ...string) (*worker, error) {
	w := &worker{name: name, process: exec.Command(command[0], command[1:]...)}
	w.process.Stderr = os.Stderr
	var err error
	if w.stdin, err = w.process.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := w.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.answers = bufio.NewScanner(stdout)
	w.answers.Buffer(nil, 1<<20)
	if err := w.process.Start(); err != nil {
		return nil, err
	}
	if _, err := w.read(); err != nil {
		return nil, errors.Join(err, w.stop())
	}
	return w, nil
}

func (w *worker) read() (a answer, err error) {
	if !w.answers.Scan() {
		return a, fmt.Errorf("%s stopped without an answer; see its words above", w.name)
	}
	if err := json.Unmarshal(w.answers.Bytes(), &a); err != nil {
		return a, fmt.Errorf("%s: answer %q: %w", w.name, w.answers.Text(), err)
	}
	if a.Error != "" {
		return a, fmt.Errorf("%s: %s", w.name, a.Error)
	}
	return a, nil
}

// ask sends a request and waits for its answer.
func (w *worker) ask(command string, count int) (answer, error) {
	if _, err := fmt.Fprintln(w.stdin, command, count); err != nil {
		return answer{}, fmt.Errorf("%s: %w", w.name, err)
	}
	return w.read()
}

func (w *worker) stop() error {
	return errors.Join(w.stdin.Close(), w.process.Wait())
}
