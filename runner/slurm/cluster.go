package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// patience is how long one of Slurm's commands may take; they wait for a busy controller themselves.
const patience = 2 * time.Minute

// cluster is the Slurm that sbatch of this machine belongs to.
type cluster struct {
	name string
	// largest is how many tasks an array can have.
	largest int
}

// task is one task of a job array.
type task struct {
	Job   string
	Index int
}

func (t task) String() string { return fmt.Sprintf("%s_%d", t.Job, t.Index) }

// queued is what squeue says about a task that has not ended.
type queued struct {
	state   string // PENDING, RUNNING, COMPLETING, ...
	comment string
}

// command runs one of Slurm's commands and returns what it says. It is not interrupted halfway: what it does counts, and has to
// be known.
func command(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, name, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's interrupt is for this process alone
	c.WaitDelay = time.Second
	err := c.Run()
	if said := strings.TrimSpace(stderr.String()); err != nil && said != "" {
		err = errors.New(strings.ReplaceAll(said, "\n", "; "))
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return stdout.String(), nil
}

var setting = regexp.MustCompile(`(?m)^(\w+)\s*=\s*(\S+)`)

// connect asks for the cluster.
func connect(ctx context.Context) (*cluster, error) {
	for _, name := range []string{"sbatch", "squeue", "scontrol", "scancel"} {
		if _, err := exec.LookPath(name); err != nil {
			return nil, fmt.Errorf("%s is not on the PATH: run this on a machine that submits to a Slurm cluster, or leave --executor slurm out to compute here", name)
		}
	}
	text, err := command(ctx, "scontrol", "show", "config")
	if err != nil {
		return nil, fmt.Errorf("the Slurm cluster does not answer: %w; try sinfo, or leave --executor slurm out to compute here", err)
	}
	c := &cluster{largest: 1000}
	for _, found := range setting.FindAllStringSubmatch(text, -1) {
		switch found[1] {
		case "ClusterName":
			c.name = found[2]
		case "MaxArraySize":
			if size, err := strconv.Atoi(found[2]); err == nil && size > 1 {
				c.largest = min(size-1, 1000)
			}
		}
	}
	return c, nil
}

// submit gives a script to sbatch and returns the job's id.
func (c *cluster) submit(ctx context.Context, args []string) (job string, err error) {
	text, err := command(ctx, "sbatch", append([]string{"--parsable"}, args...)...)
	if err != nil {
		return "", err
	}
	job, _, _ = strings.Cut(strings.TrimSpace(text), ";")
	if _, err := strconv.ParseUint(job, 10, 64); err != nil {
		return "", fmt.Errorf("sbatch: %q is no job's id", strings.TrimSpace(text))
	}
	return job, nil
}

// queue lists the tasks of jobs of these names that have not ended, whoever they belong to.
func (c *cluster) queue(ctx context.Context, names []string) (map[task]queued, error) {
	text, err := command(ctx, "squeue", "--noheader", "--array", "--name="+strings.Join(names, ","), "--format=%F|%K|%T|%k")
	if err != nil {
		return nil, err
	}
	tasks := map[task]queued{}
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(line), "|", 4)
		if len(fields) != 4 {
			return nil, fmt.Errorf("squeue: cannot read %q", strings.TrimSpace(line))
		}
		index, err := strconv.Atoi(fields[1])
		if err != nil {
			continue // not an array: none of ours
		}
		tasks[task{fields[0], index}] = queued{state: fields[2], comment: fields[3]}
	}
	return tasks, nil
}

var jobField = regexp.MustCompile(`\b(JobState|Reason)=(\S+)`)

// ended says how a task ended: its state, and the reason of that; both empty where the controller has forgotten it.
func (c *cluster) ended(ctx context.Context, t task) (state, reason string) {
	text, err := command(ctx, "scontrol", "show", "job", "--oneliner", t.String())
	if err != nil {
		return "", ""
	}
	for _, found := range jobField.FindAllStringSubmatch(text, -1) {
		switch {
		case found[1] == "JobState" && state == "":
			state = found[2]
		case found[1] == "Reason" && reason == "":
			reason = found[2]
		}
	}
	return state, reason
}

// cancel ends a job with all of its tasks.
func (c *cluster) cancel(ctx context.Context, job string) error {
	_, err := command(ctx, "scancel", job)
	return err
}
