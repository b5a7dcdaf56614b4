package experiments

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Far more than any spec, and few enough to read by mistake.
const mostBytes = 4 << 20

// readSpec reads the file called name and everything it extends, merged. The node is
// nil if nothing could be read, and not whole if something that it extends could not.
func readSpec(name string) (root *node, whole bool, diags Diagnostics) {
	return extend(name, nil, nil)
}

// extend reads name, which asked (a node, nil for the user) wants, and merges it
// over what it extends; chain lists the files that are being extended.
func extend(name string, asked *node, chain []string) (root *node, whole bool, diags Diagnostics) {
	if i := position(chain, name); i >= 0 {
		loop := append(append([]string{}, chain[i:]...), name)
		d := asked.here("a file extends itself: " + strings.Join(loop, " -> "))
		return nil, false, Diagnostics{d}
	}
	src, text, err := open(name)
	if err != nil {
		return nil, false, Diagnostics{unreadable(name, asked, err)}
	}
	root, diags = parse(src, text, 0)
	if root == nil {
		if len(diags) == 0 {
			diags = append(diags, Diagnostic{Summary: "the file is empty", File: name})
		}
		return nil, false, diags
	}
	if root.sort != mapping {
		return nil, false, append(diags, root.here(fmt.Sprintf("a spec is a mapping of keys to values, not %s", root.what())))
	}
	parent := root.get("extends")
	if parent == nil {
		return root, true, diags
	}
	text, ok := parent.asText()
	if !ok { // the decoder says so
		return root, false, diags
	}
	if !filepath.IsAbs(text) {
		text = filepath.Join(filepath.Dir(name), text)
	}
	base, whole, more := extend(text, parent, append(chain, name))
	return merge(base, root), whole, append(diags, more...)
}

// position returns the index in chain of the file that name is, or -1.
func position(chain []string, name string) int {
	info, err := os.Stat(name)
	if err != nil {
		return -1
	}
	for i, other := range chain {
		if o, err := os.Stat(other); err == nil && os.SameFile(info, o) {
			return i
		}
	}
	return -1
}

func open(name string) (*source, string, error) {
	if info, err := os.Stat(name); err != nil {
		return nil, "", err
	} else if !info.Mode().IsRegular() { // opening a pipe would wait for its writer
		return nil, "", errors.New("it is not a file")
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, mostBytes+1))
	if err != nil {
		return nil, "", err
	}
	if len(data) > mostBytes {
		return nil, "", fmt.Errorf("it is larger than %d MiB, which no spec is", mostBytes>>20)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	return &source{name: name, path: name, lines: strings.Split(text, "\n")}, text, nil
}

// unreadable says why a file could not be read, where it was asked for.
func unreadable(name string, asked *node, err error) Diagnostic {
	reason := err
	var path *fs.PathError
	if errors.As(err, &path) {
		reason = path.Err
	}
	if asked == nil {
		return Diagnostic{Summary: fmt.Sprintf("cannot read the spec: %v", reason), File: name, Suggestion: neighbour(name)}
	}
	d := asked.here(fmt.Sprintf("cannot read %s: %v", name, reason))
	if near := neighbour(name); near != "" {
		d.Suggestion = filepath.Join(filepath.Dir(asked.text), filepath.Base(near))
	}
	return d
}

// neighbour returns the YAML file beside name whose name is nearest to it.
func neighbour(name string) string {
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil {
		return ""
	}
	var files []string
	for _, e := range entries {
		if isYAML(e.Name()) {
			files = append(files, e.Name())
		}
	}
	near := suggest(filepath.Base(name), files)
	if near == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(name), near)
}

func isYAML(name string) bool {
	ext := filepath.Ext(name)
	return ext == ".yaml" || ext == ".yml"
}
