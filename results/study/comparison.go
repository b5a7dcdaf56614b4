package study

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// The kinds of question.
const (
	// QuestionLabels asks which list of labels describes the original better.
	QuestionLabels = "labels"
	// QuestionPictures asks which picture looks better, without the original beside it.
	QuestionPictures = "pictures"
)

// Questions are all kinds.
var Questions = []string{QuestionLabels, QuestionPictures}

// Comparison is one question about two sides, as served: nothing in it names a method, an image or a task.
type Comparison struct {
	// ID is opaque and never shown.
	ID       string `json:"id"`
	Question string `json:"question"`
	// Target is the original, nil for QuestionPictures.
	Target *Picture `json:"target,omitempty"`
	First  Side     `json:"first"`
	Second Side     `json:"second"`
}

// Side is a picture or a list of labels.
type Side struct {
	Picture *Picture `json:"picture,omitempty"`
	Labels  []string `json:"labels,omitempty"`
}

// Picture is a file below pictures/ with its size in pixels.
type Picture struct {
	File   string `json:"file"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// Design is the content of study.json.
type Design struct {
	Version     int          `json:"version"`
	Seed        uint64       `json:"seed"`
	Comparisons []Comparison `json:"comparisons"`
}

// Key is the content of key.json.
type Key struct {
	Secret Secret `json:"secret"`
	// Material is that of the study without its items.
	Material Material `json:"material"`
	// LeftOut counts the items that gave no comparison.
	LeftOut []LeftOut `json:"left_out"`
	// Sides tells by comparison what was compared.
	Sides map[string]Sides `json:"sides"`
}

// Sides says what a comparison is about.
type Sides struct {
	Item string `json:"item"`
	Task string `json:"task"`
	// First is the method of the first side; the second is the other's.
	First string `json:"first"`
}

// LeftOut is why items gave no comparison.
type LeftOut struct {
	Question string `json:"question"`
	Why      string `json:"why"`
	N        int    `json:"n"`
}

// Study is a study's folder.
type Study struct {
	Path string
	Design
	Key Key
}

// The files of a study.
const (
	designFile    = "study.json"
	keyFile       = "key.json"
	lockFile      = "lock"
	votesFile     = "votes.jsonl"
	headFile      = "votes.head"
	pictureFolder = "pictures"
)

var servedPattern = regexp.MustCompile(`^[0-9a-f]{32}\.png$`)

// Open reads a study's folder.
func Open(path string) (*Study, error) {
	s := &Study{Path: path}
	if err := readJSON(filepath.Join(path, designFile), &s.Design); err != nil {
		return nil, err
	}
	if err := readJSON(filepath.Join(path, keyFile), &s.Key); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("%s: %w; its files do not belong together or were changed", path, err)
	}
	return s, nil
}

func (s *Study) check() error {
	if s.Version != MaterialVersion || len(s.Comparisons) == 0 || len(s.Key.Secret) != 32 || len(s.Key.Material.Methods) != 2 {
		return errors.New("no study of this version")
	}
	seen := map[string]bool{}
	for _, c := range s.Comparisons {
		sides, known := s.Key.Sides[c.ID]
		if !known || seen[c.ID] || !slices.Contains(Questions, c.Question) || !slices.Contains(s.Key.Material.Methods, sides.First) {
			return fmt.Errorf("comparison %.40q has no place in the key", c.ID)
		}
		seen[c.ID] = true
		for _, p := range []*Picture{c.Target, c.First.Picture, c.Second.Picture} {
			if p != nil && !servedPattern.MatchString(p.File) {
				return fmt.Errorf("%.40q is no picture of a study", p.File)
			}
		}
	}
	return nil
}

// PictureFolder holds the served pictures.
func (s *Study) PictureFolder() string { return filepath.Join(s.Path, pictureFolder) }

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing: name a folder that transfera study build wrote", path)
	}
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
