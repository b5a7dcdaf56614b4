package blackbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"transfera/results/atomicfile"
)

// response is one answer as it is kept: what came, when, and what was asked. Body is base64 in the file, so that its bytes
// survive whatever they are.
type response struct {
	URL     string    `json:"url"`
	Method  string    `json:"method"`
	Version string    `json:"version"`
	Image   string    `json:"image_sha256"`
	Time    time.Time `json:"time"`
	Status  int       `json:"status"`
	Sum     string    `json:"body_sha256"`
	Body    []byte    `json:"body"`
}

// responses are the answers in a folder, by the key of their question.
type responses string

func (r responses) path(key string) string { return filepath.Join(string(r), key[:2], key+".json") }

// errDamaged is the error of a file that is there and cannot be used.
var errDamaged = errors.New("damaged")

// load reads an answer, nil if there is none. A file that is not what was written is errDamaged.
func (r responses) load(key string) (*response, error) {
	data, err := os.ReadFile(r.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	var found response
	if err := json.Unmarshal(data, &found); err != nil {
		return nil, fmt.Errorf("%s is %w: %v", r.path(key), errDamaged, err)
	}
	if found.Sum != hashOf(string(found.Body)) || !json.Valid(found.Body) {
		return nil, fmt.Errorf("%s is %w: its checksum is another one", r.path(key), errDamaged)
	}
	return &found, nil
}

// keep writes an answer.
func (r responses) keep(key string, answer *response) error {
	answer.Sum = hashOf(string(answer.Body))
	data, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	if err := atomicfile.Write(r.path(key), append(data, '\n')); err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}
