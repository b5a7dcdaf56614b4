package training

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/experiments"
)

func TestLearningRateChangesAtItsMilestones(t *testing.T) {
	paper := experiments.Training{LearningRate: 1, Epochs: 6, Schedule: []experiments.Milestone{{After: 4, Factor: 0.1}, {After: 5, Factor: 0.01}}}
	counted := experiments.Training{LearningRate: 1, Steps: 60, Schedule: []experiments.Milestone{{After: 4, Factor: 0.5}}}
	cases := []struct {
		recipe experiments.Training
		step   int
		want   float64
	}{
		{paper, 0, 1}, {paper, 39, 1}, {paper, 40, 0.1}, {paper, 49, 0.1}, {paper, 50, 0.01}, {paper, 59, 0.01},
		{counted, 3, 1}, {counted, 4, 0.5}, {counted, 59, 0.5},
	}
	for _, c := range cases {
		assert.InDelta(t, c.want, learningRate(c.recipe, c.step, 10), 1e-12, "step %d", c.step)
	}
	assert.Equal(t, 60, steps(paper, 10))
	assert.Equal(t, 60, steps(counted, 7))
}

func TestCourseIsWrittenAsMeansOfEqualStretches(t *testing.T) {
	short := newCourse([]string{"a", "b"})
	short.add([]float64{1, math.NaN()})
	short.add([]float64{2, 0.25})
	long := newCourse([]string{"a"})
	for i := range 401 { // stretches of 3, the last of 2
		long.add([]float64{float64(i)})
	}
	path := filepath.Join(t.TempDir(), "course.csv")
	read := func(c *Course) string {
		require.NoError(t, c.WriteCSV(path))
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		return string(text)
	}
	assert.Equal(t, "step,a,b\n1,1,\n2,2,0.25\n", read(short))
	lines := strings.Split(strings.TrimSpace(read(long)), "\n")
	assert.Len(t, lines, 1+134)
	assert.Equal(t, []string{"step,a", "3,1", "6,4"}, lines[:3])
	assert.Equal(t, "401,399.5", lines[134])
}
