package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scripts/faults kills runs in earnest and compares what they end in; here the log of one is cut.
func TestARunSaysWhatTheOneBeforeWasKilledAt(t *testing.T) {
	const note = "the run before this one was killed at work on recognizer"
	path := spec(t, "tasks: [dn]\nmethods: [none]\n")
	p := newPlace(t)
	first := p.run(t, path)
	require.NoError(t, first.err)
	assert.NotContains(t, first.stderr, note)
	log := filepath.Join(p.out, "run.log")
	whole := p.read(t, "run.log")
	killed := regexp.MustCompile(`^.* started +recognizer .*\n`).FindString(whole)
	require.NotEmpty(t, killed, whole)

	require.NoError(t, os.WriteFile(log, []byte(killed), 0o666))
	assert.NotContains(t, p.run(t, path).stderr, note, "somebody has computed it meanwhile")
	require.NoError(t, os.RemoveAll(filepath.Join(p.cache, "objects")))
	require.NoError(t, os.WriteFile(log, []byte(killed), 0o666))
	again := p.run(t, path)
	require.NoError(t, again.err)
	assert.Contains(t, again.stderr, note+" resnet-s; if memory ran out there, fewer --jobs or a smaller batch need less\n")
	require.NoError(t, os.RemoveAll(filepath.Join(p.cache, "objects")))
	assert.NotContains(t, p.run(t, path).stderr, note, "that one ended")
}
