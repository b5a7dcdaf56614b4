package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"transfera/aten"
)

// answer is a worker's line in reply to one of:
//
//	run N    do the work N times: Seconds, CPU, Before and Peak
//	check 1  do it and tell what came out: Values or Digest
//
// What a GPU does counts until it is done. Before is the resident memory at the start, Peak the process's highest so far, both in bytes. A worker begins with an
// empty answer when it is ready.
type answer struct {
	Seconds float64   `json:"seconds"`
	CPU     float64   `json:"cpu"`
	Before  int64     `json:"before"`
	Peak    int64     `json:"peak"`
	GPU     int64     `json:"gpu"` // the most bytes that tensors on the GPU held meanwhile
	Values  []float64 `json:"values"`
	Digest  string    `json:"digest"`
	Error   string    `json:"error"`
}

// work is this program's worker.
func work(file string, requests io.Reader, answers io.Writer) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var p problem
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	runtime.GOMAXPROCS(p.Threads) // a loader must not use more cores than its peer
	aten.SetThreads(p.Threads)
	device, err := aten.ParseDevice(p.Device)
	if err != nil {
		return err
	}
	t := task{device: device}
	if native := aten.Catch(func() { t, err = newTask(p); t.device = device }); native != nil {
		return native
	}
	if err != nil {
		return err
	}
	out := json.NewEncoder(answers)
	if err := out.Encode(answer{}); err != nil {
		return err
	}
	for lines := bufio.NewScanner(requests); lines.Scan(); {
		reply, err := t.obey(lines.Text())
		if err != nil {
			reply.Error = err.Error()
		}
		if err := out.Encode(reply); err != nil {
			return err
		}
	}
	return nil
}

func (t task) obey(line string) (reply answer, err error) {
	var command string
	var count int
	if _, err := fmt.Sscan(line, &command, &count); err != nil {
		return reply, fmt.Errorf("request %q: %w", line, err)
	}
	native := aten.Catch(func() {
		if command == "check" {
			reply, err = t.check()
			return
		}
		aten.Synchronize(t.device)
		aten.DeviceMemory(t.device, true)
		reply.Before = memory("VmRSS")
		start, used := time.Now(), usage()
		for range count {
			if err = t.run(); err != nil {
				return
			}
		}
		aten.Synchronize(t.device)
		reply.Seconds = time.Since(start).Seconds()
		after := usage()
		reply.GPU, _ = aten.DeviceMemory(t.device, false)
		reply.CPU, reply.Peak = cpu(after)-cpu(used), memory("VmHWM")
	})
	if native != nil {
		return reply, native
	}
	return reply, err
}

func usage() (u syscall.Rusage) {
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // the arguments are valid
	}
	return u
}

func cpu(u syscall.Rusage) float64 {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// memory is the resident memory in bytes, now (VmRSS) or at most (VmHWM); 0 where /proc does not tell. The kernel's account
// of resources, ru_maxrss, counts what the parent held when it started this process.
func memory(of string) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, of+": %d kB", &kilobytes); err == nil {
			return 1024 * kilobytes
		}
	}
	return 0
}
