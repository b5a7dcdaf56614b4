package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAddedTasksAndMethodsGetTheTables runs what the paper lacks: each is one file and a line in its registry.
func TestAddedTasksAndMethodsGetTheTables(t *testing.T) {
	p := newPlace(t)
	got := p.run(t, spec(t, `
degradations: {deblur: {kind: deblur, options: {sigma: 2}}}
tasks: [deblur]
methods: [none, plain, perceptual]
sources: [resnet-s]
evaluators: [resnet-s]
tables: [{rows: [task, method], columns: metric}]
`))
	require.NoError(t, got.err, got.stderr)
	cells := p.read(t, "cells.csv")
	for _, method := range []string{"none", "plain", "perceptual"} {
		assert.Contains(t, cells, ",deblur,"+method+",", method)
	}
}
