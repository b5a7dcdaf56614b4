package store

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const key = "abcdef0123"

func committed(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	work, err := s.Work(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(work, "values"), []byte("1 2 3"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(work, "checkpoint"), []byte("unneeded"), 0o666))
	require.NoError(t, s.Commit(&Record{Key: key, Kind: "k", Created: time.Now()}, []string{"values"}))
	return s
}

func TestCommittedResultIsFoundAndItsWorkingFolderGone(t *testing.T) {
	s := committed(t)
	record, found, damage := s.Find(key)
	require.NoError(t, damage)
	require.True(t, found)
	assert.Equal(t, "k", record.Kind)
	data, err := os.ReadFile(s.File(key, "values"))
	require.NoError(t, err)
	assert.Equal(t, "1 2 3", string(data))
	unfinished, err := s.Unfinished()
	require.NoError(t, err)
	assert.Empty(t, unfinished)
	records, err := s.List()
	require.NoError(t, err)
	assert.Len(t, records, 1)
	assert.Positive(t, s.Size(key))
}

func TestDamagedResultCountsAsAbsent(t *testing.T) {
	cases := map[string]func(t *testing.T, s *Store){
		"flipped bit":    func(t *testing.T, s *Store) { write(t, s.File(key, "values"), "1 2 2") },
		"truncated":      func(t *testing.T, s *Store) { write(t, s.File(key, "values"), "1") },
		"removed file":   func(t *testing.T, s *Store) { require.NoError(t, os.Remove(s.File(key, "values"))) },
		"removed record": func(t *testing.T, s *Store) { require.NoError(t, os.Remove(s.File(key, recordName))) },
		"other record":   func(t *testing.T, s *Store) { write(t, s.File(key, recordName), `{"key": "x"}`) },
		"changed record": func(t *testing.T, s *Store) {
			write(t, s.File(key, recordName), strings.Replace(contents(t, s.File(key, recordName)), `"kind": "k"`, `"kind": "K"`, 1))
		},
		"removed sum": func(t *testing.T, s *Store) { require.NoError(t, os.Remove(s.File(key, sumName))) },
		"changed sum": func(t *testing.T, s *Store) {
			write(t, s.File(key, sumName), "0"+contents(t, s.File(key, sumName))[1:]+" ")
		},
		"no record": func(t *testing.T, s *Store) { write(t, s.File(key, recordName), `{`) },
	}
	for name, damage := range cases {
		t.Run(name, func(t *testing.T) {
			s := committed(t)
			damage(t, s)
			_, found, err := s.Find(key)
			assert.False(t, found)
			assert.ErrorContains(t, err, "computed again")
			_, found, err = s.Find(key)
			assert.False(t, found)
			assert.NoError(t, err, "the damaged result was removed")
		})
	}
}

func TestDamagedResultStaysForWhoeverComputesItAgain(t *testing.T) {
	s := committed(t)
	unlock, err := s.Lock(t.Context(), key, func() { t.Error("nobody held the lock") })
	require.NoError(t, err)
	write(t, s.File(key, "values"), "1 2 2")
	work, err := s.Work(key)
	require.NoError(t, err)
	_, found, err := s.Find(key)
	assert.False(t, found)
	assert.ErrorContains(t, err, "computed again")
	assert.DirExists(t, work, "another run is at work there")
	write(t, filepath.Join(work, "values"), "1 2 3")
	require.NoError(t, s.Commit(&Record{Key: key}, []string{"values"}))
	unlock()
	_, found, err = s.Find(key)
	assert.True(t, found)
	assert.NoError(t, err)
}

func TestSweepRemovesOnlyWhatDeadCommitsLeft(t *testing.T) {
	s := committed(t)
	for _, left := range []string{key, "0123", "4567"} {
		_, err := s.Work(left)
		require.NoError(t, err)
	}
	write(t, filepath.Join(s.root, "work", "0123", "checkpoint"), "to go on from")
	require.NoError(t, s.Sweep())
	unfinished, err := s.Unfinished()
	require.NoError(t, err)
	assert.Equal(t, []string{"0123", "4567"}, unfinished)
	_, found, err := s.Find(key)
	assert.True(t, found)
	assert.NoError(t, err)
}

