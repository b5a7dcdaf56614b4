package main

import (
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// bed is where runs are broken.
type bed struct {
	work    string // a folder of its own; everything is below it
	program string
	data    string // the pictures as they should be
	peace   map[string]string
	took    time.Duration // by a plain run lately
	size    int64         // bytes that the run in peace left on disk
	random  *rand.Rand
	log     io.Writer
	places  int
	flags   []string // more of transfera run
}

// newBed builds the program, makes the pictures, and runs the suite in peace.
func newBed(log io.Writer, seed uint64, flags ...string) (b *bed, err error) {
	b = &bed{log: log, random: rand.New(rand.NewPCG(seed, 0)), flags: flags}
	if b.work, err = os.MkdirTemp("", "faults-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if err := os.Chmod(b.work, 0o755); err != nil { // also for the user to whom folders are closed
		return nil, err
	}
	if b.program, err = b.build("transfera"); err != nil {
		return nil, err
	}
	for _, folder := range []string{suite, "experiments/smoke", "build/native"} { // the clone may change, and be closed to others
		if err := copyTree(folder, filepath.Join(b.work, folder)); err != nil {
			return nil, err
		}
	}
	b.data = filepath.Join(b.work, "pictures")
	if err := b.draw(); err != nil {
		return nil, err
	}
	return b, b.inPeace()
}

func (b *bed) close() { _ = os.RemoveAll(b.work) }

// build makes the program under another name and with more flags.
func (b *bed) build(name string, flags ...string) (string, error) {
	path := filepath.Join(b.work, "bin", name) // beside build/native, where it looks for its library
	build := exec.Command("go", append(append([]string{"build"}, flags...), "-buildvcs=false", "-o", path, "transfera/cmd/transfera")...)
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, said)
	}
	return path, nil
}

// draw makes two classes of small pictures, PNG and JPEG, old enough that their hashes are remembered.
func (b *bed) draw() error {
	random := rand.New(rand.NewPCG(1, 1))
	for split, images := range map[string]int{"train": 80, "val": 40} {
		for i := range images {
			m := image.NewRGBA(image.Rect(0, 0, 32, 32))
			for k := range 32 * 32 {
				c := color.RGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255}
				if i%2 == 0 {
					c.R /= 2
				}
				m.SetRGBA(k%32, k/32, c)
			}
			path := filepath.Join(b.data, split, "ab"[i%2:i%2+1], fmt.Sprintf("%02d.png", i))
			encode := png.Encode
			if i%4 >= 2 {
				path = path[:len(path)-len("png")] + "jpg"
				encode = func(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) }
			}
			if err := picture(path, m, encode); err != nil {
				return err
			}
		}
	}
	return nil
}

func picture(path string, m image.Image, encode func(io.Writer, image.Image) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := encode(file, m); err != nil {
		return err
	}
	old := time.Now().Add(-time.Hour)
	return os.Chtimes(path, old, old)
}

// inPeace remembers what the suite comes to without a fault, and how long that takes now.
func (b *bed) inPeace() error {
	p, err := b.newPlace()
	if err != nil {
		return err
	}
	defer p.remove()
	began := time.Now()
	if e := p.start().wait(); e.code != 0 {
		return fmt.Errorf("the suite does not run in peace: exit code %d\n%s", e.code, e.said)
	}
	b.took = time.Since(began)
	if b.peace != nil {
		return p.whole(p.out)
	}
	for _, path := range files(p.root, func(string) bool { return true }) {
		if info, err := os.Stat(path); err == nil && !strings.HasPrefix(path, p.data) {
			b.size += info.Size()
		}
	}
	b.peace, err = p.sums(p.out)
	return err
}

// place is a cache, a folder of results and a copy of the pictures, all fresh.
type place struct {
	bed        *bed
	root       string
	cache, out string
	data       string
	program    string
	user       int    // that runs the program; 0 for whoever runs this one
	before     string // a shell command before the program in the same process, such as ulimit
	mayLack    bool   // results that the tables do not need again: they were damaged
	mayAbort   bool   // reports of the program's inside are no fault
	unmount    func()
}

func (b *bed) newPlace() (*place, error) {
	b.places++
	root := filepath.Join(b.work, strconv.Itoa(b.places))
	p := &place{bed: b, root: root, cache: filepath.Join(root, "cache"), out: filepath.Join(root, "out"),
		data: filepath.Join(root, "pictures"), program: b.program}
	if err := copyTree(b.data, p.data); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *place) remove() {
	if p.unmount != nil {
		p.unmount()
	}
	_ = os.RemoveAll(p.root)
}

// copyTree copies files with their times, and links as what they lead to.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, relative), 0o755)
		case entry.Type()&os.ModeSymlink != 0: // to the system's libraries
			target, err := filepath.EvalSymlinks(path)
			if err != nil {
				return err
			}
			return os.Symlink(target, filepath.Join(to, relative))
		}
		return copyFile(path, filepath.Join(to, relative))
	})
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	bytes, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, bytes, 0o644); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

func keys[V any](m map[string]V) func(func(string) bool) { return maps.Keys(m) }
