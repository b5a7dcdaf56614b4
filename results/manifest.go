package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"transfera/results/atomicfile"
)

// Manifest says how the numbers of one output folder came about: enough to
// judge them, and to make them again.
type Manifest struct {
	Suite   string `json:"suite"`
	Profile string `json:"profile,omitempty"`
	// Command is the command line, and Overrides its --set assignments.
	Command   []string `json:"command"`
	Overrides []string `json:"overrides,omitempty"`
	// Specs are the files the suite was read from, with their text.
	Specs []SpecFile `json:"specs"`
	Code  Code       `json:"code"`
	// Libraries maps each library to its version: Libraries, and what only the
	// caller knows, such as libtorch.
	Libraries   map[string]string `json:"libraries"`
	Device      Device            `json:"device"`
	Seeds       []int64           `json:"seeds"`
	Started     time.Time         `json:"started"`
	Finished    time.Time         `json:"finished"`
	Data        []DataSource      `json:"data"`
	Recognizers []Recognizer      `json:"recognizers"`
	Stages      []Stage           `json:"stages"`
	// Warnings are reasons to trust the results less.
	Warnings []string `json:"warnings,omitempty"`
}

// SpecFile is one file of an experiment's specification.
type SpecFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Text   string `json:"text"`
}

// NewSpecFile records a file under a name that means something elsewhere too,
// such as its path inside the repository.
func NewSpecFile(name string, text []byte) SpecFile {
	sum := sha256.Sum256(text)
	return SpecFile{Name: name, SHA256: hex.EncodeToString(sum[:]), Text: string(text)}
}

// Device is what computed.
type Device struct {
	// Name is "cpu" or "cuda"; Model is the processor's own name.
	Name  string `json:"name"`
	Model string `json:"model,omitempty"`
	// Threads of computation within an operator, and Stages side by side.
	Threads int `json:"threads"`
	Stages  int `json:"stages"`
}

// DataSource is one split of a data set.
type DataSource struct {
	Name        string `json:"name"`
	Split       string `json:"split"`
	N           int    `json:"n"`
	Fingerprint string `json:"fingerprint"`
}

// Recognizer is one fixed network: its weights' checksum, where they came
// from, and what it reaches on clean images ("top1": 69.76).
type Recognizer struct {
	Name         string             `json:"name"`
	Architecture string             `json:"architecture"`
	Dataset      string             `json:"dataset"`
	Weights      string             `json:"weights"`
	Checksum     string             `json:"checksum"`
	Clean        map[string]float64 `json:"clean"`
}

// Stage is one step of the plan. Seconds is the time it took when it was
// computed, also where this run found it cached.
type Stage struct {
	Key     string  `json:"key"`
	Kind    string  `json:"kind"`
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	Cached  bool    `json:"cached"`
	Error   string  `json:"error,omitempty"`
	// Inputs are the keys of the stages whose results it used.
	Inputs []string `json:"inputs,omitempty"`
	// Weights are the files of weights it left, each with its SHA-256.
	Weights map[string]string `json:"weights,omitempty"`
}

// WriteManifest writes the manifest as indented JSON, atomically. Numbers that
// JSON lacks (NaN, infinities) are an error.
func WriteManifest(path string, manifest Manifest) error {
	data, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("manifest %s: %w", path, err)
	}
	return atomicfile.Write(path, append(data, '\n'))
}

// ReadManifest reads what WriteManifest wrote and refuses keys it does not
// know.
func ReadManifest(path string) (Manifest, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Manifest{}, err
	}
	var manifest Manifest
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&manifest); err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Manifest{}, fmt.Errorf("%s: more follows the manifest", path)
	}
	return manifest, nil
}
