package progress

import (
	"bufio"
	"io"
	"slices"
	"strings"
)

// Unfinished names what was at work when a log ended, in the order in which it began: a job that had neither finished nor
// failed, of a run that did not close its Reporter. Where two runs wrote one log side by side, the end of either counts.
func Unfinished(log io.Reader) ([]string, error) {
	var active []string
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.SplitN(lines.Text(), " ", 4) // date, time, event, the rest
		if len(fields) < 3 {
			continue
		}
		text := ""
		if len(fields) == 4 {
			text = strings.TrimLeft(fields[3], " ")
		}
		switch fields[2] {
		case "started":
			active = append(active, text)
		case "finished":
			name := text[:max(0, strings.LastIndex(text, " in "))]
			active = slices.DeleteFunc(active, func(a string) bool { return a == name })
		case "failed": // each stage of a job by itself
			name, _, _ := strings.Cut(text, ": ")
			active = slices.DeleteFunc(active, func(a string) bool { return a == name || strings.HasPrefix(a, name+" and ") })
		case "ended":
			active = nil
		}
	}
	return active, lines.Err()
}
