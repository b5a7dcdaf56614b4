package study_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
	"transfera/results/study"
)

// prefer lets a participant answer n comparisons, all if n is 0; choose names the method, or nothing for no difference.
func prefer(t *testing.T, s *study.Study, participant string, n int, choose func(question string, about study.Sides) string) {
	t.Helper()
	log, err := study.OpenLog(s)
	require.NoError(t, err)
	defer log.Close()
	for done := 0; n == 0 || done < n; done++ {
		c, position, ok := log.Next(participant)
		if !ok {
			return
		}
		about := s.Key.Sides[c.ID]
		answer := study.AnswerNone
		if method := choose(c.Question, about); method != "" {
			answer = study.AnswerRight
			if (method == about.First) == s.Key.Secret.FirstIsLeft(participant, c.ID) {
				answer = study.AnswerLeft
			}
		}
		require.NoError(t, log.Add(participant, c.ID, position, answer))
	}
}

// find is a group of an analysis.
func find(t *testing.T, a *study.Analysis, question, task string) study.Group {
	t.Helper()
	for _, g := range a.Groups {
		if g.Question == question && g.Task == task {
			return g
		}
	}
	t.Fatalf("no group %s, %s", question, task)
	return study.Group{}
}

func TestAnalysisEqualsHandComputedNumbers(t *testing.T) {
	s := build(t, 4, study.BuildOptions{Seed: 3})
	// Labels on sr are 3 comparisons, on dn 4; pictures on sr 4, on dn 3.
	always := func(method string) func(string, study.Sides) string {
		return func(string, study.Sides) string { return method }
	}
	prefer(t, s, "zoe", 0, always("ra"))
	prefer(t, s, "ann", 0, always("ra"))
	prefer(t, s, "bob", 0, func(question string, about study.Sides) string {
		switch {
		case question == study.QuestionPictures:
			return "plain"
		case about.Task == "sr":
			return ""
		}
		return "ra"
	})
	a, err := study.Analyze(s)
	require.NoError(t, err)
	assert.Equal(t, 42, a.Votes)
	assert.Equal(t, []study.Participant{{Name: "P1", Votes: 14}, {Name: "P2", Votes: 14}, {Name: "P3", Votes: 14}}, a.Participants)
	require.Len(t, a.Groups, 7)

	dn := find(t, a, study.QuestionLabels, "dn") // 12 of 12 for ra
	assert.Equal(t, [3]int{12, 0, 0}, [3]int{dn.Other.Votes, dn.None.Votes, dn.Base.Votes})
	assert.InDelta(t, 100, *dn.Other.Value, 1e-12)
	assert.InDelta(t, 73.53515, *dn.Other.Low, 1e-5, "0.025^(1/12)")
	assert.InDelta(t, 100, *dn.Other.High, 1e-12)
	assert.InDelta(t, 2.0/4096, dn.P, 1e-15)
	assert.InDelta(t, 5*2.0/4096, dn.PHolm, 1e-12, "third smallest of seven")
	assert.Nil(t, dn.Alpha, "nobody disagrees")
	assert.True(t, dn.Significant())

	sr := find(t, a, study.QuestionLabels, "sr") // 6 for ra, 3 for no difference
	assert.Equal(t, [3]int{6, 3, 0}, [3]int{sr.Other.Votes, sr.None.Votes, sr.Base.Votes})
	assert.InDelta(t, 2.0/64, sr.P, 1e-15)
	// Each of 3 units: 2 against 1, disagreement 4/2 each, observed 6; expected (6*3+3*6)/8 = 4.5.
	assert.InDelta(t, 1-6/4.5, *sr.Alpha, 1e-12)
	// All pairs of one answer: (2+0)/6 agree; chance is 4/9 + 1/9.
	assert.InDelta(t, (1.0/3-5.0/9)/(1-5.0/9), *sr.Fleiss, 1e-12)

	pictures := find(t, a, study.QuestionPictures, study.AllTasks) // 14 for ra, 7 for plain
	assert.Equal(t, [3]int{14, 0, 7}, [3]int{pictures.Other.Votes, pictures.None.Votes, pictures.Base.Votes})
	assert.InDelta(t, 0.18924713134765625, pictures.P, 1e-14, "2 * sum of C(21,k), k=0..7, / 2^21")
	assert.Equal(t, 7, pictures.Comparisons)
	assert.False(t, pictures.Significant())

	findings := strings.Join(a.Findings(), "\n")
	assert.Contains(t, findings, "Labels, dn: the participants prefer ra (12 votes for ra, 0 for plain, 0 for no difference; corrected p 0.0024).")
	assert.Contains(t, findings, "Pictures, all tasks: no preference shows")
	assert.Contains(t, strings.Join(a.Warnings(), "\n"), "fewer than 30 votes, too few to say much: Labels, sr 9; ")
	text, err := a.Table().Text()
	require.NoError(t, err)
	for _, want := range []string{"73.5", "Warning: 3 participants: this says little about other people", "1 item gave no comparison of labels: the two lists are equal"} {
		assert.Contains(t, text, want)
	}
}

