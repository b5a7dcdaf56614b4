package slurm

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asSlurm names the folder of a fake cluster. With it, and called by the name of one of Slurm's commands, the test binary is
// that command.
const asSlurm = "TRANSFERA_TEST_FAKE_SLURM"

func TestMain(m *testing.M) {
	if folder := os.Getenv(asSlurm); folder != "" {
		if name := filepath.Base(os.Args[0]); slices.Contains(commands, name) {
			os.Exit(fake(folder).command(name, os.Args[1:]))
		}
	}
	os.Exit(m.Run())
}

var commands = []string{"sbatch", "squeue", "scontrol", "scancel"}

// fake is a cluster in a folder: a folder per job, with its arguments and the state of each task. It answers as Slurm 22.05 does.
type fake string

// job is what was submitted.
type job struct {
	ID      string
	Args    []string
	Options map[string]string
	Indices []int
}

// newFake puts a fake cluster on the PATH.
func newFake(t *testing.T) fake {
	t.Helper()
	bin, folder := t.TempDir(), t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	for _, name := range commands {
		require.NoError(t, os.Symlink(self, filepath.Join(bin, name)))
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv(asSlurm, folder)
	return fake(folder)
}

func (f fake) path(parts ...string) string {
	return filepath.Join(append([]string{string(f)}, parts...)...)
}

func (f fake) command(name string, args []string) int {
	if _, err := os.Stat(f.path("down")); err == nil {
		fmt.Fprintln(os.Stderr, "slurm_load_jobs error: Unable to contact slurm controller")
		return 1
	}
	switch {
	case name == "sbatch":
		fmt.Println(f.submit(args))
	case name == "squeue":
		f.list()
	case name == "scancel":
		for _, j := range f.jobs() {
			for _, index := range j.Indices {
				if state := f.state(j.ID, index); j.ID == args[0] && (state == "PENDING" || state == "RUNNING") {
					f.set(j.ID, index, "CANCELLED None")
				}
			}
		}
	case args[1] == "config":
		fmt.Print("ClusterName             = fake\nMaxArraySize            = 5\n")
	default:
		id, index, _ := strings.Cut(args[3], "_")
		n, _ := strconv.Atoi(index)
		state, reason, _ := strings.Cut(f.state(id, n), " ")
		fmt.Printf("JobId=77 ArrayJobId=%s JobState=%s Reason=%s Dependency=(null)\n", id, state, reason)
	}
	return 0
}

func (f fake) submit(args []string) string {
	j := job{Args: args, Options: map[string]string{}}
	for _, arg := range args {
		if name, value, found := strings.Cut(arg, "="); found {
			j.Options[name] = value
		}
	}
	list, _, _ := strings.Cut(j.Options["--array"], "%")
	for _, part := range strings.Split(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		low, _ := strconv.Atoi(first)
		high := low
		if isRange {
			high, _ = strconv.Atoi(last)
		}
		for i := low; i <= high; i++ {
			j.Indices = append(j.Indices, i)
		}
	}
	for n := 1; ; n++ {
		j.ID = strconv.Itoa(n)
		if os.Mkdir(f.path(j.ID), 0o777) == nil {
			break
		}
	}
	for _, index := range j.Indices {
		f.set(j.ID, index, "PENDING")
	}
	text, _ := json.Marshal(j)
	must(os.WriteFile(f.path(j.ID, "job.new"), text, 0o666))
	must(os.Rename(f.path(j.ID, "job.new"), f.path(j.ID, "job.json")))
	return j.ID
}

// jobs are those that were submitted, in order.
func (f fake) jobs() []job {
	var all []job
	for n := 1; ; n++ {
		text, err := os.ReadFile(f.path(strconv.Itoa(n), "job.json"))
		if err != nil {
			return all
		}
		var j job
		must(json.Unmarshal(text, &j))
		all = append(all, j)
	}
}

func (f fake) state(id string, index int) string {
	text, _ := os.ReadFile(f.path(id, strconv.Itoa(index)))
	return string(text)
}

func (f fake) set(id string, index int, state string) {
	path := f.path(id, strconv.Itoa(index))
	must(os.WriteFile(path+".new", []byte(state), 0o666))
	must(os.Rename(path+".new", path))
}

func (f fake) list() {
	for _, j := range f.jobs() {
		for _, index := range j.Indices {
			if state := f.state(j.ID, index); state == "PENDING" || state == "RUNNING" {
				fmt.Printf("%s|%d|%s|%s\n", j.ID, index, state, j.Options["--comment"])
			}
		}
	}
}

// serve computes what is in the queue, one task after the other, until the test ends.
func (f fake) serve(t *testing.T) {
	t.Helper()
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-ended:
				return
			case <-time.After(5 * time.Millisecond):
				f.step(1)
			}
		}
	}()
	t.Cleanup(func() { close(ended); <-stopped })
}

// step runs the first tasks that need not wait any more, at most so many, and gives up those that would wait for ever.
func (f fake) step(most int) {
	for _, j := range f.jobs() {
		for _, index := range j.Indices {
			if f.state(j.ID, index) != "PENDING" {
				continue
			}
			switch ready, never := f.dependency(j, index); {
			case never:
				f.set(j.ID, index, "CANCELLED DependencyNeverSatisfied")
			case ready && most > 0:
				f.compute(j, index)
				most--
			}
		}
	}
}

// dependency tells whether a task may run, or never will.
func (f fake) dependency(j job, index int) (ready, never bool) {
	ready = true
	if j.Options["--dependency"] == "" {
		return ready, false
	}
	for _, condition := range strings.Split(j.Options["--dependency"], ",") {
		kind, list, _ := strings.Cut(condition, ":")
		for _, id := range strings.Split(list, ":") {
			id, one, isTask := strings.Cut(id, "_")
			for _, other := range f.jobs() {
				for _, i := range other.Indices {
					if other.ID != id || isTask && strconv.Itoa(i) != one || kind == "aftercorr" && i != index {
						continue
					}
					state := f.state(id, i)
					ready = ready && state == "COMPLETED None"
					never = never || strings.HasPrefix(state, "FAILED") || strings.HasPrefix(state, "CANCELLED") || strings.HasPrefix(state, "TIMEOUT")
				}
			}
		}
	}
	return ready, never
}

func (f fake) compute(j job, index int) {
	f.set(j.ID, index, "RUNNING")
	output, err := os.Create(strings.ReplaceAll(j.Options["--output"], "%a", strconv.Itoa(index)))
	must(err)
	defer output.Close()
	c := exec.Command("sh", j.Args[len(j.Args)-1])
	c.Env = append(os.Environ(), "SLURM_ARRAY_TASK_ID="+strconv.Itoa(index))
	c.Dir, c.Stdout, c.Stderr = j.Options["--chdir"], output, output
	state := "COMPLETED None"
	if err := c.Run(); err != nil {
		state = "FAILED NonZeroExitCode"
	}
	f.set(j.ID, index, state)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
