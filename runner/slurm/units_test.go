package slurm

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"transfera/runner/dag"
)

func plainStage(g *dag.Graph, name, group string, inputs ...*dag.Stage) *dag.Stage {
	return g.Add(dag.New(dag.Definition{Kind: "k", Name: name, Settings: name, Group: group, Inputs: inputs}))
}

// Members of a group that are not equally far down would make a unit wait for itself, or for what waits for it.
func TestGroupIsOneUnitPerLevel(t *testing.T) {
	g := &dag.Graph{}
	r := plainStage(g, "r", "")
	cached := plainStage(g, "cached", "")
	first := plainStage(g, "first", "g", r)
	beside := plainStage(g, "beside", "g", r, cached)
	late := plainStage(g, "late", "g", first)
	other := plainStage(g, "other", "", cached)
	var got []string
	for _, u := range unitsOf([]*dag.Stage{r, first, beside, late, other}) {
		var names []string
		for _, s := range u.stages {
			names = append(names, s.Name)
		}
		got = append(got, strings.Join(names, " "))
	}
	assert.Equal(t, []string{"r", "other", "first beside", "late"}, got)
}

// submittedAs is a unit that is task i of a job.
func submittedAs(b *batch, i int) *unit {
	b.Tasks[i] = nil
	return &unit{batch: b, task: task{b.Job, i}}
}

func TestArraysOfOneLevel(t *testing.T) {
	recognizers, processors := &batch{Job: "7", Tasks: map[int][]string{}}, &batch{Job: "8", Tasks: map[int][]string{}}
	r, s, other := submittedAs(recognizers, 0), submittedAs(recognizers, 1), submittedAs(recognizers, 2)
	p, q, u := submittedAs(processors, 0), submittedAs(processors, 2), submittedAs(processors, 3)
	cases := map[string]struct {
		needs [][]*unit // per unit
		want  []string  // array and dependency of each job
	}{
		"nothing to wait for":             {[][]*unit{{}, {}, {}}, []string{"0-2 "}},
		"the same":                        {[][]*unit{{r, s}, {r, s}}, []string{"0-1 afterok:7_0:7_1"}},
		"all of a job":                    {[][]*unit{{r, s, other}}, []string{"0 afterok:7"}},
		"one each":                        {[][]*unit{{p}, {q}, {u}}, []string{"0,2-3 aftercorr:8"}},
		"one each and others in common":   {[][]*unit{{p, r}, {q, r}}, []string{"0,2 aftercorr:8,afterok:7_0"}},
		"one each, others differ":         {[][]*unit{{p, r}, {q, s}}, []string{"0 afterok:8_0,afterok:7_0", "0 afterok:8_2,afterok:7_1"}},
		"some the same, the others alone": {[][]*unit{{r}, {r}, {s}, {p, q}}, []string{"0-1 afterok:7_0", "0 afterok:7_1", "0 afterok:8_0:8_2"}},
		"one of one job in common":        {[][]*unit{{p, q}, {q, u}}, []string{"0,3 aftercorr:8,afterok:8_2"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			g := &dag.Graph{}
			needs := map[*unit][]*unit{}
			var units []*unit
			for range c.needs {
				units = append(units, &unit{stages: []*dag.Stage{plainStage(g, "s", "")}})
				needs[units[len(units)-1]] = c.needs[len(units)-1]
			}
			var got []string
			for _, a := range arrays(units, 10, func(u *unit) []*unit { return needs[u] }, func(*unit) string { return "" }) {
				got = append(got, a.ranges(0)+" "+a.dependency())
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestWordsSurviveAShell(t *testing.T) {
	assert.Equal(t, `'it'\''s $HOME'`, quote("it's $HOME"))
}
