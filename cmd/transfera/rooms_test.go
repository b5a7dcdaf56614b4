package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/runner/stages"
)

// below says what each room may import of ours. A room may also import the rooms inside itself.
var below = map[string][]string{
	"cmd":         {"runner", "experiments", "results", "metrics", "models", "data", "aten"},
	"scripts":     {"runner", "experiments", "results", "metrics", "models", "data", "aten"}, // a benchmark uses everything
	"runner":      {"experiments", "results", "metrics", "models", "data", "aten"},
	"experiments": {},
	"results":     {"metrics"},
	"metrics":     {"aten"},
	"models":      {"aten"},
	"data":        {"aten"},
	"aten":        {},
	"fuzztest":    {},
}

// TestImportsGoOneWay is the architecture as ARCHITECTURE.md draws it.
func TestImportsGoOneWay(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "transfera/...")
	text, err := list.Output()
	require.NoError(t, err)
	packages := 0
	for in := json.NewDecoder(strings.NewReader(string(text))); ; packages++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := in.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		room := roomOf(p.ImportPath)
		allowed, known := below[room]
		if !assert.True(t, known, "%s is in no room of ARCHITECTURE.md; put it into one, or give it one here and there", p.ImportPath) {
			continue
		}
		for _, imported := range p.Imports {
			if to := roomOf(imported); to != "" && to != room {
				assert.Contains(t, allowed, to, "%s imports %s, which stands above or beside it", p.ImportPath, imported)
			}
			// The seam to libtorch is aten's alone.
			if strings.HasPrefix(imported, "github.com/wangkuiyi/gotorch") {
				assert.Equal(t, "aten", room, "%s imports gotorch past aten", p.ImportPath)
			}
		}
	}
	assert.Greater(t, packages, 30, "go list found too few packages for this to mean anything")
}

// TestTheArchitectureNamesWhatThereIs holds the page to the packages, to the kinds of stage and to their files.
func TestTheArchitectureNamesWhatThereIs(t *testing.T) {
	page := document(t, "ARCHITECTURE.md")
	list, err := exec.CommandContext(t.Context(), "go", "list", "transfera/...").Output()
	require.NoError(t, err)
	for path := range strings.FieldsSeq(string(list)) {
		if name := filepath.Base(path); !strings.HasSuffix(name, "test") {
			assert.Regexp(t, "`(cmd/)?"+name+"`", page, path)
		}
	}
	kinds := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| .* \\| `\\w+\\.go`.*$").FindAllStringSubmatch(page, -1)
	assert.Len(t, kinds, len(stages.Names().Stages)+1, "what a cluster computes, and tables")
	for _, kind := range kinds {
		makes := regexp.MustCompile(`(Kind: +|definition\(|stage\()"` + kind[1] + `[" ]`)
		made := false
		for _, file := range regexp.MustCompile("`(\\w+\\.go)`").FindAllStringSubmatch(kind[0], -1) {
			text, err := os.ReadFile(filepath.Join(repository, "runner", "stages", file[1]))
			require.NoError(t, err)
			made = made || makes.Match(text)
		}
		assert.True(t, made, "the files named plan no stage of kind %s", kind[1])
	}
}

// roomOf is the first folder of a package of ours, and empty for others.
func roomOf(path string) string {
	inside, ours := strings.CutPrefix(path, "transfera/")
	if !ours {
		return ""
	}
	room, _, _ := strings.Cut(inside, "/")
	return room
}
