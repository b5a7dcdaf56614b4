package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// documents are the pages that tell people what to type.
var documents = []string{"README.md", "RESULTS.md", "ARCHITECTURE.md"}

// repository is found before a test goes elsewhere.
var repository, _ = filepath.Abs("../..")

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, name))
	require.NoError(t, err)
	return string(text)
}

var (
	fence  = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```\n")
	line   = regexp.MustCompile(`(?m)^ {4}(\S.*)$`)
	inline = regexp.MustCompile("`((?:bin/)?transfera |make |go |python3 |perf |apt-get |TRANSFERA_\\w+=\\S+ |scripts/\\S+\\.(?:sh|py) )([^`]+)`")
	remark = regexp.MustCompile(`\s{3,}# .*$`)
)

// typed are the command lines of a document in their order, each once: indented lines and code in a sentence.
func typed(text string) []string {
	text = fence.ReplaceAllString(text, "")
	type found struct {
		at   int
		text string
	}
	var all []found
	for _, m := range line.FindAllStringSubmatchIndex(text, -1) {
		all = append(all, found{m[2], remark.ReplaceAllString(text[m[2]:m[3]], "")})
	}
	for _, m := range inline.FindAllStringSubmatchIndex(text, -1) {
		all = append(all, found{m[2], strings.Join(strings.Fields(text[m[2]:m[5]]), " ")})
	}
	slices.SortStableFunc(all, func(a, b found) int { return a.at - b.at })
	var commands []string
	for _, f := range all {
		if command := strings.ReplaceAll(strings.TrimSpace(f.text), "bin/transfera", "transfera"); !slices.Contains(commands, command) {
			commands = append(commands, command)
		}
	}
	return commands
}

// TestEveryCommandOfTheDocumentsIsGiven gives them in the order of the page, as trials says, in a folder like a fresh clone. A
// command that trials does not know fails, and so does an entry of trials that no page has.
func TestEveryCommandOfTheDocumentsIsGiven(t *testing.T) {
	r := newReader(t)
	var all []string
	for _, name := range documents {
		all = append(all, typed(document(t, name))...)
	}
	known := map[string]bool{}
	for _, command := range all {
		if known[command] {
			continue
		}
		known[command] = true
		t.Run(command, func(t *testing.T) {
			trial, ok := trials[command]
			switch {
			case strings.HasPrefix(command, "make "):
				dryRun(t, strings.Fields(command)[1:])
			case ok && trial.not != "":
				parsesIfOurs(t, command)
			case ok && trial.by != nil:
				trial.by(t, r, command)
			case ok:
				r.give(t, command, trial)
			default: // its name, which stands elsewhere with arguments
				assert.True(t, slices.ContainsFunc(all, func(other string) bool { return strings.HasPrefix(other, command+" ") }),
					"a new command; say in trials how the test gives it, or why it does not")
			}
		})
	}
	for command := range trials {
		assert.True(t, known[command], "no document has the command %q any more", command)
	}
}

// parsesIfOurs takes a command apart that is not given.
func parsesIfOurs(t *testing.T, command string) {
	t.Helper()
	if strings.HasPrefix(command, "transfera ") {
		parses(t, command)
	}
	if script := strings.Fields(command)[0]; strings.HasPrefix(script, "scripts/") {
		require.FileExists(t, filepath.Join(repository, script))
		out, err := exec.Command("bash", "-n", filepath.Join(repository, script)).CombinedOutput()
		assert.NoError(t, err, string(out))
	}
}

func TestTheReadmeNamesEveryCommandAndOnlyScriptsThatThereAre(t *testing.T) {
	readme := document(t, "README.md")
	for _, c := range newRoot().Commands() {
		if !c.Hidden && (c.Runnable() || c.HasSubCommands()) && c.Name() != "help" && c.Name() != "completion" {
			assert.Contains(t, readme, "`transfera "+c.Name(), "a command that the README does not name")
		}
	}
	for _, name := range documents {
		text := document(t, name)
		for _, path := range regexp.MustCompile(`(?:scripts|experiments|results/snapshots|models|runner|data|cmd)/[\w./-]*\w`).FindAllString(text, -1) {
			if strings.Contains(path, "NAME") {
				continue
			}
			assert.FileExists(t, existing(path), "%s names %s", name, path)
		}
		for _, test := range regexp.MustCompile(`\bTest[A-Z]\w+`).FindAllString(text, -1) {
			assert.NoError(t, exec.Command("grep", "-rqs", "--include=*_test.go", "func "+test+"(", repository).Run(), "%s names %s", name, test)
		}
	}
}

// existing is path below the repository, or the nearest file for a folder.
func existing(path string) string {
	path = filepath.Join(repository, path)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(repository, "go.mod") // FileExists wants no folder
	}
	return path
}

// TestLinksOfTheDocumentsLeadSomewhere follows links to files and to headings.
func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	heading := regexp.MustCompile(`(?m)^#+ (.*)$`)
	unspoken := regexp.MustCompile(`[^\p{L}\p{N} -]`)
	anchors := map[string][]string{}
	for _, name := range documents {
		for _, h := range heading.FindAllStringSubmatch(fence.ReplaceAllString(document(t, name), ""), -1) {
			anchors[name] = append(anchors[name], strings.ReplaceAll(unspoken.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-"))
		}
	}
	for _, name := range documents {
		for _, link := range regexp.MustCompile(`(?:\]\(|src=")([^)"]+)[)"]`).FindAllStringSubmatch(fence.ReplaceAllString(document(t, name), ""), -1) {
			file, anchor, within := strings.Cut(link[1], "#")
			if strings.Contains(file, "://") {
				continue
			}
			if file == "" {
				file = name
			}
			assert.FileExists(t, filepath.Join(repository, file), name)
			if within {
				assert.Contains(t, anchors[file], anchor, "%s links to a heading", name)
			}
		}
	}
}

// TestCodeOfTheReadmeIsThatOfTheFiles compares each block of Go with the file that the sentence before it links to. Where a
// line has only an ellipsis, something is left out.
func TestCodeOfTheReadmeIsThatOfTheFiles(t *testing.T) {
	text := document(t, "README.md")
	blocks := fence.FindAllStringSubmatchIndex(text, -1)
	compared := 0
	for _, b := range blocks {
		if text[b[2]:b[3]] != "go" {
			continue
		}
		links := regexp.MustCompile(`\]\(([^)]+\.go)\)`).FindAllStringSubmatch(text[:b[0]], -1)
		require.NotEmpty(t, links)
		file := links[len(links)-1][1]
		rest := document(t, file)
		for _, part := range regexp.MustCompile(`(?m)^\s*// \.\.\.\n`).Split(text[b[4]:b[5]], -1) {
			_, after, found := strings.Cut(rest, part)
			assert.True(t, found, "%s has no such lines, or none further down:\n%s", file, part)
			rest = after
			compared++
		}
	}
	assert.GreaterOrEqual(t, compared, 8)
}

// TestSpecsOfTheReadmeAreRight checks each block of YAML; parts of a spec are merged over one of the suites.
func TestSpecsOfTheReadmeAreRight(t *testing.T) {
	r := newReader(t)
	checked := 0
	for _, b := range fence.FindAllStringSubmatch(document(t, "README.md"), -1) {
		if b[1] != "yaml" {
			continue
		}
		text := b[2]
		switch {
		case strings.Contains(text, "extends: base.yaml"):
			text = strings.Replace(text, "base.yaml", "experiments/embedded/base.yaml", 1)
		case !strings.Contains(text, "extends:") && strings.Contains(text, "imagenet"):
			text = "extends: experiments/paper/quality.yaml\n" + text
		case !strings.Contains(text, "extends:"):
			text = "extends: experiments/embedded/architectures.yaml\n" + text
		}
		t.Setenv("CLOUD_KEY", "key")
		write(t, filepath.Join(r.root, "labels.csv"), "a,b\n")
		spec := write(t, filepath.Join(r.root, "example.yaml"), text)
		got := transfera(t, "check", "--specs-only", spec)
		assert.NoError(t, got.err, got.stderr+"\n"+text)
		checked++
	}
	assert.Equal(t, 4, checked)
}
