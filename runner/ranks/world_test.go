package ranks

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
)

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// part is what one of three ranks does for a job.
type part func(rank int, g *aten.Group) error

// sumOfRanks fails unless all three take part.
func sumOfRanks(_ int, g *aten.Group) error {
	sums, err := g.Sum([]float64{float64(g.Rank)})
	if err == nil && sums[0] != 3 {
		err = fmt.Errorf("the ranks add up to %v", sums[0])
	}
	return err
}

// worldOf runs ranks 1 and 2 beside lead, which is rank 0. parts are by the key of their job.
func worldOf(t *testing.T, parts map[string]part, lead func(w *World, do func(key string) error)) {
	t.Helper()
	if !aten.HasBackend("gloo") {
		t.Skip("this native half was built without Gloo; scripts/setup.sh says how to get it")
	}
	place := Place{Size: 3, Address: "127.0.0.1", Port: freePort(t)}
	var others sync.WaitGroup
	for rank := 1; rank < place.Size; rank++ {
		others.Go(func() {
			own := place
			own.Rank = rank
			assert.NoError(t, Follow(t.Context(), own, aten.CPU, func(_ context.Context, keys []string, g *aten.Group) error {
				return parts[keys[0]](rank, g)
			}))
		})
	}
	w, err := Start(t.Context(), place, aten.CPU, nil, func(err error) { assert.NoError(t, err, "nobody is lost") })
	require.NoError(t, err)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	lead(w, func(key string) error {
		return w.Lead(t.Context(), []string{key}, func(g *aten.Group) error { return parts[key](0, g) })
	})
	w.End()
	others.Wait()
}

func TestFirstCauseOfAFailureIsReported(t *testing.T) {
	failing := func(who int, err error) part {
		return func(rank int, g *aten.Group) error {
			if rank == who {
				return err
			}
			return sumOfRanks(rank, g)
		}
	}
	broken := errors.New("picture 7 is broken")
	parts := map[string]part{
		"fine": sumOfRanks, "first fails": failing(0, broken), "last fails": failing(2, broken),
		"native": func(rank int, g *aten.Group) error {
			if rank == 1 {
				aten.FromFloats(nil, []float32{1}, 2) // panics
			}
			return sumOfRanks(rank, g)
		},
	}
	worldOf(t, parts, func(_ *World, do func(key string) error) {
		assert.NoError(t, do("fine"))
		assert.EqualError(t, do("last fails"), "rank 2 of 3: picture 7 is broken")
		assert.ErrorIs(t, do("first fails"), broken)
		assert.EqualError(t, do("native"), "rank 1 of 3: from memory: 1 values do not fill shape [2]")
		assert.NoError(t, do("fine"), "a failure leaves nothing behind")
	})
}

func TestJobsSideBySideDoNotMeet(t *testing.T) {
	parts := map[string]part{}
	for i := range 4 {
		parts[fmt.Sprint(i)] = func(rank int, g *aten.Group) error {
			time.Sleep(time.Duration((i*7+rank*5)%11) * time.Millisecond)
			sums, err := g.Sum([]float64{float64(i)})
			if err == nil && sums[0] != float64(3*i) {
				err = fmt.Errorf("job %d heard %v", i, sums[0])
			}
			return err
		}
	}
	worldOf(t, parts, func(_ *World, do func(key string) error) {
		var jobs sync.WaitGroup
		for key := range parts {
			jobs.Go(func() { assert.NoError(t, do(key)) })
		}
		jobs.Wait()
	})
}

func TestLeadEndsWithItsContext(t *testing.T) {
	cause := errors.New("rank 1 is gone")
	began := make(chan struct{})
	parts := map[string]part{"waits": func(rank int, g *aten.Group) error {
		if rank == 1 {
			<-began
			g.Close() // as its end would
			return nil
		}
		return sumOfRanks(rank, g)
	}}
	worldOf(t, parts, func(w *World, _ func(key string) error) {
		ctx, cancel := context.WithCancelCause(t.Context())
		err := w.Lead(ctx, []string{"waits"}, func(g *aten.Group) error {
			cancel(cause)
			close(began)
			return sumOfRanks(0, g)
		})
		assert.Equal(t, cause.Error(), err.Error(), "that others are lost goes without saying")
	})
}

func TestPlaceIsReadAsItIsWritten(t *testing.T) {
	want := Place{Rank: 2, Size: 4, Local: 1, Address: "host", Port: 29500}
	for _, assignment := range want.environment() {
		for i := range assignment {
			if assignment[i] == '=' {
				t.Setenv(assignment[:i], assignment[i+1:])
				break
			}
		}
	}
	got, err := FromEnvironment()
	require.NoError(t, err)
	assert.Equal(t, want, got)
	require.NoError(t, os.Unsetenv("LOCAL_RANK"))
	got, err = FromEnvironment()
	require.NoError(t, err)
	assert.Equal(t, 2, got.Local, "as if all were on one machine")
}

func TestDivisorsAreAllNumbersThatCanShare(t *testing.T) {
	assert.Equal(t, []int{1, 2, 4, 5, 10, 20}, Divisors(20))
	assert.Equal(t, []int{1}, Divisors(1))
}
