package classifier

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// ReadLabels reads the names of classes from the file of the flag --labels: one name a line, or a JSON list.
func ReadLabels(path string) ([]string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--labels: %w", err)
	}
	if !utf8.Valid(content) {
		return nil, fmt.Errorf("--labels %s: this is no text; write one name a line, or a JSON list", path)
	}
	var names []string
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("[")) {
		if err := json.Unmarshal(content, &names); err != nil {
			return nil, fmt.Errorf("--labels %s: it begins as JSON and is no list of names: %w", path, err)
		}
	} else {
		for line := range strings.Lines(string(content)) {
			names = append(names, strings.TrimSpace(line))
		}
	}
	if i := slices.Index(names, ""); i >= 0 {
		return nil, fmt.Errorf("--labels %s: name %d is empty; every class needs one", path, i+1)
	}
	return names, nil
}
