package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// faults are all that this program knows, in the order of the table.
var faults = []fault{
	{name: "kill", trials: 140, what: "kill -9 at a random moment, twice in a row, then a plain run", strike: kill},
	{name: "interrupt", trials: 10, what: "SIGTERM at a random moment", strike: interrupt},
	{name: "disk-full", trials: 30, what: "cache and results on a file system of a random size", strike: fillDisk, missing: noMounts},
	{name: "read-only", trials: 25, what: "one folder closed to writing, before the run or while it works", strike: closeFolder, missing: notRoot},
	{name: "checkpoints", trials: 30, what: "a killed run's files to go on from cut, emptied, overwritten or with a flipped bit", strike: damageCheckpoints},
	{name: "results", trials: 40, what: "files of cached stages, records and remembered hashes cut, emptied, removed or with a flipped bit", strike: damageResults},
	{name: "tables", trials: 10, what: "files of the results folder damaged in the same ways", strike: damageTables},
	{name: "pictures", trials: 30, what: "pictures damaged in the same ways, before the run or while it works", strike: damagePictures},
	{name: "no-data", trials: 15, what: "the pictures removed while the run works, or between two", strike: removeData},
	{name: "at-once", trials: 10, what: "the suite started three times at once, into one cache, into one folder or several", strike: startAtOnce},
	{name: "memory", trials: 20, what: "a control group with less memory than the run needs, so that the kernel kills it", strike: exhaustMemory, missing: noGroups},
	{name: "ulimit", trials: 20, what: "less memory than the run needs by ulimit -d; Go and C abort with reports of their own where they cannot go on without", strike: limitMemory},
	{name: "clock", trials: 5, what: "a wall clock that jumps by years at every reading, to and fro", strike: breakClock},
}

func kill(t *trial) error {
	for range 2 {
		r := t.start()
		t.moment(0.02, 1)
		r.signal(syscall.SIGKILL)
		t.tally.blows++
		if err := t.judge(r.wait()); err != nil {
			return err
		}
	}
	return nil
}

func interrupt(t *trial) error {
	r := t.start()
	t.moment(0.02, 1)
	r.signal(syscall.SIGTERM)
	t.tally.blows++
	return t.judge(r.wait())
}

// removeData takes the pictures away while a run works, starts another without them, and puts them back.
func removeData(t *trial) error {
	away := t.data + " away"
	r := t.start()
	t.moment(0.02, 0.9)
	if t.bed.random.IntN(2) == 0 {
		r.signal(syscall.SIGKILL)
	}
	t.tally.blows++
	if err := os.Rename(t.data, away); err != nil {
		return err
	}
	if err := t.judge(r.wait()); err != nil {
		return err
	}
	if e := t.start().wait(); e.code == 0 {
		return errors.New("a run without pictures ended well")
	} else if err := t.judge(e); err != nil {
		return err
	}
	return os.Rename(away, t.data)
}

func startAtOnce(t *trial) error {
	together := t.bed.random.IntN(2) == 0
	var all []*running
	var outs []string
	for k := range 3 {
		out := t.out
		if !together && k > 0 {
			out = filepath.Join(t.root, "other", string(rune('a'+k)))
		}
		all, outs = append(all, t.startInto(out)), append(outs, out)
		time.Sleep(time.Duration(t.bed.random.Float64() * float64(t.bed.took) / 4))
	}
	t.tally.blows++
	var ends []ending
	for _, r := range all {
		ends = append(ends, r.wait())
	}
	for k, e := range ends {
		if err := t.judgeIn(outs[k], e); err != nil {
			return err
		}
	}
	return nil
}
