package main

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// suite is what is run, from the root of the repository.
const suite = "scripts/faults/suite"

// A fault breaks runs in one way.
type fault struct {
	name   string
	what   string // in a sentence
	trials int
	// strike starts runs in a fresh place and breaks them. It has mended the place when it returns.
	strike func(t *trial) error
	// missing says why the fault cannot be had on this machine; nil for those that need nothing.
	missing func(b *bed) string
}

func (f fault) needs(b *bed) string {
	if f.missing == nil {
		return ""
	}
	return f.missing(b)
}

// tally is what came of a fault.
type tally struct {
	fault                                    fault
	trials, blows, brokenOff, stopped, ended int
	sentences                                map[string]int
	wrong                                    []string
}

// trial is one place in which runs are broken.
type trial struct {
	*place
	tally *tally
	// other allows results that differ from those in peace while the fault lasts, for the pictures do.
	other bool
}

// try makes so many trials of a fault. In each, the fault strikes, and then a plain run has to end in the bits of peace.
func (b *bed) try(f fault, trials int, number string) *tally {
	t := &tally{fault: f, sentences: map[string]int{}}
	began := time.Now()
	for k := range trials {
		if trials > 1 && k%20 == 0 { // else blows would fall beside the runs when the machine gets slower or faster
			if err := b.inPeace(); err != nil {
				t.wrong = append(t.wrong, fmt.Sprintf("in peace: %v", err))
			}
		}
		if err := b.once(t); err != nil {
			t.wrong = append(t.wrong, fmt.Sprintf("trial %d: %v", k+1, err))
		}
		t.trials++
		left := time.Since(began) / time.Duration(k+1) * time.Duration(trials-k-1)
		fmt.Fprintf(b.log, "[%s] %s: %d of %d trials, %d wrong, about %s left\n", number, f.name, k+1, trials, len(t.wrong), left.Round(time.Second))
	}
	return t
}

func (b *bed) once(t *tally) error {
	p, err := b.newPlace()
	if err != nil {
		return err
	}
	defer p.remove()
	if err := t.fault.strike(&trial{place: p, tally: t}); err != nil {
		return err
	}
	p.program, p.before = b.program, ""
	if e := p.start().wait(); e.code != 0 {
		return fmt.Errorf("the plain run afterwards ended with %d, signal %v:\n%.2000s", e.code, e.signal, e.said)
	}
	return p.whole(p.out)
}

// judge counts how a run under the fault ended, and says what was wrong with it.
func (t *trial) judge(e ending) error { return t.judgeIn(t.out, e) }

// judgeIn is judge for a run with its tables in out.
func (t *trial) judgeIn(out string, e ending) error {
	check := t.soFar
	if t.other { // the tables may be others; results of the pictures as they should be, told by their keys, must be right
		out = out + " of other pictures"
	}
	switch {
	case e.code == 0:
		t.tally.ended++
		if !t.other {
			check = t.whole
		}
	case e.signal == syscall.SIGKILL, e.signal == syscall.SIGTERM, e.code != 0 && t.mayAbort && !e.clear(t.root):
		t.tally.brokenOff++
	default:
		sentence, clear := e.sentence(t.root)
		if !clear {
			return fmt.Errorf("exit code %d, signal %v, and no sentence but:\n%.2000s", e.code, e.signal, e.said)
		}
		t.tally.stopped++
		t.tally.sentences[sentence]++
	}
	return check(out)
}

// moment waits for a part of the time that the suite takes in peace.
func (t *trial) moment(from, to float64) {
	share := from + (to-from)*t.bed.random.Float64()
	time.Sleep(time.Duration(share * float64(t.bed.took)))
}

var errNothingToBreak = errors.New("there was nothing to break")
