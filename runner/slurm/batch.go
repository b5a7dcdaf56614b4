package slurm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"transfera/results/atomicfile"
	"transfera/runner/store"
)

// A batch is one job array. Its folder, slurm/NAME in the cache, holds
//
//	batch.json     this record, written before the job is submitted, and again with the job's id
//	tasks          a line per task: its index and the keys of its stages
//	script.sh      what each task runs
//	INDEX.out      what a task said
//	KEY.error      why a stage failed, in one sentence
//	cancelled      there once somebody cancelled the job through transfera
type batch struct {
	// Name is the folder's, and the job's comment, by which the job is known again.
	Name string `json:"name"`
	// Cluster that it was submitted to, and the Job's name and id there; "" until sbatch has said.
	Cluster   string    `json:"cluster"`
	JobName   string    `json:"job_name"`
	Job       string    `json:"job"`
	Submitted time.Time `json:"submitted"`
	// Arguments of sbatch.
	Arguments []string `json:"arguments"`
	// Tasks are the keys of each task's stages, by its index in the array.
	Tasks  map[int][]string `json:"tasks"`
	folder string
}

// kept is how long the folder of a batch stays whose stages came to nothing.
const kept = 30 * 24 * time.Hour

func (b *batch) path(name string) string { return filepath.Join(b.folder, name) }

// output is the file of what a task said.
func (b *batch) output(index int) string { return b.path(strconv.Itoa(index) + ".out") }

// comment marks the job as this batch.
func (b *batch) comment() string { return "transfera " + b.Name }

// failure is why a stage failed, "" where it did not say.
func (b *batch) failure(key string) string {
	text, err := os.ReadFile(b.path(key + FailureSuffix))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func (b *batch) cancelled() bool {
	_, err := os.Stat(b.path("cancelled"))
	return err == nil
}

// tail is the end of what a task said, on one line.
func (b *batch) tail(index int) string {
	const longest = 400
	text, err := os.ReadFile(b.output(index))
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	end := strings.Join(lines[max(0, len(lines)-4):], " | ")
	return end[max(0, len(end)-longest):]
}

// save writes the record.
func (b *batch) save() error {
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(b.path("batch.json"), append(text, '\n'))
}

// prepare makes the folder of a batch of which the tasks are known, all but the record.
func (b *batch) prepare(folder string, command []string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return fmt.Errorf("make the folder of a job: %w", err)
	}
	for n, err := 0, fs.ErrExist; errors.Is(err, fs.ErrExist); n++ {
		b.Name = fmt.Sprintf("%s-%d", time.Now().Format("20060102-150405"), n)
		b.folder = filepath.Join(folder, b.Name)
		if err = os.Mkdir(b.folder, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("make the folder of a job: %w", err)
		}
	}
	var lines strings.Builder
	for _, index := range slices.Sorted(maps.Keys(b.Tasks)) {
		fmt.Fprintln(&lines, index, strings.Join(b.Tasks[index], " "))
	}
	if err := atomicfile.Write(b.path("tasks"), []byte(lines.String())); err != nil {
		return err
	}
	return atomicfile.Write(b.path("script.sh"), []byte(b.script(command)))
}

func (b *batch) script(command []string) string {
	var quoted []string
	for _, word := range slices.Concat(command, []string{"--failures", b.folder, "--"}) {
		quoted = append(quoted, quote(word))
	}
	return fmt.Sprintf(`#!/bin/sh
# Computes the stages whose keys follow the number of this task in the file "tasks".
keys=$(sed -n "s/^$SLURM_ARRAY_TASK_ID //p" %s) || exit
exec %s $keys
`, quote(b.path("tasks")), strings.Join(quoted, " "))
}

// quote makes one word of a shell's command line.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// batches reads the records below folder, oldest first. Folders without one are passed over.
func batches(folder string) ([]*batch, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read what was submitted before: %w", err)
	}
	var all []*batch
	for _, entry := range entries {
		b := &batch{folder: filepath.Join(folder, entry.Name())}
		text, err := os.ReadFile(b.path("batch.json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read what was submitted before: %w", err)
		}
		if err := json.Unmarshal(text, b); err != nil {
			return nil, fmt.Errorf("%s: %w; remove that folder if its job has ended", b.path("batch.json"), err)
		}
		all = append(all, b)
	}
	return all, nil
}

// tidy removes the folders of batches that are of no use any more: those that have ended with all of their results there, and
// those that are old.
func tidy(s *store.Store, all []*batch, queue map[task]queued) error {
	ended := map[string]bool{}
	for _, b := range all {
		ended[b.Name] = true
	}
	for _, q := range queue {
		delete(ended, strings.TrimPrefix(q.comment, "transfera "))
	}
	for _, b := range all {
		if ended[b.Name] && (time.Since(b.Submitted) > kept || b.complete(s)) {
			if err := os.RemoveAll(b.folder); err != nil {
				return fmt.Errorf("remove what was left of a job: %w", err)
			}
		}
	}
	return nil
}

// complete tells whether every stage of a batch has a result.
func (b *batch) complete(s *store.Store) bool {
	for _, keys := range b.Tasks {
		for _, key := range keys {
			if !s.Has(key) {
				return false
			}
		}
	}
	return true
}
