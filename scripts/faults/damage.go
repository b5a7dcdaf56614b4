package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// files lists the regular files below folder that fit.
func files(folder string, fit func(path string) bool) []string {
	var all []string
	_ = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && fit(path) {
			all = append(all, path)
		}
		return nil // what has just gone is none of them
	})
	return all
}

// spoil damages one file in one of the ways in which files get damaged: a bit, the end or everything lost, other bytes.
func (b *bed) spoil(path string, mayRemove bool) error {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	ways := 4
	if mayRemove {
		ways = 5
	}
	way := b.random.IntN(ways)
	switch {
	case way == 4:
		return os.Remove(path)
	case len(bytes) == 0 || way == 0:
		bytes = append(bytes, "no such bytes\n"...)
	case way == 1:
		bytes[b.random.IntN(len(bytes))] ^= 1 << b.random.IntN(8)
	case way == 2:
		bytes = bytes[:b.random.IntN(len(bytes))]
	case way == 3:
		bytes = nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	fresh := path + ".fresh" // another file, as most programs write: a result's file may be linked from elsewhere
	if err := os.WriteFile(fresh, bytes, info.Mode()); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// some spoils one to three of these files.
func (t *trial) some(all []string, mayRemove bool) error {
	if len(all) == 0 {
		return errNothingToBreak
	}
	for range 1 + t.bed.random.IntN(3) {
		path := all[t.bed.random.IntN(len(all))]
		if _, err := os.Stat(path); err != nil {
			continue // removed by the one before
		}
		t.tally.blows++
		if err := t.bed.spoil(path, mayRemove); err != nil {
			return err
		}
	}
	return nil
}

// damageCheckpoints kills runs until one leaves a checkpoint, and damages files of unfinished stages. The run then either
// goes on from what is sound or starts over.
func damageCheckpoints(t *trial) error {
	work := filepath.Join(t.cache, "work")
	isCheckpoint := func(path string) bool { return strings.HasPrefix(filepath.Base(path), "checkpoint") }
	for attempt := 0; len(files(work, isCheckpoint)) == 0; attempt++ {
		if attempt == 20 {
			return errNothingToBreak
		}
		r := t.start()
		ended := make(chan ending, 1)
		go func() { ended <- r.wait() }()
		for len(ended) == 0 && len(files(work, isCheckpoint)) == 0 {
			time.Sleep(time.Millisecond)
		}
		t.moment(0, 0.1)
		r.signal(syscall.SIGKILL)
		if (<-ended).code == 0 { // it was faster than the blow
			if err := errors.Join(os.RemoveAll(t.cache), os.RemoveAll(t.out)); err != nil {
				return err
			}
		}
	}
	for _, path := range files(work, isCheckpoint) {
		t.tally.blows++
		if err := t.bed.spoil(path, true); err != nil {
			return err
		}
	}
	return t.judge(t.start().wait())
}

// damageResults damages what a run left in the cache; another must notice, and compute again what depends on it.
func damageResults(t *trial) error {
	if e := t.start().wait(); e.code != 0 {
		return fmt.Errorf("the run before ended with %d:\n%.2000s", e.code, e.said)
	}
	t.mayLack = true
	all := files(t.cache, func(path string) bool { return filepath.Base(path) != "lock" })
	if err := t.some(all, true); err != nil {
		return err
	}
	return t.judge(t.start().wait())
}

// damageTables damages what a run left for people; another makes it anew from the cache.
func damageTables(t *trial) error {
	if e := t.start().wait(); e.code != 0 {
		return fmt.Errorf("the run before ended with %d:\n%.2000s", e.code, e.said)
	}
	if err := t.some(files(t.out, func(string) bool { return true }), true); err != nil {
		return err
	}
	return t.judge(t.start().wait())
}

// damagePictures damages pictures before a run or while it works. The run may refuse them, or take them for another dataset
// (a flipped bit may leave a picture): what it then computes must not count as of the right ones. Then the right ones
// come back, with a time of now.
func damagePictures(t *trial) error {
	t.other = true
	var r *running
	if t.bed.random.IntN(2) == 0 {
		r = t.start()
		t.moment(0.02, 0.9)
	}
	if err := t.some(files(t.data, func(string) bool { return true }), true); err != nil {
		return err
	}
	if r == nil {
		r = t.start()
	}
	if err := t.judge(r.wait()); err != nil {
		return err
	}
	if err := t.judge(t.start().wait()); err != nil { // a second time: nothing was remembered wrongly
		return err
	}
	if err := os.RemoveAll(t.data); err != nil {
		return err
	}
	return copyTree(t.bed.data, t.data)
}