func TestPreferenceForTheBaseIsSaid(t *testing.T) {
	s := build(t, 4, study.BuildOptions{Seed: 3, Questions: []string{study.QuestionPictures}})
	for i := range 3 {
		prefer(t, s, fmt.Sprint("p", i), 0, func(string, study.Sides) string { return "plain" })
	}
	a, err := study.Analyze(s)
	require.NoError(t, err)
	assert.Contains(t, a.Findings(), "Pictures, all tasks: the participants prefer plain (0 votes for ra, 21 for plain, 0 for no difference; corrected p below 0.0001).")
	assert.Len(t, a.Groups, 3, "one question is not pooled with itself")
}

func TestSidesCarryNoSignOfTheMethod(t *testing.T) {
	s := build(t, 60, study.BuildOptions{Seed: 3})
	const participants = 20
	left, first, early, byID, n := 0, 0, 0, 0, 0
	orders := map[string]bool{}
	for p := range participants {
		name := fmt.Sprint("p", p)
		order := s.Key.Secret.Order(s.Comparisons, name)
		orders[order[0].ID+order[1].ID+order[2].ID] = true
		for i, c := range order {
			raIsFirst := s.Key.Sides[c.ID].First == "ra"
			raIsLeft := s.Key.Secret.FirstIsLeft(name, c.ID) == raIsFirst
			n++
			left += count(raIsLeft)
			early += count(raIsLeft == (i%2 == 0))
			byID += count(raIsLeft == (s.Key.Secret.Name("shown", name, c.ID) < "8"))
		}
	}
	for _, c := range s.Comparisons {
		first += count(s.Key.Sides[c.ID].First == "ra")
		if c.First.Picture != nil {
			first += count((s.Key.Sides[c.ID].First == "ra") == (c.First.Picture.File < c.Second.Picture.File)) - count(s.Key.Sides[c.ID].First == "ra")
		}
	}
	fair := func(k, of int, what string) { // five standard deviations: one false alarm in two million
		t.Helper()
		assert.InDelta(t, float64(of)/2, float64(k), 2.5*math.Sqrt(float64(of)), what)
	}
	fair(left, n, "ra at the left")
	fair(early, n, "side and position")
	fair(byID, n, "side and name in addresses")
	fair(first, len(s.Comparisons), "ra first, or its file's name lower")
	assert.Len(t, orders, participants, "everybody has an order of their own")
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func TestStudyWithoutVotesIsAnalyzed(t *testing.T) {
	s := build(t, 2, study.BuildOptions{Seed: 3})
	a, err := study.Analyze(s)
	require.NoError(t, err)
	assert.Contains(t, a.Findings(), "Labels, sr: no votes.")
	require.NoError(t, a.Publish(t.TempDir()))
}

func TestPublishedAnalysisIsReadBackWithoutNames(t *testing.T) {
	s := build(t, 4, study.BuildOptions{Seed: 3})
	prefer(t, s, "Zachariah", 0, func(string, study.Sides) string { return "ra" })
	prefer(t, s, "Wilhelmina", 5, func(string, study.Sides) string { return "" })
	a, err := study.Analyze(s)
	require.NoError(t, err)
	out := t.TempDir()
	require.NoError(t, a.Publish(out))
	folder := filepath.Join(out, "study", "transfer")
	assert.ElementsMatch(t, []string{
		"analysis.json", "preference.csv", "preference.json", "preference.md", "preference.png", "preference.svg", "preference.tex", "preference.txt",
	}, files(t, folder))
	for _, name := range files(t, folder) {
		data, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		assert.NotContains(t, string(data), "Zachariah", name)
		assert.NotContains(t, string(data), "Wilhelmina", name)
	}
	again, err := study.ReadAnalysis(folder)
	require.NoError(t, err)
	assert.Equal(t, a, again)
	table, err := results.ReadTable(filepath.Join(folder, "preference.json"))
	require.NoError(t, err)
	assert.Len(t, table.Rows, 21)
}
