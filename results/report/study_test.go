package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results/report"
	"transfera/results/study"
	"transfera/results/study/studytest"
)

func TestStudyHasASectionOnceItIsAnalyzed(t *testing.T) {
	folder := small(t)
	studytest.Publish(t, folder, 2)
	assert.NotContains(t, written(t, folder), "User study", "material alone is no study")

	s, err := study.BuildFile(study.MaterialPath(folder, "transfer"), filepath.Join(folder, "study", "asked"), study.BuildOptions{Seed: 1})
	require.NoError(t, err)
	assert.NotContains(t, written(t, folder), "User study", "nor is a study without an analysis, wherever it is kept")
	log, err := study.OpenLog(s)
	require.NoError(t, err)
	c, position, _ := log.Next("Zachariah")
	require.NoError(t, log.Add("Zachariah", c.ID, position, study.AnswerNone))
	require.NoError(t, log.Close())
	a, err := study.Analyze(s)
	require.NoError(t, err)
	require.NoError(t, a.Publish(folder))

	text := written(t, folder)
	assert.NotContains(t, text, "Zachariah")
	page := parse(t, text)
	section := ""
	for _, e := range page.all("section") {
		if e.attribute("id") == "study" {
			section = e.text()
			assert.Len(t, e.all("img"), 1)
			assert.Len(t, e.all("table"), 1)
			assert.NotEmpty(t, e.all("img")[0].attribute("alt"))
		}
	}
	assert.Contains(t, section, "no preference shows")
	assert.Contains(t, section, "Fewer than 30 votes")

	for _, name := range []string{"preference.svg", "preference.png"} {
		require.NoError(t, os.Remove(filepath.Join(folder, "study", "transfer", name)))
	}
	_, err = report.Write(folder)
	require.ErrorContains(t, err, "remove the folder and run transfera study analyze again")
	assert.Equal(t, text, read(t, filepath.Join(folder, "report.html")), "the earlier report stays")
}
