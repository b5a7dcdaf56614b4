package study

import (
	"fmt"
	"math"
	"slices"

	"transfera/metrics/statistics"
	"transfera/results"
)

// AllTasks and AllQuestions stand in a Group for what is pooled.
const (
	AllTasks     = "all"
	AllQuestions = "all"
)

// Analysis is what a study's votes say. It names participants P1, P2, ... in the order of their first vote.
type Analysis struct {
	Experiment string `json:"experiment"`
	Title      string `json:"title"`
	Evaluator  string `json:"evaluator"`
	Source     string `json:"source"`
	Lambda     string `json:"lambda"`
	// Base and Other are the two methods, such as plain and ra.
	Base  string `json:"base"`
	Other string `json:"other"`
	Votes int    `json:"votes"`
	// Comparisons that were asked, and items that gave none.
	Comparisons  int           `json:"comparisons"`
	LeftOut      []LeftOut     `json:"left_out"`
	Participants []Participant `json:"participants"`
	// Groups are every kind of question on every task, then what is pooled over tasks and over questions.
	Groups []Group `json:"groups"`
	// Torn says that an unfinished vote was ignored.
	Torn bool `json:"torn,omitempty"`
}

// Participant is how far one came.
type Participant struct {
	Name  string `json:"name"`
	Votes int    `json:"votes"`
}

// Group is a set of comparisons with its votes.
type Group struct {
	Question string `json:"question"`
	Task     string `json:"task"`
	// Comparisons that were voted on, and Participants who voted.
	Comparisons  int `json:"comparisons"`
	Participants int `json:"participants"`
	Votes        int `json:"votes"`
	// Shares of the votes for Other, for no difference and for Base.
	Other Share `json:"other"`
	None  Share `json:"none"`
	Base  Share `json:"base"`
	// P is the exact two-sided sign test's between Other and Base, PHolm the same corrected over all groups.
	P     float64 `json:"p"`
	PHolm float64 `json:"p_holm"`
	// Alpha is Krippendorff's, nil where it does not exist; Fleiss is nil unless all comparisons have as many votes.
	Alpha     *float64 `json:"alpha"`
	AlphaLow  *float64 `json:"alpha_low"`
	AlphaHigh *float64 `json:"alpha_high"`
	Fleiss    *float64 `json:"fleiss"`
	// Repeated is the number of comparisons with two votes or more, which alpha rests on.
	Repeated int `json:"repeated"`
}

// Share is a share of votes in percent with its exact 95 % interval, which takes votes as independent.
type Share struct {
	Votes int      `json:"votes"`
	Value *float64 `json:"value"` // nil without votes
	Low   *float64 `json:"low"`
	High  *float64 `json:"high"`
}

// Significant tells whether the sign test finds a preference at 5 % after correction.
func (g Group) Significant() bool { return g.PHolm < 0.05 }

// Analyze checks a study's votes and says what they are for. Votes may be analyzed while the study is served.
func Analyze(s *Study) (*Analysis, error) {
	record, err := s.ReadVotes()
	if err != nil {
		return nil, err
	}
	m := s.Key.Material
	a := &Analysis{
		Experiment: m.Experiment, Title: m.Title, Evaluator: m.Evaluator, Source: m.Source, Lambda: m.Lambda,
		Base: m.Methods[0], Other: m.Methods[1], Votes: len(record.Votes), Comparisons: len(s.Comparisons), LeftOut: s.Key.LeftOut,
		Participants: []Participant{}, Torn: record.Torn > 0,
	}
	a.participants(record.Votes)
	for _, kind := range s.groups() {
		a.Groups = append(a.Groups, s.group(kind, record.Votes))
	}
	p := make([]float64, len(a.Groups))
	for i, g := range a.Groups {
		p[i] = g.P
	}
	for i, corrected := range statistics.Holm(p) {
		a.Groups[i].PHolm = corrected
	}
	return a, nil
}

func (a *Analysis) participants(votes []Vote) {
	var names []string
	for _, v := range votes {
		i := slices.Index(names, v.Participant)
		if i < 0 {
			i = len(names)
			names = append(names, v.Participant)
			a.Participants = append(a.Participants, Participant{Name: fmt.Sprintf("P%d", i+1)})
		}
		a.Participants[i].Votes++
	}
}

// groupOf names a group.
type groupOf struct{ question, task string }

func (k groupOf) holds(c Comparison, sides Sides) bool {
	return (k.question == AllQuestions || k.question == c.Question) && (k.task == AllTasks || k.task == sides.Task)
}

// groups are those of the study: what is pooled only where there are several to pool.
func (s *Study) groups() []groupOf {
	tasks := map[string][]string{} // by question
	for _, c := range s.Comparisons {
		if task := s.Key.Sides[c.ID].Task; !slices.Contains(tasks[c.Question], task) {
			tasks[c.Question] = append(tasks[c.Question], task)
		}
	}
	var groups []groupOf
	for _, q := range Questions {
		results.SortTasks(tasks[q])
		for _, task := range tasks[q] {
			groups = append(groups, groupOf{q, task})
		}
		if len(tasks[q]) > 1 {
			groups = append(groups, groupOf{q, AllTasks})
		}
	}
	if len(tasks) > 1 {
		groups = append(groups, groupOf{AllQuestions, AllTasks})
	}
	return groups
}

// group counts and tests the votes of a group.
func (s *Study) group(kind groupOf, votes []Vote) Group {
	g := Group{Question: kind.question, Task: kind.task}
	comparisons := map[string]Comparison{}
	for _, c := range s.Comparisons {
		comparisons[c.ID] = c
	}
	place := map[string]int{}
	people := map[string]bool{}
	var counts [][]int // other, none, base; by comparison
	total := [3]int{}
	for _, v := range votes {
		if !kind.holds(comparisons[v.Comparison], s.Key.Sides[v.Comparison]) {
			continue
		}
		at, known := place[v.Comparison]
		if !known {
			at = len(counts)
			place[v.Comparison] = at
			counts = append(counts, make([]int, 3))
		}
		choice := s.choice(v)
		counts[at][choice]++
		total[choice]++
		people[v.Participant] = true
		g.Votes++
	}
	g.Comparisons, g.Participants = len(counts), len(people)
	g.Other, g.None, g.Base = share(total[0], g.Votes), share(total[1], g.Votes), share(total[2], g.Votes)
	g.P = statistics.SignTest(total[0], total[2])
	agreement := statistics.Agree(counts, statistics.Level, statistics.Resamples, s.Seed)
	g.Alpha, g.Fleiss, g.Repeated = known(agreement.Alpha), known(agreement.Fleiss), agreement.Units
	g.AlphaLow, g.AlphaHigh = known(agreement.Interval.Low), known(agreement.Interval.High)
	return g
}

// choice is 0 for the other method, 1 for no difference, 2 for the base.
func (s *Study) choice(v Vote) int {
	if v.Answer == AnswerNone {
		return 1
	}
	first := s.Key.Secret.FirstIsLeft(v.Participant, v.Comparison) == (v.Answer == AnswerLeft)
	if first == (s.Key.Sides[v.Comparison].First == s.Key.Material.Methods[1]) {
		return 0
	}
	return 2
}

func share(votes, of int) Share {
	s := Share{Votes: votes}
	if of == 0 {
		return s
	}
	interval := statistics.ClopperPearson(votes, of, statistics.Level)
	s.Value, s.Low, s.High = known(100*float64(votes)/float64(of)), known(100*interval.Low), known(100*interval.High)
	return s
}

// known is nil for what does not exist.
func known(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}
