package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The short form of the command: the faults that this machine can have, once each, on shorter trainings.
func TestEveryFaultLeavesNoWrongNumberAndAPlainRunMendsIt(t *testing.T) {
	t.Chdir("../..")
	var log bytes.Buffer
	b, err := newBed(&log, 1, "--set", "training.steps=12", "--set", "recognizers.resnet-s.train.epochs=2")
	require.NoError(t, err)
	defer b.close()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			if f.name == "clock" {
				t.Skip("builds all with another standard library, minutes; go run ./scripts/faults --faults clock")
			}
			if why := f.needs(b); why != "" {
				t.Skip(why)
			}
			tally := b.try(f, 1, "1/1")
			assert.Empty(t, tally.wrong)
			assert.Positive(t, tally.blows, "nothing was broken")
		})
	}
}

// A bed that finds nothing must be one that would.
func TestTheBedNoticesWhatIsWrong(t *testing.T) {
	t.Chdir("../..")
	var log bytes.Buffer
	b, err := newBed(&log, 1, "--set", "training.steps=2", "--set", "recognizers.resnet-s.train.epochs=1", "--set", "methods=[none, plain]")
	require.NoError(t, err)
	defer b.close()
	p, err := b.newPlace()
	require.NoError(t, err)
	defer p.remove()
	table := p.out + "/cells.csv"
	for _, c := range []struct {
		name  string
		spoil func() error
		want  string
	}{
		{"a number", func() error { return os.WriteFile(table, []byte("1"), 0o644) }, "cells.csv differs"},
		{"a missing table", func() error { return os.Remove(table) }, "cells.csv is missing"},
		{"half a report", func() error { return os.Truncate(p.out+"/report.html", 99) }, "report.html has no end"},
		{"a temporary file", func() error { return os.WriteFile(p.cache+"/x.tmp", nil, 0o644) }, "left behind"},
		{"a result", func() error {
			return b.spoil(files(p.cache, func(path string) bool { return strings.HasSuffix(path, "processor.safetensors") })[0], false)
		}, "processor.safetensors differs"},
	} {
		require.Zero(t, p.start().wait().code)
		require.NoError(t, p.whole(p.out), "before %s", c.name)
		require.NoError(t, c.spoil())
		assert.ErrorContains(t, p.whole(p.out), c.want)
		require.NoError(t, os.RemoveAll(p.cache+"/x.tmp"))
	}
	for said, clear := range map[string]bool{
		"transfera: no space left":              true,
		"":                                      false,
		"[1/2] table in 0s: about 3s left":      false,
		"panic: oh\n\ngoroutine 1 [running]:\n": false,
		"transfera: x\nfatal error: out of memory\n":       false,
		"spec.yaml:1:2: error: unknown key\n\n1 error\n":   true,
		"x: error while loading shared libraries: none":    false,
		"terminate called after throwing: std::bad_alloc:": false,
	} {
		_, got := ending{code: 1, said: said}.sentence("/root")
		assert.Equal(t, clear, got, said)
	}
}
