package runner

import (
	"fmt"
	"io"
	"os"
	"strings"

	"transfera/runner/dag"
	"transfera/runner/progress"
)

// killed is a sentence about the run before, if its log ends in the middle of it: whom the kernel kills for memory says
// nothing himself. It is empty where that run may still be at work.
func (p *Prepared) killed(log *os.File) string {
	const most = 1 << 20 // of the log's end
	end, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	names, err := progress.Unfinished(io.NewSectionReader(log, max(0, end-most), most))
	if err != nil {
		return ""
	}
	var dead []string
	for _, name := range names {
		if stage := p.missing(name); stage != nil && !p.locked(stage.Key) {
			dead = append(dead, name)
		}
	}
	if len(dead) == 0 {
		return ""
	}
	return fmt.Sprintf("the run before this one was killed at work on %s; if memory ran out there, fewer --jobs or a smaller batch need less",
		strings.Join(dead, " and "))
}

// missing is the stage that the log calls name, or whose group it calls so, if it is still to be computed.
func (p *Prepared) missing(name string) *dag.Stage {
	for _, stage := range p.Plan.Graph.Stages {
		if (name == stage.String() || strings.HasPrefix(name, stage.String()+" and ")) && p.Status.Of(stage) == dag.Missing {
			return stage
		}
	}
	return nil
}

// locked tells whether somebody is computing the stage of key.
func (p *Prepared) locked(key string) bool {
	unlock, free, err := p.env.Store.TryLock(key)
	if free {
		unlock()
	}
	return err == nil && !free
}
