package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"transfera/data"
)

// names are those of so many classes: of the options, else stored, those in the weights, else their numbers.
func (o Options) names(classes int, stored []string) ([]string, error) {
	var names []string
	var err error
	source := o.Weights + ": its metadata labels"
	switch {
	case o.Labels != "":
		source = "--labels " + o.Labels
		names, err = readLabels(o.Labels)
	case o.Data != "":
		source = "--data " + o.Data
		var folder *data.Folder
		if folder, err = data.OpenImageFolder(o.Data, data.FolderOptions{}); err == nil {
			names = folder.Classes()
		}
	case stored != nil:
		names = stored
	default:
		for class := range classes {
			names = append(names, strconv.Itoa(class))
		}
	}
	if err != nil {
		return nil, err
	}
	if len(names) != classes {
		return nil, fmt.Errorf("%s: %d names of classes, but %s tells %d apart", source, len(names), o.Weights, classes)
	}
	return names, nil
}

// readLabels reads a file with one name a line, or a JSON list of names.
func readLabels(path string) ([]string, error) {
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