// Reading a record and looking whether its folder is there are two steps, between which a result may appear.
func TestResultsThatAppearMeanwhileAreNeverTakenForDamaged(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	var looking sync.WaitGroup
	for i := range 60 {
		key := fmt.Sprintf("%04d", i)
		work, err := s.Work(key)
		require.NoError(t, err)
		write(t, filepath.Join(work, "values"), "1 2 3")
		looking.Go(func() {
			for found := false; !found; {
				var damage error
				_, found, damage = s.Find(key)
				if !assert.NoError(t, damage) {
					return
				}
			}
		})
		require.NoError(t, s.Commit(&Record{Key: key}, []string{"values"}))
		looking.Wait()
	}
}

func contents(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
}

func TestLockIsExclusiveAndEndsWithTheContext(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	unlock, err := s.Lock(t.Context(), key, func() { t.Error("nobody held the lock") })
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = s.Lock(ctx, key, cancel)
	assert.ErrorIs(t, err, context.Canceled)
	unlock()
	again, err := s.Lock(t.Context(), key, func() {})
	require.NoError(t, err)
	again()
}

func TestResultsAreCopiedByTheBeginningOfTheirKey(t *testing.T) {
	s := committed(t)
	folder := filepath.Join(t.TempDir(), "new")
	copied, err := s.Copy("abc", folder)
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(folder, "values")}, copied)
	data, err := os.ReadFile(copied[0])
	require.NoError(t, err)
	assert.Equal(t, "1 2 3", string(data))

	for _, prefix := range []string{"", "b", "abcdef01234"} {
		_, err = s.Copy(prefix, folder)
		assert.ErrorContains(t, err, "no cached result starts with", prefix)
	}
	other := "abcdef9999"
	work, err := s.Work(other)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(work, "values"), nil, 0o666))
	require.NoError(t, s.Commit(&Record{Key: other}, []string{"values"}))
	_, err = s.Copy("abcdef", folder)
	assert.ErrorContains(t, err, "several")
	write(t, s.File(key, "values"), "1 2 2")
	_, err = s.Copy("abcdef0", folder)
	assert.ErrorContains(t, err, "damaged")
}

// Whoever dies with a lock gives it free, and locks of different keys do not meet.
func TestLockBelongsToOneKeyAndDiesWithItsProcess(t *testing.T) {
	s, err := Open(t.TempDir())
	require.NoError(t, err)
	holder := exec.Command(os.Args[0], "-test.run=^TestHelperHoldsALock$")
	holder.Env = append(os.Environ(), "TRANSFERA_TEST_HOLD="+s.Root())
	said, err := holder.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, holder.Start())
	_, err = said.Read(make([]byte, 1))
	require.NoError(t, err)

	other, free, err := s.TryLock("another")
	require.NoError(t, err)
	require.True(t, free)
	other()
	_, free, err = s.TryLock(key)
	require.NoError(t, err)
	assert.False(t, free, "another process has it")
	require.NoError(t, holder.Process.Kill())
	_ = holder.Wait() // it was killed
	unlock, free, err := s.TryLock(key)
	require.NoError(t, err)
	require.True(t, free)
	unlock()
}

// TestHelperHoldsALock is the other process of the test above.
func TestHelperHoldsALock(t *testing.T) {
	root := os.Getenv("TRANSFERA_TEST_HOLD")
	if root == "" {
		t.Skip("only a helper of another test")
	}
	s, err := Open(root)
	require.NoError(t, err)
	_, err = s.Lock(t.Context(), key, func() {})
	require.NoError(t, err)
	fmt.Print(".")
	time.Sleep(time.Minute)
}
