package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// running is a process of the program at work on the suite.
type running struct {
	command *exec.Cmd
	said    bytes.Buffer
	failed  error // to start
}

// ending is what a process came to.
type ending struct {
	code   int // -1 if a signal killed it
	signal syscall.Signal
	said   string
}

func (p *place) start() *running { return p.startInto(p.out) }

func (p *place) startInto(out string) *running {
	arguments := []string{"run", suite, "--data", "pictures=" + p.data, "--device", "cpu", "--jobs", "2", "--cache", p.cache, "--out", out}
	arguments = append(arguments, p.bed.flags...)
	r := &running{command: exec.Command(p.program, arguments...)}
	if p.before != "" {
		r.command = exec.Command("sh", append([]string{"-c", p.before + ` && exec "$0" "$@"`, p.program}, arguments...)...)
	}
	r.command.Stdout, r.command.Stderr = &r.said, &r.said
	r.command.Env = append(os.Environ(), "GIT_DIR="+os.DevNull) // trained networks carry the revision, if there is one
	if p.user != 0 {
		r.command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(p.user), Gid: uint32(p.user)}}
	}
	r.command.Dir = p.bed.work
	r.failed = r.command.Start()
	return r
}

func (r *running) signal(s syscall.Signal) {
	if r.failed == nil {
		_ = r.command.Process.Signal(s) // it may have ended
	}
}

// longest is when a run counts as hanging.
const longest = 5 * time.Minute

func (r *running) wait() ending {
	if r.failed != nil {
		return ending{code: 127, said: r.failed.Error()}
	}
	hanging := time.AfterFunc(longest, func() { r.signal(syscall.SIGQUIT) })
	defer hanging.Stop()
	_ = r.command.Wait() // the state tells all
	state := r.command.ProcessState.Sys().(syscall.WaitStatus)
	e := ending{code: state.ExitStatus(), said: r.said.String()}
	if state.Signaled() {
		e.code, e.signal = -1, state.Signal()
	}
	return e
}

var (
	marks   = regexp.MustCompile(`(?m)^goroutine \d+|^panic:|^fatal error:|runtime error|^SIG[A-Z]+:|core dumped|terminate called`)
	numbers = regexp.MustCompile(`\.tmp-\w+|[0-9a-f]{8,}|\d+`) // what differs between two runs that say the same
)

// sentence is what a run said that stopped, and whether that was for people: no trace of the program's inside.
func (e ending) sentence(root string) (sentence string, clear bool) {
	for line := range strings.Lines(strings.ReplaceAll(e.said, root, "PLACE")) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "transfera: ") || strings.Contains(line, ": error: ") { // the program's own, or about a spec
			sentence = line
			break
		}
	}
	return numbers.ReplaceAllString(sentence, "#"), sentence != "" && e.code != -1 && !marks.MatchString(e.said)
}

func (e ending) clear(root string) bool {
	_, clear := e.sentence(root)
	return clear
}
