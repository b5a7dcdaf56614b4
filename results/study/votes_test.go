package study_test

import (
	"bytes"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results/study"
)

func crc(data []byte) uint32 { return crc32.ChecksumIEEE(data) }

// cast stores n votes for the left side.
func cast(t *testing.T, s *study.Study, participant string, n int) {
	t.Helper()
	log, err := study.OpenLog(s)
	require.NoError(t, err)
	for range n {
		c, position, ok := log.Next(participant)
		require.True(t, ok)
		require.NoError(t, log.Add(participant, c.ID, position, study.AnswerLeft))
	}
	require.NoError(t, log.Close())
}

func TestVotesOnAnythingButTheNextComparisonChangeNothing(t *testing.T) {
	s := build(t, 2, study.BuildOptions{Seed: 1})
	log, err := study.OpenLog(s)
	require.NoError(t, err)
	defer log.Close()
	c, _, _ := log.Next("ann")
	require.NoError(t, log.Add("ann", c.ID, 0, study.AnswerNone))
	next, position, _ := log.Next("ann")
	assert.Equal(t, 1, position)
	for _, bad := range []struct {
		comparison string
		position   int
	}{{c.ID, 0}, {c.ID, 1}, {next.ID, 0}, {next.ID, 2}, {"", 1}, {next.ID, -1}} {
		assert.ErrorIs(t, log.Add("ann", bad.comparison, bad.position, study.AnswerLeft), study.ErrNotAsked)
	}
	record, err := s.ReadVotes()
	require.NoError(t, err)
	assert.Len(t, record.Votes, 1)
}

func TestSecondWriterIsRefused(t *testing.T) {
	s := build(t, 2, study.BuildOptions{Seed: 1})
	log, err := study.OpenLog(s)
	require.NoError(t, err)
	_, err = study.OpenLog(s)
	require.ErrorContains(t, err, "is served already")
	require.NoError(t, log.Close())
	log, err = study.OpenLog(s)
	require.NoError(t, err)
	require.NoError(t, log.Close())
}

func TestChangedVotesAreDetected(t *testing.T) {
	lines := func(data []byte) [][]byte { return bytes.SplitAfter(bytes.TrimSuffix(data, nil), []byte("\n")) }
	cases := map[string]func(l [][]byte) [][]byte{
		"answer edited": func(l [][]byte) [][]byte { l[1] = bytes.Replace(l[1], []byte("left"), []byte("none"), 1); return l },
		"last edited":   func(l [][]byte) [][]byte { l[3] = bytes.Replace(l[3], []byte("left"), []byte("none"), 1); return l },
		"time edited": func(l [][]byte) [][]byte {
			l[0] = bytes.Replace(l[0], []byte(`"time":"2`), []byte(`"time":"3`), 1)
			return l
		},
		"space added":        func(l [][]byte) [][]byte { l[0] = bytes.Replace(l[0], []byte(`,`), []byte(`, `), 1); return l },
		"first removed":      func(l [][]byte) [][]byte { return l[1:] },
		"inner removed":      func(l [][]byte) [][]byte { return slices.Delete(l, 1, 2) },
		"last removed":       func(l [][]byte) [][]byte { return l[:3] },
		"all removed":        func([][]byte) [][]byte { return nil },
		"last cut to pieces": func(l [][]byte) [][]byte { l[3] = l[3][:len(l[3])-1]; return l[:4] },
		"one twice":          func(l [][]byte) [][]byte { return slices.Insert(l, 1, l[0]) },
		"two exchanged":      func(l [][]byte) [][]byte { l[1], l[2] = l[2], l[1]; return l },
		"one made up": func(l [][]byte) [][]byte {
			return slices.Insert(l, 4, bytes.Replace(l[3], []byte(`"number":4`), []byte(`"number":5`), 1))
		},
		"not JSON": func(l [][]byte) [][]byte { l[2] = []byte("hello\n"); return l },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			s := build(t, 2, study.BuildOptions{Seed: 1})
			cast(t, s, "ann", 2)
			cast(t, s, "bob", 2)
			path := filepath.Join(s.Path, "votes.jsonl")
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			changed := bytes.Join(change(lines(data)), nil)
			require.NotEqual(t, data, changed)
			require.NoError(t, os.WriteFile(path, changed, 0o600))
			_, err = study.Analyze(s)
			require.ErrorContains(t, err, "votes.jsonl")
			_, err = study.OpenLog(s)
			require.Error(t, err, "nor is anything added")
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, changed, after)
		})
	}
	t.Run("head removed", func(t *testing.T) {
		s := build(t, 2, study.BuildOptions{Seed: 1})
		cast(t, s, "ann", 1)
		require.NoError(t, os.Remove(filepath.Join(s.Path, "votes.head")))
		_, err := study.Analyze(s)
		assert.ErrorContains(t, err, "is missing beside 1 votes")
	})
	t.Run("head edited", func(t *testing.T) {
		s := build(t, 2, study.BuildOptions{Seed: 1})
		cast(t, s, "ann", 2)
		path := filepath.Join(s.Path, "votes.head")
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, bytes.Replace(data, []byte(`"votes":2`), []byte(`"votes":1`), 1), 0o666))
		_, err = study.Analyze(s)
		assert.ErrorContains(t, err, "was changed")
	})
	t.Run("another study's key", func(t *testing.T) {
		s, other := build(t, 2, study.BuildOptions{Seed: 1}), build(t, 2, study.BuildOptions{Seed: 1})
		cast(t, s, "ann", 2)
		s.Key.Secret = other.Key.Secret
		_, err := study.Analyze(s)
		assert.ErrorContains(t, err, "key.json is another study's")
	})
}

