package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// nobody is the user to whom folders are closed; root may write everywhere.
const nobody = 65534

func notRoot(*bed) string {
	if os.Getuid() != 0 {
		return "it takes root to run the program as another user"
	}
	return ""
}

func noMounts(b *bed) string {
	folder := filepath.Join(b.work, "mount")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err.Error()
	}
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=1m"); err != nil {
		return fmt.Sprintf("no file system can be mounted here: %v", err)
	}
	_ = syscall.Unmount(folder, 0)
	return ""
}

// fillDisk runs with cache and results on a file system that is too small, and then makes it larger.
func fillDisk(t *trial) error {
	disk := filepath.Join(t.root, "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		return err
	}
	pages := 8 + t.bed.random.IntN(int(t.bed.size/4096))
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("nr_blocks=%d", pages)); err != nil {
		return err
	}
	t.unmount = func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) }
	t.cache, t.out = filepath.Join(disk, "cache"), filepath.Join(disk, "out")
	t.tally.blows++
	if err := t.judge(t.start().wait()); err != nil {
		return err
	}
	return syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "nr_blocks=0")
}

// closeFolder runs as another user, to whom one folder is closed before the run or while it works.
func closeFolder(t *trial) error {
	t.user = nobody
	for _, folder := range []string{t.root, t.cache, t.out} {
		if err := errors.Join(os.MkdirAll(folder, 0o755), os.Chown(folder, nobody, nobody)); err != nil {
			return err
		}
	}
	var r *running
	if t.bed.random.IntN(2) == 0 {
		r = t.start()
		t.moment(0.05, 0.9)
	}
	folders := []string{t.root, t.cache, t.out}
	_ = filepath.WalkDir(t.root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && !strings.HasPrefix(path, t.data) {
			folders = append(folders, path)
		}
		return nil
	})
	folder := folders[t.bed.random.IntN(len(folders))]
	if err := os.Chmod(folder, 0o555); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	t.tally.blows++
	if r == nil {
		r = t.start()
	}
	if err := t.judge(r.wait()); err != nil {
		return fmt.Errorf("with %s closed: %w", strings.TrimPrefix(folder, t.root), err)
	}
	if err := os.Chmod(folder, 0o755); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// memoryGroups are where the kernel may let us make control groups, with the name of the limit's file: versions 1 and 2.
var memoryGroups = []struct{ folder, limit string }{
	{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
	{"/sys/fs/cgroup", "memory.max"},
}

// memoryGroup makes a control group of so many bytes and returns the file to enter it by.
func memoryGroup(bytes int) (enter string, remove func(), err error) {
	err = errors.New("there are no control groups")
	for _, g := range memoryGroups {
		folder := filepath.Join(g.folder, fmt.Sprintf("transfera-faults-%d", os.Getpid()))
		if err = os.Mkdir(folder, 0o755); err != nil {
			continue
		}
		remove = func() { _ = os.Remove(folder) }
		if err = os.WriteFile(filepath.Join(folder, g.limit), []byte(fmt.Sprint(bytes)), 0o644); err == nil {
			return filepath.Join(folder, "cgroup.procs"), remove, nil
		}
		remove()
	}
	return "", nil, err
}

func noGroups(*bed) string {
	_, remove, err := memoryGroup(1 << 30)
	if err != nil {
		return fmt.Sprintf("no control group for memory can be made here: %v", err)
	}
	remove()
	return ""
}

// exhaustMemory runs in a control group with some of the memory that the suite takes in peace.
func exhaustMemory(t *trial) error {
	enter, remove, err := memoryGroup((20 + t.bed.random.IntN(200)) << 20)
	if err != nil {
		return err
	}
	defer remove()
	t.before = "echo $$ >" + enter
	t.tally.blows++
	return t.judge(t.start().wait())
}

func limitMemory(t *trial) error {
	t.before = fmt.Sprintf("ulimit -d %d", (20+t.bed.random.IntN(600))<<10)
	t.mayAbort = true
	t.tally.blows++
	return t.judge(t.start().wait())
}

// breakClock runs a program whose wall clock jumps.
func breakClock(t *trial) error {
	program, err := t.bed.clockless()
	if err != nil {
		return err
	}
	t.program = program
	t.tally.blows++
	if err := t.judge(t.start().wait()); err != nil {
		return err
	}
	return t.judge(t.start().wait()) // with what the first remembered at impossible times
}

// clockless builds the program, once, with a standard library whose time.Now jumps by up to 30 years at every call.
// Durations within the process are true, as the kernel's monotonic clock stays so when somebody sets the other.
func (b *bed) clockless() (string, error) {
	path := filepath.Join(b.work, "bin", "clockless")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	text, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	const reading = "sec, nsec, mono := runtimeNow()\n"
	const name = "func Now() Time {\n\t" + reading
	if strings.Count(string(text), name) != 1 {
		return "", fmt.Errorf("%s has no %q; teach this fault the new one", original, name)
	}
	jumping := strings.Replace(string(text), name, name+"\tsec += int64(uint32(nsec)*2654435761>>1)%1900000000 - 900000000\n", 1)
	changed, overlay := filepath.Join(b.work, "time.go"), filepath.Join(b.work, "overlay.json")
	listing, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.WriteFile(changed, []byte(jumping), 0o644), os.WriteFile(overlay, listing, 0o644)); err != nil {
		return "", err
	}
	return b.build("clockless", "-overlay", overlay)
}
