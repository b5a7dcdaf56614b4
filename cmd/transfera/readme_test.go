package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	block  = regexp.MustCompile(`(?m)^ {4}(?:bin/)?transfera (.*)$`)
	inline = regexp.MustCompile("`(?:bin/)?transfera ([^`]*)`")
	target = regexp.MustCompile(`(?m)^ {4}make ([a-z]+)`)
	script = regexp.MustCompile(`scripts/[a-z0-9_-]+\.(?:sh|py)`)
)

func documents(t *testing.T) (readme, all string) {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	readme = string(text)
	text, err = os.ReadFile("../../ARCHITECTURE.md")
	require.NoError(t, err)
	return readme, readme + string(text)
}

// TestDocumentsNameWhatExists takes every command line of the documents apart as the program would. The tests of the commands
// give them; what takes data or hours (the cifar10, bccd and paper suites) is run by hand.
func TestDocumentsNameWhatExists(t *testing.T) {
	readme, all := documents(t)
	found := block.FindAllStringSubmatch(all, -1)
	require.Greater(t, len(found), 4)
	for _, line := range found {
		parses(t, "transfera "+strings.NewReplacer("[", "", "]", "").Replace(line[1]))
	}
	for _, span := range inline.FindAllStringSubmatch(all, -1) {
		words := strings.Fields(strings.NewReplacer(`\|`, "|", "--gpus N", "--gpus 8").Replace(span[1]))
		c, rest, err := newRoot().Find(words)
		if !assert.NoError(t, err, span[0]) {
			continue
		}
		if c.HasSubCommands() && len(rest) > 0 { // as in weights inspect|convert
			for sub := range strings.SplitSeq(rest[0], "|") {
				_, _, err := newRoot().Find(append(words[:len(words)-len(rest)], sub))
				assert.NoError(t, err, span[0])
			}
			continue
		}
		assert.NoError(t, c.ParseFlags(rest), span[0])
	}
	makefile, err := os.ReadFile("../../Makefile")
	require.NoError(t, err)
	for _, line := range target.FindAllStringSubmatch(all, -1) {
		assert.Regexp(t, `(?m)^`+line[1]+`:`, string(makefile))
	}
	for _, path := range script.FindAllString(all, -1) {
		assert.FileExists(t, "../../"+path)
	}
	for _, c := range newRoot().Commands() {
		if !c.Hidden && c.Runnable() {
			assert.Contains(t, readme, "`transfera "+c.Name(), "a command that the README does not name")
		}
	}
}

// TestPicturesAndLinksOfDocumentsAreThere follows links to files.
func TestPicturesAndLinksOfDocumentsAreThere(t *testing.T) {
	_, all := documents(t)
	links := regexp.MustCompile(`\]\(([^)#]+)`).FindAllStringSubmatch(all, -1)
	require.Greater(t, len(links), 3)
	for _, link := range links {
		if !strings.Contains(link[1], "://") {
			assert.FileExists(t, "../../"+link[1])
		}
	}
}

// TestCommandsOfTheReadmeThatNeedNothingWork gives the command lines that need neither data nor time.
func TestCommandsOfTheReadmeThatNeedNothingWork(t *testing.T) {
	t.Chdir("../..")
	for _, line := range []string{"doctor", "models", "models srresnet", "schema", "check experiments/embedded"} {
		args := strings.Fields(line)
		if args[0] == "check" || args[0] == "doctor" {
			args = append(args, newPlace(t).flags()...)
		}
		got := transfera(t, args...)
		assert.NoError(t, got.err, line+got.stderr)
		assert.NotEmpty(t, got.stdout, line)
	}
}
