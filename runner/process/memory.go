package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"
)

// What a picture takes beside the tiles, in bytes per pixel: while it is read (the file, its decoded form and the image),
// while it is degraded, and while it is kept and written.
const (
	readingBytes   = 16
	degradingBytes = 40
	keptBytes      = 3
	writingBytes   = 13
)

// spare covers what is small: the garbage of the program, buffers of files, holes in the heap of small tensors.
const spare = 48 << 20

// DefaultMemory is half of the machine's memory, and at most 4 GiB.
func DefaultMemory() uint64 {
	const most = 4 << 30
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return most
	}
	return min(most, info.Totalram*uint64(info.Unit)/2)
}

// ParseMemory reads sizes such as 800MB, 2GiB or a number of bytes.
func ParseMemory(text string) (uint64, error) {
	size, err := humanize.ParseBytes(text)
	if err != nil || size == 0 {
		return 0, fmt.Errorf("%q is no size; write such as 2GiB or 800MB", text)
	}
	return size, nil
}

// budget is the limit of memory, and how much the program holds before the first picture.
type budget struct{ limit, base int64 }

// newBudget takes what the process holds now as its base.
func newBudget(limit uint64) budget {
	return budget{int64(min(limit, 1<<60)), resident()}
}

// resident is how many bytes of memory the process holds.
func resident() int64 {
	const guess = 400 << 20
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return guess
	}
	if bytes, ok := held(string(text)); ok {
		return bytes
	}
	return guess
}

// held is what a process holds in bytes, or will as soon as it works, by its /proc/PID/status: the kernel takes pages of files
// back, and writes others to swap, when the machine runs out of memory, and the process then asks for them again.
func held(status string) (bytes int64, ok bool) {
	const libraries = 136 << 20 // of libtorch 1.13's and the program's files while it works; a larger libtorch is seen at once
	kilobytes := map[string]int64{}
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		if fields := strings.Fields(value); len(fields) == 2 && fields[1] == "kB" {
			kilobytes[name], _ = strconv.ParseInt(fields[0], 10, 64)
		}
	}
	own, ok := kilobytes["RssAnon"]
	own += kilobytes["RssShmem"] + kilobytes["VmSwap"]
	return own<<10 + max(kilobytes["RssFile"]<<10, libraries), ok
}

// check refuses a limit under which not even a tiny picture fits.
func (b budget) check(p *Pipeline) error {
	const tiny = 32 * 32
	need := b.base + spare + tiny*p.tileBytes()
	if need > b.limit {
		return fmt.Errorf("--memory %s is too little for %s: it takes %s and what the pictures take",
			humanize.IBytes(uint64(b.limit)), p.architectures(), humanize.IBytes(uint64(need)))
	}
	return nil
}

// grid divides a picture of width x height pixels so that all fits. degraded says that it was degraded before.
func (b budget) grid(p *Pipeline, width, height int, degraded bool) (Grid, error) {
	in, out := int64(width)*int64(height), int64(width)*int64(height)*int64(p.Scale*p.Scale)
	held := keptBytes*in + writingBytes*out
	if degraded {
		held += degradingBytes * out // of the target, which is as large as the output
	}
	held = b.base + spare + max(readingBytes*in, held)
	pixels := max((b.limit-held)/p.tileBytes(), 0)
	grid, ok := NewGrid(width, height, int(min(pixels, 1<<40)), p.Field)
	whole, least := grid == Grid{width, height, width, height}, int64(leastPixels(p.Field))
	if !ok || !whole && pixels < least {
		need := held + min(least, in)*p.tileBytes()
		return grid, fmt.Errorf("%dx%d pixels take %s of memory; raise --memory, which is %s", width, height,
			humanize.IBytes(uint64(need)), humanize.IBytes(uint64(b.limit)))
	}
	return grid, nil
}

// reads refuses a picture whose file cannot be decoded within the limit.
func (b budget) reads(width, height int) error {
	need := b.base + spare + readingBytes*int64(width)*int64(height)
	if need > b.limit {
		return fmt.Errorf("%dx%d pixels take %s of memory to read; raise --memory, which is %s", width, height,
			humanize.IBytes(uint64(need)), humanize.IBytes(uint64(b.limit)))
	}
	return nil
}

// tileBytes is what a tile takes per pixel: the networks' values, and the result's copies outside libtorch.
func (p *Pipeline) tileBytes() int64 {
	return 4*int64(p.Field.Floats) + 40 + 40*int64(p.Scale*p.Scale)
}

func (p *Pipeline) architectures() string {
	var names []string
	for _, c := range p.Checkpoints {
		names = append(names, c.Architecture.Name)
	}
	return strings.Join(names, " and ")
}
