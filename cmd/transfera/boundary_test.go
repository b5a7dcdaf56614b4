package main

import (
	"encoding/csv"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Everything that an experiment with boundaries gives: rows, tables, figures and sentences, the same however it is computed.
func TestBoundariesAreComparedAndExplained(t *testing.T) {
	p := newPlace(t)
	got := p.run(t, "testdata/boundary")
	require.NoError(t, got.err, got.stderr)
	records, err := csv.NewReader(strings.NewReader(p.read(t, "boundaries.csv"))).ReadAll()
	require.NoError(t, err)
	seen := map[string]float64{}
	for _, r := range records[1:] {
		value, err := strconv.ParseFloat(r[8], 64)
		if r[8] == "" {
			value, err = math.NaN(), nil
		}
		require.NoError(t, err, r)
		seen[strings.Join([]string{r[1], r[2], r[3], r[5], r[6], r[7]}, " ")] = value
	}
	for _, direction := range []string{"clean resnet-s resnet-m distance legitimate", "clean resnet-s resnet-m distance adversarial", "clean resnet-s resnet-m distance random", "dn resnet-s resnet-m distance processing"} {
		minimum, inter := seen[direction+" min_dist"], seen[direction+" inter_dist"]
		assert.Positive(t, minimum, direction)
		assert.InDelta(t, inter/minimum, seen[direction+" ratio"], 1e-9, direction)
		assert.InDelta(t, inter-minimum, seen[direction+" inter_less_min"], 1e-9, direction)
	}
	assert.Contains(t, seen, "clean   sample  dropped")
	score, kappa := seen["clean resnet-s resnet-m agreement  score"], seen["clean resnet-s resnet-m agreement  kappa"]
	assert.Greater(t, score, kappa, "chance raises the score alone")
	assert.Positive(t, kappa)
	assert.Contains(t, seen, "clean resnet-s resnet-m region  iou")
	assert.Contains(t, seen, "   explanation region agreement (kappa) spearman")
	for _, name := range []string{"", "-2", "-3", "-4", "-5", "-6"} {
		assert.Contains(t, p.read(t, "figures/boundary"+name+".svg"), "</svg>")
	}
	assert.Contains(t, p.read(t, "tables/boundary-distances.txt"), "legitimate")
	assert.Contains(t, p.read(t, "report.html"), "the boundaries are closer to each other than to the images for")

	again := newPlace(t)
	got = again.run(t, "testdata/boundary", "--jobs", "2", "--loader-workers", "3")
	require.NoError(t, got.err, got.stderr)
	assert.Equal(t, p.read(t, "boundaries.csv"), again.read(t, "boundaries.csv"))
	assert.Equal(t, p.read(t, "figures/boundary-6.svg"), again.read(t, "figures/boundary-6.svg"))
}

func TestFiguresSayWhatTheyLack(t *testing.T) {
	for want, set := range map[string][]string{
		"figure 1, decision-regions, needs the key boundary, which says how boundaries are compared": {"figures=[{kind: decision-regions}]"},
		"figure 1 shows images that plain loses and ra wins, which needs both methods and a source":  {"figures=[{kind: picture-grid}]", "methods=[none, ra]"},
		"figure 1 draws the course of trainings, but there are none like that":                       {"figures=[{kind: training-curves}]", "methods=[none]"},
	} {
		p := newPlace(t)
		args := []string{}
		for _, s := range append(set, "tasks=[dn]", "tables=[]") {
			args = append(args, "--set", s)
		}
		got := p.run(t, tiny+"/every.yaml", args...)
		require.Error(t, got.err)
		assert.Contains(t, got.stderr, want)
	}
}
