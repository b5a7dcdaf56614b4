package ranks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"transfera/aten"
)

const (
	// poll is how often a process looks whether something has happened.
	poll = 10 * time.Millisecond
	// gathering is how long the processes of a run may take to come together: each has to plan first.
	gathering = 10 * time.Minute
	// prompt is how long a process may take to begin with a job: it does nothing but look for jobs.
	prompt = time.Minute
	// stuck is how long one collective operation may take before the others count as lost. It covers what one process does
	// while the others wait, such as writing a checkpoint.
	stuck = 10 * time.Minute
	// grace is how long rank 0 waits, after a job has failed, for what the others have to say.
	grace = 5 * time.Second
)

// World is the processes of a run, as seen by one of them.
type World struct {
	Place
	device  aten.Device
	meeting *aten.Meeting
	// Of rank 0: the processes that it started, what is called when one of the others is lost, and whether the run is over.
	started []*child
	lost    func(error)
	over    atomic.Bool

	mutex sync.Mutex // of next
	next  int        // job
}

// check refuses what no group can be made of.
func check(device aten.Device) error {
	if name := aten.Backend(device); !aten.HasBackend(name) {
		return fmt.Errorf("several processes on %s need %s, without which this native half was built; install libgloo-dev (CPU) or NCCL's headers (GPU) and run scripts/setup.sh again", device, name)
	}
	return nil
}

// verdict is what a process came to in a job.
type verdict struct {
	Error string `json:"error,omitempty"`
	// Lost says that the error is only another process's end.
	Lost bool `json:"lost,omitempty"`
}

func verdictOn(err error) verdict {
	if err == nil {
		return verdict{}
	}
	return verdict{Error: err.Error(), Lost: aten.Lost(err)}
}

// GoneError is the end of a process of the run, which cannot go on without it.
type GoneError struct{ Reason string }

func (e *GoneError) Error() string { return e.Reason }

// wait looks for a key until it is there or ctx ends.
func (w *World) wait(ctx context.Context, key string) ([]byte, error) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		value, ok, err := w.meeting.Get(key)
		if err != nil || ok {
			return value, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// waitAll waits for a key of every other process and returns the ranks that are missing.
func (w *World) waitAll(ctx context.Context, key func(rank int) string) (values map[int][]byte, missing []int) {
	values = map[int][]byte{}
	for rank := 1; rank < w.Size; rank++ {
		value, err := w.wait(ctx, key(rank))
		if err != nil {
			missing = append(missing, rank)
			continue
		}
		values[rank] = value
	}
	return values, missing
}

// Lead computes a job together with the other processes: stages by their keys, of which compute is this process's part. The
// error is the first cause, wherever it was; a *GoneError if a process is no more.
func (w *World) Lead(ctx context.Context, keys []string, compute func(g *aten.Group) error) error {
	err := w.lead(ctx, keys, compute)
	var gone *GoneError
	if errors.As(err, &gone) {
		w.lost(gone)
	}
	return err
}

func (w *World) lead(ctx context.Context, keys []string, compute func(g *aten.Group) error) error {
	job, err := w.call(keys)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, prompt)
	_, missing := w.waitAll(limited, func(rank int) string { return readyKey(job, rank) })
	cancel()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if len(missing) > 0 {
		return gone(missing)
	}
	own := w.part(job, compute)
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), ignoreLost(own))
	}
	return w.settle(ctx, job, own)
}

// call tells the others to begin.
func (w *World) call(keys []string) (job int, err error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	text, err := json.Marshal(keys)
	if err != nil {
		return 0, err
	}
	job = w.next
	w.next++
	return job, w.meeting.Set(jobKey(job), text)
}

// part is what this process does for a job, in a group that ends with it.
func (w *World) part(job int, compute func(g *aten.Group) error) (err error) {
	group, err := w.meeting.Join(groupName(job), w.Rank, w.Size, w.device, stuck)
	if err != nil {
		return err
	}
	defer group.Close()
	if native := aten.Catch(func() { err = compute(group) }); native != nil {
		return native
	}
	return err
}

