package study

import (
	"fmt"
	"strings"
)

// few is the number of votes below which a group's shares say little: the interval of a half is then 37 points wide or more.
const few = 30

// Findings are what the tests say, one sentence per group of the finest kind and per pooled one.
func (a *Analysis) Findings() []string {
	var sentences []string
	for _, g := range a.Groups {
		sentences = append(sentences, a.finding(g))
	}
	return sentences
}

func (a *Analysis) finding(g Group) string {
	where := g.describe()
	if g.Votes == 0 {
		return fmt.Sprintf("%s: no votes.", where)
	}
	shares := fmt.Sprintf("%d votes for %s, %d for %s, %d for no difference; corrected p %s", g.Other.Votes, a.Other, g.Base.Votes, a.Base, g.None.Votes, probability(g.PHolm))
	switch {
	case g.Significant() && g.Other.Votes > g.Base.Votes:
		return fmt.Sprintf("%s: the participants prefer %s (%s).", where, a.Other, shares)
	case g.Significant():
		return fmt.Sprintf("%s: the participants prefer %s (%s).", where, a.Base, shares)
	}
	return fmt.Sprintf("%s: no preference shows, which is not the same as none (%s).", where, shares)
}

// describe names a group as the start of a sentence.
func (g Group) describe() string {
	name := map[string]string{QuestionLabels: "Labels", QuestionPictures: "Pictures", AllQuestions: "Both questions"}[g.Question]
	if g.Task == AllTasks {
		if g.Question == AllQuestions {
			return name
		}
		return name + ", all tasks"
	}
	return name + ", " + g.Task
}

func probability(p float64) string {
	if p < 0.0001 {
		return "below 0.0001"
	}
	return fmt.Sprintf("%.4f", p)
}

// Warnings are reasons to trust the analysis less.
func (a *Analysis) Warnings() []string {
	var warnings []string
	var short []string
	for _, g := range a.Groups {
		if g.Votes < few {
			short = append(short, fmt.Sprintf("%s %d", g.describe(), g.Votes))
		}
	}
	if short != nil {
		warnings = append(warnings, fmt.Sprintf("fewer than %d votes, too few to say much: %s", few, strings.Join(short, "; ")))
	}
	if n := len(a.Participants); n < 5 {
		warnings = append(warnings, fmt.Sprintf("%d %s: this says little about other people", n, plural(n, "participant", "participants")))
	}
	if a.Torn {
		warnings = append(warnings, "an unfinished last vote was ignored: a crash left it, or it was just being written; it was not confirmed")
	}
	return warnings
}

// Completion says how far the participants came.
func (a *Analysis) Completion() string {
	whole := 0
	var parts []string
	for _, p := range a.Participants {
		if p.Votes == a.Comparisons {
			whole++
		}
		parts = append(parts, fmt.Sprintf("%s %d", p.Name, p.Votes))
	}
	text := fmt.Sprintf("%d %s, %d votes on %d comparisons; %d answered all", len(a.Participants), plural(len(a.Participants), "participant", "participants"),
		a.Votes, a.Comparisons, whole)
	if parts != nil {
		text += "; votes of each: " + strings.Join(parts, ", ")
	}
	return text
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
