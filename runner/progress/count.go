package progress

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Count tells people how far work on many like things is, such as reading the files of a dataset: a bar on a terminal, a line
// now and then elsewhere. What takes less than the interval between lines is not worth one.
type Count struct {
	out      io.Writer
	terminal bool
	interval time.Duration
	mutex    sync.Mutex
	what     string
	started  time.Time
	shown    time.Time
	bar      *progressbar.ProgressBar
}

// NewCount reports to out. terminal says that it can draw a bar.
func NewCount(out io.Writer, terminal bool) *Count {
	return &Count{out: out, terminal: terminal, interval: interval}
}

// Progress is told that so many of total are done of what. Something else than before starts anew.
func (c *Count) Progress(what string, done, total int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if what != c.what {
		c.clear()
		c.what, c.started, c.shown = what, time.Now(), time.Now()
	}
	if done >= total {
		c.clear()
		c.what = ""
		return
	}
	if c.terminal {
		if c.bar == nil {
			c.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(c.out), progressbar.OptionSetWidth(20),
				progressbar.OptionSetDescription(what), progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(),
				progressbar.OptionThrottle(200*time.Millisecond))
		}
		_ = c.bar.Set(done)
		return
	}
	if time.Since(c.shown) < c.interval || done == 0 {
		return
	}
	c.shown = time.Now()
	left := time.Since(c.started).Seconds() * float64(total-done) / float64(done)
	fmt.Fprintf(c.out, "%s: %d of %d, about %s left\n", what, done, total, duration(left))
}

func (c *Count) clear() {
	if c.bar != nil {
		_ = c.bar.Clear()
		c.bar = nil
	}
}