func TestVotesAreReadWhileOthersComeIn(t *testing.T) {
	s := build(t, 20, study.BuildOptions{Seed: 1})
	log, err := study.OpenLog(s)
	require.NoError(t, err)
	defer log.Close()
	stored := make(chan error, 1)
	go func() {
		for {
			c, position, ok := log.Next("ann")
			if !ok {
				stored <- nil
				return
			}
			if err := log.Add("ann", c.ID, position, study.AnswerLeft); err != nil {
				stored <- err
				return
			}
		}
	}()
	for last := 0; last < len(s.Comparisons); {
		record, err := s.ReadVotes()
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(record.Votes), last)
		last = len(record.Votes)
	}
	require.NoError(t, <-stored)
}

func TestStudyThatWasBuiltAnewMeanwhileIsNotWritten(t *testing.T) {
	s, other := build(t, 2, study.BuildOptions{Seed: 1}), build(t, 2, study.BuildOptions{Seed: 1})
	require.NoError(t, os.RemoveAll(s.Path))
	require.NoError(t, os.Rename(other.Path, s.Path))
	_, err := study.OpenLog(s)
	require.ErrorContains(t, err, "was built anew meanwhile")
	assert.NoFileExists(t, filepath.Join(s.Path, "votes.jsonl"))
}

func TestTornLastLineIsCutOffAndNothingElse(t *testing.T) {
	s := build(t, 2, study.BuildOptions{Seed: 1})
	cast(t, s, "ann", 3)
	path := filepath.Join(s.Path, "votes.jsonl")
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	last := whole[bytes.LastIndexByte(whole[:len(whole)-1], '\n')+1:]
	for _, torn := range []string{"{", string(last[:len(last)/2]), strings.Repeat("\x00", 100)} {
		require.NoError(t, os.WriteFile(path, append(bytes.Clone(whole), torn...), 0o600))
		a, err := study.Analyze(s)
		require.NoError(t, err)
		assert.Equal(t, 3, a.Votes)
		assert.True(t, a.Torn)
		log, err := study.OpenLog(s)
		require.NoError(t, err)
		assert.Equal(t, int64(len(torn)), log.Torn())
		_, position, _ := log.Next("ann")
		assert.Equal(t, 3, position)
		require.NoError(t, log.Close())
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, whole, after)
	}
	cast(t, s, "ann", 1)
	record, err := s.ReadVotes()
	require.NoError(t, err)
	assert.Len(t, record.Votes, 4)
}

func TestCrashBetweenVoteAndHeadLosesNothing(t *testing.T) {
	s := build(t, 2, study.BuildOptions{Seed: 1})
	cast(t, s, "ann", 2)
	head := filepath.Join(s.Path, "votes.head")
	old, err := os.ReadFile(head)
	require.NoError(t, err)
	cast(t, s, "ann", 1)
	require.NoError(t, os.WriteFile(head, old, 0o666))
	record, err := s.ReadVotes()
	require.NoError(t, err)
	assert.Len(t, record.Votes, 3)
	cast(t, s, "ann", 1)
	record, err = s.ReadVotes()
	require.NoError(t, err)
	assert.Len(t, record.Votes, 4)
}