// settle hears the others about a job and finds the first cause of a failure.
func (w *World) settle(ctx context.Context, job int, own error) error {
	patience := stuck
	if own != nil {
		patience = grace
	}
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	values, missing := w.waitAll(limited, func(rank int) string { return doneKey(job, rank) })
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), ignoreLost(own))
	}
	if own != nil && !aten.Lost(own) {
		return own
	}
	for rank := 1; rank < w.Size; rank++ {
		var v verdict
		if text, ok := values[rank]; ok {
			if err := json.Unmarshal(text, &v); err != nil {
				return err
			}
		}
		if v.Error != "" && !v.Lost {
			return fmt.Errorf("rank %d of %d: %s", rank, w.Size, v.Error)
		}
	}
	if len(missing) > 0 {
		return gone(missing)
	}
	return own
}

func ignoreLost(err error) error {
	if aten.Lost(err) {
		return nil
	}
	return err
}

func gone(ranks []int) error {
	words := make([]string, len(ranks))
	for i, rank := range ranks {
		words[i] = fmt.Sprint(rank)
	}
	return &GoneError{fmt.Sprintf("rank %s is gone: its own output says why", strings.Join(words, ", "))}
}

func jobKey(job int) string         { return fmt.Sprintf("job/%d", job) }
func groupName(job int) string      { return fmt.Sprintf("group/%d", job) }
func readyKey(job, rank int) string { return fmt.Sprintf("ready/%d/%d", job, rank) }
func doneKey(job, rank int) string  { return fmt.Sprintf("done/%d/%d", job, rank) }
func hereKey(rank int) string       { return fmt.Sprintf("here/%d", rank) }
func leftKey(rank int) string       { return fmt.Sprintf("left/%d", rank) }

// Follow takes part in what rank 0 asks for until the run is over. compute is this process's part in stages by their keys.
// Jobs may run side by side. When rank 0 ends early, so does Follow, with an error and without waiting for its jobs: the
// process should end then.
func Follow(ctx context.Context, place Place, device aten.Device, compute func(ctx context.Context, keys []string, g *aten.Group) error) error {
	if err := check(device); err != nil {
		return err
	}
	meeting, err := aten.Meet(place.Address, place.Port, false, gathering)
	if err != nil {
		return fmt.Errorf("rank 0 is not at %s port %d: %w", place.Address, place.Port, err)
	}
	w := &World{Place: place, device: device, meeting: meeting}
	if err := meeting.Set(hereKey(w.Rank), nil); err != nil {
		return err
	}
	var jobs sync.WaitGroup
	for job := 0; ; job++ {
		text, err := w.wait(ctx, jobKey(job))
		if err != nil {
			return fmt.Errorf("rank 0 is gone: %w", err)
		}
		if len(text) == 0 {
			jobs.Wait()
			_ = w.meeting.Set(leftKey(w.Rank), nil) // rank 0 may be gone by now
			return nil
		}
		var keys []string
		if err := json.Unmarshal(text, &keys); err != nil {
			return err
		}
		jobs.Go(func() { w.follow(ctx, job, keys, compute) })
	}
}

// follow is one job of Follow. Whoever does not hear how it ended is gone itself.
func (w *World) follow(ctx context.Context, job int, keys []string, compute func(ctx context.Context, keys []string, g *aten.Group) error) {
	if err := w.meeting.Set(readyKey(job, w.Rank), nil); err != nil {
		return
	}
	err := w.part(job, func(g *aten.Group) error { return compute(ctx, keys, g) })
	text, _ := json.Marshal(verdictOn(err))
	_ = w.meeting.Set(doneKey(job, w.Rank), text)
}

// Divisors are the numbers of processes that can share batches of n images.
func Divisors(n int) []int {
	var all []int
	for d := 1; d <= n; d++ {
		if n%d == 0 {
			all = append(all, d)
		}
	}
	return slices.Clip(all)
}
