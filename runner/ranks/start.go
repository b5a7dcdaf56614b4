package ranks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"transfera/aten"
)

// Starter starts the process of another rank: this program with the same arguments. Nil where something else, such as
// torchrun, has started them.
type Starter func(environment []string) *exec.Cmd

// SameCommand starts this program with its own arguments.
func SameCommand(environment []string) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		program = os.Args[0]
	}
	command := exec.Command(program, os.Args[1:]...)
	command.Env = append(os.Environ(), environment...)
	return command
}

// child is a process that rank 0 started.
type child struct {
	rank    int
	command *exec.Cmd
	words   tail
	ended   chan struct{}
}

// Start serves the meeting of a run as rank 0 and waits until all processes are there, after starting them if start is not
// nil. When one of those ends before the run does, lost is called with a sentence about it; the run is then to be cancelled.
// End the world at the end.
func Start(ctx context.Context, place Place, device aten.Device, start Starter, lost func(error)) (*World, error) {
	if err := check(device); err != nil {
		return nil, err
	}
	meeting, err := aten.Meet(place.Address, place.Port, true, gathering)
	if err != nil {
		return nil, fmt.Errorf("meet the other processes at %s port %d: %w", place.Address, place.Port, err)
	}
	place.Port = meeting.Port
	w := &World{Place: place, device: device, meeting: meeting, lost: lost}
	ctx, cancel := context.WithTimeoutCause(ctx, gathering, errors.New("they did not come"))
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	if start != nil {
		for rank := 1; rank < w.Size; rank++ {
			other := place
			other.Rank, other.Local = rank, rank
			if err := w.start(start, other, fail); err != nil {
				w.End()
				return nil, err
			}
		}
	}
	if _, missing := w.waitAll(ctx, hereKey); len(missing) > 0 {
		w.End()
		return nil, fmt.Errorf("rank %v of %d never came: %w", missing, w.Size, context.Cause(ctx))
	}
	return w, nil
}

// start starts one process and watches over it. fail is called before lost.
func (w *World) start(start Starter, place Place, fail func(error)) error {
	c := &child{rank: place.Rank, command: start(place.environment()), ended: make(chan struct{})}
	c.command.Stdout, c.command.Stderr = io.Discard, &c.words
	if err := c.command.Start(); err != nil {
		return fmt.Errorf("start the process of rank %d: %w", place.Rank, err)
	}
	w.started = append(w.started, c)
	go func() {
		err := c.command.Wait()
		close(c.ended)
		how := "ended early"
		if err != nil {
			how = err.Error()
		}
		if w.over.Load() {
			return
		}
		gone := &GoneError{fmt.Sprintf("rank %d of %d (process %d) is gone (%s); %s", c.rank, place.Size, c.command.Process.Pid, how, c.words.last())}
		fail(gone)
		w.lost(gone)
	}()
	return nil
}

// leaving is how long the other processes may take to end by themselves.
const leaving = 5 * time.Second

// End tells the others that the run is over and waits until they know, and until those that it started have ended.
func (w *World) End() {
	w.over.Store(true)
	w.mutex.Lock()
	_ = w.meeting.Set(jobKey(w.next), nil) // whoever cannot hear it loses the meeting instead
	w.mutex.Unlock()
	limited, cancel := context.WithTimeout(context.Background(), leaving)
	defer cancel()
	if w.started == nil {
		w.waitAll(limited, leftKey)
	}
	for _, c := range w.started {
		select {
		case <-c.ended:
		case <-limited.Done():
			_ = c.command.Process.Kill()
			<-c.ended
		}
	}
	w.meeting.Close()
}

// tail keeps the end of what a process writes.
type tail struct {
	mutex sync.Mutex
	text  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	const most = 4096
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-most):]
	return len(p), nil
}

// last says what the last line was.
func (t *tail) last() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	lines := bytes.Split(bytes.TrimSpace(t.text), []byte("\n"))
	line := strings.TrimSpace(string(lines[len(lines)-1]))
	if line == "" {
		return "it said nothing"
	}
	return fmt.Sprintf("its last words: %s", line)
}
