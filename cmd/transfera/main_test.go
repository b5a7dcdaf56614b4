package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asCommand makes the test binary be the command, for tests that need processes of their own.
const asCommand = "TRANSFERA_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// said is what one command line came to.
type said struct {
	stdout, stderr string
	err            error
}

func transfera(t *testing.T, args ...string) said {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err := run(t.Context(), &stdout, &stderr, args)
	assert.NotContains(t, stderr.String(), "goroutine ", "a user's mistake ends in a sentence")
	return said{stdout.String(), stderr.String(), err}
}

// place is a cache and a folder for results, both fresh.
type place struct{ cache, out string }

func newPlace(t *testing.T) place {
	root := t.TempDir()
	return place{cache: filepath.Join(root, "cache"), out: filepath.Join(root, "out")}
}

// flags are those of every command on a suite. One worker makes the order of what is said certain.
func (p place) flags(more ...string) []string {
	return append([]string{"--cache", p.cache, "--out", p.out, "--device", "cpu", "--jobs", "1"}, more...)
}

func (p place) run(t *testing.T, suite string, more ...string) said {
	t.Helper()
	return transfera(t, append([]string{"run", suite}, p.flags(more...)...)...)
}

func (p place) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(p.out, name))
	require.NoError(t, err)
	return string(data)
}

// filesBelow lists the files of a folder and below, none if it is not there.
func filesBelow(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			relative, _ := filepath.Rel(folder, path)
			files = append(files, filepath.ToSlash(relative))
		}
		return err
	})
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	return files
}

// sums are those of all files of all stages but the records, which hold times.
func sums(t *testing.T, p place) map[string][32]byte {
	t.Helper()
	all := map[string][32]byte{}
	folder := filepath.Join(p.cache, "objects")
	for _, name := range filesBelow(t, folder) {
		if !strings.HasPrefix(filepath.Base(name), "stage.json") {
			data, err := os.ReadFile(filepath.Join(folder, name))
			require.NoError(t, err)
			all[name] = sha256.Sum256(data)
		}
	}
	return all
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	return path
}

// spec writes an experiment over the tests' base into a folder of its own.
func spec(t *testing.T, text string) string {
	t.Helper()
	base, err := filepath.Abs("testdata/base.yaml")
	require.NoError(t, err)
	return write(t, filepath.Join(t.TempDir(), "spec.yaml"), "extends: "+base+"\n"+text)
}

func TestStoppedRunSaysHowToGoOn(t *testing.T) {
	p := newPlace(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	var stderr bytes.Buffer
	cancel(errors.New("interrupted"))
	err := run(ctx, &bytes.Buffer{}, &stderr, append([]string{"run", "testdata/tiny/every.yaml"}, p.flags()...))
	require.Error(t, err)
	assert.True(t, strings.HasSuffix(stderr.String(), "interrupted; the same command goes on from here\n"), stderr.String())
	assert.NotContains(t, filesBelow(t, p.out), "cells.csv")
}
