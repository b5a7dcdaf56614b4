package study

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"transfera/results/atomicfile"
)

// Log is the one writer of a study's votes, and knows how far each participant is. It is safe for concurrent use.
type Log struct {
	study   *Study
	release func()

	mutex  sync.Mutex
	file   *os.File
	record Record
	places map[string]int          // of each participant: votes cast
	orders map[string][]Comparison // of each participant
	broken error
}

// ErrNotAsked is the error of a vote on another comparison than the one that its participant is at.
var ErrNotAsked = errors.New("this comparison was answered already, or not asked yet")

// OpenLog locks a study for writing, checks the votes that are there, and cuts off an unfinished last line, which Torn tells
// of. A second writer is refused.
func OpenLog(s *Study) (*Log, error) {
	release, err := lock(s.Path)
	if err != nil {
		return nil, err
	}
	if now, err := Open(s.Path); err != nil || !bytes.Equal(now.Key.Secret, s.Key.Secret) { // between reading and locking
		release()
		return nil, errors.Join(fmt.Errorf("%s was built anew meanwhile; try again", s.Path), err)
	}
	l := &Log{study: s, release: release, places: map[string]int{}, orders: map[string][]Comparison{}}
	if err := l.open(); err != nil {
		release()
		return nil, err
	}
	return l, nil
}

func (l *Log) open() (err error) {
	if l.record, err = l.study.ReadVotes(); err != nil {
		return err
	}
	path := filepath.Join(l.study.Path, votesFile)
	if l.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return err
	}
	if l.record.Torn > 0 {
		if err := l.file.Truncate(l.record.size); err != nil {
			return err
		}
	}
	for _, v := range l.record.Votes {
		l.places[v.Participant]++
	}
	return l.writeHead() // a crash may have left it behind
}

// Torn is the number of bytes of an unfinished vote that were cut off.
func (l *Log) Torn() int64 { return l.record.Torn }

// Votes is the number of votes stored.
func (l *Log) Votes() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.record.Votes)
}

// Participants is the number of those who have voted.
func (l *Log) Participants() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.places)
}

// Known tells whether a participant has voted.
func (l *Log) Known(participant string) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.places[participant] > 0
}

// Next is the comparison that a participant is at, with its position from 0 on; ok is false after the last.
func (l *Log) Next(participant string) (c Comparison, position int, ok bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	position = l.places[participant]
	order := l.order(participant)
	if position >= len(order) {
		return Comparison{}, position, false
	}
	return order[position], position, true
}

// order keeps a participant's order from the first vote on, since who only looks must not fill the memory.
func (l *Log) order(participant string) []Comparison {
	if order := l.orders[participant]; order != nil {
		return order
	}
	order := l.study.Key.Secret.Order(l.study.Comparisons, participant)
	if l.places[participant] > 0 {
		l.orders[participant] = order
	}
	return order
}

// Add stores a vote; it is on the disk when Add returns. ErrNotAsked means that nothing changed.
func (l *Log) Add(participant, comparison string, position int, answer string) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.broken != nil {
		return l.broken
	}
	if order := l.order(participant); position != l.places[participant] || position >= len(order) || order[position].ID != comparison {
		return ErrNotAsked
	}
	before := ""
	if n := len(l.record.Votes); n > 0 {
		before = l.record.Votes[n-1].Chain
	}
	v := Vote{Number: len(l.record.Votes) + 1, Time: time.Now().UTC(), Participant: participant, Comparison: comparison, Position: position, Answer: answer}
	line, err := v.line(l.study.Key.Secret, before)
	if err != nil {
		return err
	}
	if err := l.append(line); err != nil {
		return fmt.Errorf("store a vote: %w", err)
	}
	if err := json.Unmarshal(line, &v); err != nil { // for its Chain
		return err
	}
	l.record.Votes, l.record.size = append(l.record.Votes, v), l.record.size+int64(len(line))
	l.places[participant]++
	if err := l.writeHead(); err != nil {
		l.broken = err // a second vote without a head would look like damage
		return err
	}
	return nil
}

// append writes a line to the disk, or leaves the file as it was. Where even that fails, no vote is taken any more.
func (l *Log) append(line []byte) error {
	_, err := l.file.Write(line)
	if err == nil {
		err = l.file.Sync()
	}
	if err == nil {
		return nil
	}
	if back := l.file.Truncate(l.record.size); back != nil {
		l.broken = fmt.Errorf("%w; taking the unfinished vote back: %w", err, back)
	}
	return err
}

func (l *Log) writeHead() error {
	var last Vote
	if n := len(l.record.Votes); n > 0 {
		last = l.record.Votes[n-1]
	}
	h := head{Votes: last.Number, Chain: last.Chain, Seal: l.study.Key.Secret.Name("head", strconv.Itoa(last.Number), last.Chain)}
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(l.study.Path, headFile), append(data, '\n'))
}

// Close lets others write.
func (l *Log) Close() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.broken = errors.New("the study was closed")
	err := l.file.Close()
	l.release()
	return err
}
