package study

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// The answers to a comparison.
const (
	AnswerLeft  = "left"
	AnswerRight = "right"
	AnswerNone  = "none" // no difference
)

// Answers are all of them.
var Answers = []string{AnswerLeft, AnswerNone, AnswerRight}

// Vote is one line of votes.jsonl.
type Vote struct {
	// Number counts the votes from 1 on.
	Number      int       `json:"number"`
	Time        time.Time `json:"time"`
	Participant string    `json:"participant"`
	Comparison  string    `json:"comparison"`
	// Position is the comparison's in the participant's order, from 0 on.
	Position int    `json:"position"`
	Answer   string `json:"answer"`
	// Chain is the HMAC of the vote and of the Chain before it.
	Chain string `json:"chain"`
}

// head is the content of votes.head: the number of votes that are certain to be there, and the last's Chain.
type head struct {
	Votes int    `json:"votes"`
	Chain string `json:"chain"`
	Seal  string `json:"seal"`
}

// line is the vote as stored, chained to the one before.
func (v Vote) line(secret Secret, before string) ([]byte, error) {
	v.Chain = ""
	bare, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	v.Chain = secret.Name("vote", before, string(bare))
	line, err := json.Marshal(v)
	return append(line, '\n'), err
}

// Record is what votes.jsonl holds.
type Record struct {
	Votes []Vote
	// Torn is the length of a last line that a crash left unfinished, in bytes; its vote was never confirmed.
	Torn int64
	// size is the length of the whole lines.
	size int64
}

// ReadVotes reads a study's votes and checks that none was changed, removed or added by anybody without the key, and that each
// answers the comparison that its participant was shown. An unfinished last line is no vote. An older copy of both votes.jsonl
// and votes.head in place of the present ones is the one change that cannot be seen.
func (s *Study) ReadVotes() (Record, error) {
	h, err := s.readHead() // first, since votes may come in meanwhile
	if err != nil {
		return Record{}, err
	}
	path := filepath.Join(s.Path, votesFile)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Record{}, err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	record := Record{Torn: int64(len(data) - whole), size: int64(whole)}
	orders, next := map[string][]Comparison{}, map[string]int{}
	before := ""
	for line := range bytes.Lines(data[:whole]) {
		var v Vote
		number := len(record.Votes) + 1
		if err := json.Unmarshal(line, &v); err != nil {
			return Record{}, tampered(path, number, "is no vote")
		}
		if want, err := v.line(s.Key.Secret, before); err != nil || !bytes.Equal(want, line) || v.Number != number {
			return Record{}, tampered(path, number, "does not follow from the lines before it")
		}
		if orders[v.Participant] == nil {
			orders[v.Participant] = s.Key.Secret.Order(s.Comparisons, v.Participant)
		}
		order := orders[v.Participant]
		if v.Position != next[v.Participant] || v.Position >= len(order) || order[v.Position].ID != v.Comparison || !slices.Contains(Answers, v.Answer) {
			return Record{}, tampered(path, number, "answers what was not asked")
		}
		next[v.Participant]++
		before = v.Chain
		record.Votes = append(record.Votes, v)
	}
	return record, s.checkHead(h, record.Votes)
}

func tampered(path string, line int, what string) error {
	return fmt.Errorf("%s:%d: the line %s: votes were edited, removed or inserted, or study.json or key.json is another study's; restore them from a copy", path, line, what)
}

// readHead reads votes.head, nil where there is none.
func (s *Study) readHead() (*head, error) {
	path := filepath.Join(s.Path, headFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	h := &head{}
	if err := readJSON(path, h); err != nil {
		return nil, err
	}
	if h.Votes < 0 || !s.Key.Secret.Is(h.Seal, "head", strconv.Itoa(h.Votes), h.Chain) {
		return nil, fmt.Errorf("%s was changed, or key.json is another study's; restore them from a copy", path)
	}
	return h, nil
}

// checkHead finds votes that were cut off at the end. Votes may be ahead of a head that was read before them.
func (s *Study) checkHead(h *head, votes []Vote) error {
	path := filepath.Join(s.Path, headFile)
	switch {
	case h == nil && len(votes) == 0:
		return nil
	case h == nil: // it is there before the first vote
		return fmt.Errorf("%s is missing beside %d votes; restore it from a copy", path, len(votes))
	case h.Votes > len(votes):
		return fmt.Errorf("%s: %d of %d votes are missing at the end; restore it from a copy",
			filepath.Join(s.Path, votesFile), h.Votes-len(votes), h.Votes)
	case h.Votes > 0 && votes[h.Votes-1].Chain != h.Chain:
		return fmt.Errorf("%s is not the head of these votes; restore both from a copy", path)
	}
	return nil
}
