package blackbox_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/runner/blackbox"
)

// asAsker makes the test binary ask a service of its own: URL, folder, budget, first image, images.
const asAsker = "BLACKBOX_TEST_AS_ASKER"

func TestMain(m *testing.M) {
	if order := os.Getenv(asAsker); order != "" {
		askAll(strings.Split(order, "|"))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// askAll prints one line for each image: ok, spent or another error.
func askAll(order []string) {
	number := func(i int) int { n, _ := strconv.Atoi(order[i]); return n }
	s := service(order[0])
	s.Budget = number(2)
	client, err := blackbox.Open(order[1], s)
	if err != nil {
		fmt.Println(err)
		return
	}
	var group sync.WaitGroup
	for i := range number(4) {
		group.Go(func() {
			_, err := client.Ask(context.Background(), picture(number(3)+i))
			switch {
			case err == nil:
				fmt.Println("ok")
			case errors.Is(err, blackbox.ErrBudget):
				fmt.Println("spent")
			default:
				fmt.Println(err)
			}
		})
	}
	group.Wait()
}

func TestProcessesTogetherStayWithinTheBudget(t *testing.T) {
	url, calls := server(t, says(200, scored))
	folder := t.TempDir()
	counts := map[string]int{}
	var children []*exec.Cmd
	var outputs []*bufio.Scanner
	for child := range 3 {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), asAsker+"="+strings.Join([]string{url, folder, "20", strconv.Itoa(100 * child), "15"}, "|"))
		pipe, err := command.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, command.Start())
		children, outputs = append(children, command), append(outputs, bufio.NewScanner(pipe))
	}
	for i, command := range children {
		for outputs[i].Scan() {
			counts[outputs[i].Text()]++
		}
		require.NoError(t, command.Wait())
	}
	assert.Equal(t, map[string]int{"ok": 20, "spent": 25}, counts)
	assert.EqualValues(t, 20, calls.Load())
	assert.Len(t, answers(t, folder), 20)
}

func TestSpentBudgetSaysWhatToDoAndKeepsAnswers(t *testing.T) {
	url, calls := server(t, says(500, "oops"), says(200, scored))
	folder := t.TempDir()
	s := service(url)
	s.Budget = 3
	client, _ := open(t, folder, s)
	for i := range 2 {
		_, err := client.Ask(t.Context(), picture(i))
		require.NoError(t, err)
	}
	_, err := client.Ask(t.Context(), picture(2))
	require.ErrorIs(t, err, blackbox.ErrBudget)
	assert.EqualError(t, err, "service test: the budget is spent: 3 calls were made and service.budget allows 3; raise service.budget to go on. All answers are kept")
	_, err = client.Ask(t.Context(), picture(1))
	require.NoError(t, err, "kept answers cost nothing")
	assert.Equal(t, blackbox.Usage{Calls: 3, Own: 3, Cached: 1, Budget: 3}, client.Usage())

	s.Budget = 4
	raised, _ := open(t, folder, s)
	_, err = raised.Ask(t.Context(), picture(2))
	require.NoError(t, err)
	_, err = raised.Ask(t.Context(), picture(3))
	require.ErrorIs(t, err, blackbox.ErrBudget)
	s.Version = "2"
	other, _ := open(t, folder, s)
	_, err = other.Ask(t.Context(), picture(3))
	require.NoError(t, err, "another version has a budget of its own")
	assert.EqualValues(t, 5, calls.Load())
}

func TestBudgetEndsRetries(t *testing.T) {
	url, calls := server(t, says(500, "oops"))
	s := service(url)
	s.Budget, s.Retries = 2, 10
	client, _ := open(t, t.TempDir(), s)
	_, err := client.Ask(t.Context(), picture(1))
	assert.ErrorIs(t, err, blackbox.ErrBudget)
	assert.EqualValues(t, 2, calls.Load())
}

func TestTornLedgerCountsTheCallThatMayHaveBeenMade(t *testing.T) {
	url, _ := server(t, says(200, scored))
	folder := t.TempDir()
	client, _ := open(t, folder, service(url))
	for i := range 2 {
		_, err := client.Ask(t.Context(), picture(i))
		require.NoError(t, err)
	}
	found, err := filepath.Glob(filepath.Join(folder, "*.calls"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	for _, torn := range []int64{1, int64(blackbox.EntryBytes) - 1} {
		require.NoError(t, os.Truncate(found[0], int64(blackbox.EntryBytes)+torn))
		assert.Equal(t, 2, client.Usage().Calls)
		_, err = client.Ask(t.Context(), picture(int(torn)+10))
		require.NoError(t, err)
		assert.Equal(t, 3, client.Usage().Calls)
		content, err := os.ReadFile(found[0])
		require.NoError(t, err)
		lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
		require.Len(t, lines, 3)
		for _, line := range lines {
			assert.Len(t, line, blackbox.EntryBytes-1)
		}
	}
}

func TestLastCallOfABudgetIsMadeByOne(t *testing.T) {
	folder := t.TempDir()
	s := service("http://127.0.0.1:1/")
	for s.Budget = 1; s.Budget <= 100; s.Budget++ {
		start := make(chan struct{})
		var made atomic.Int64
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				<-start
				switch err := blackbox.Reserve(folder, s, strings.Repeat("0", 64)); {
				case err == nil:
					made.Add(1)
				default:
					assert.ErrorIs(t, err, blackbox.ErrBudget)
				}
			})
		}
		close(start)
		group.Wait()
		require.EqualValues(t, 1, made.Load(), "budget %d", s.Budget)
	}
}
