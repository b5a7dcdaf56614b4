// Package doctor looks at the installation and the machine, and says what to do about what is wrong.
package doctor

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"

	"transfera/aten"
	"transfera/data/imaging"
	"transfera/runner/store"
)

// State is how a finding counts.
type State string

// Fine needs nothing, Limited works with less than there could be, and Broken makes results wrong or impossible.
const (
	Fine    State = "ok"
	Limited State = "limited"
	Broken  State = "broken"
)

// Finding is what one examination came to. Advice says what to do where State is not Fine.
type Finding struct {
	Of     string
	State  State
	Words  string
	Advice string
}

// Options say what is examined.
type Options struct {
	Device     string // auto, cpu, cuda or cuda:N
	Cache, Out string // folders of the store and of results; they need not exist yet
}

// Examine looks at everything. It writes only a file that it removes again, in Cache and in Out or the folders above them.
func Examine(o Options) []Finding {
	device, compute := libtorch(o.Device)
	cache := folder("cache", o.Cache)
	findings := []Finding{compute, device, processes(), jpeg(), cores(), memory(), folder("results", o.Out), cache}
	if cache.State == Broken { // there is nowhere to lock, and its own line says so
		return findings
	}
	return append(findings, locks(o.Cache))
}

// libtorch computes a convolution of the device whose result is known.
func libtorch(name string) (device, compute Finding) {
	device, compute = Finding{Of: "device"}, Finding{Of: "libtorch"}
	chosen, err := aten.ParseDevice(name)
	switch {
	case err != nil:
		device.State, device.Words, device.Advice = Broken, err.Error(), "choose another --device"
	case chosen.IsCPU() && name == "auto":
		device.State, device.Words = Limited, "the CPU; this libtorch has no CUDA or sees no GPU"
		device.Advice = "that is enough for experiments/embedded; for a GPU run scripts/setup.sh --python naming a Python with a CUDA PyTorch"
	default:
		device.State, device.Words = Fine, chosen.String()
	}
	version := "libtorch " + aten.LibtorchVersion()
	deviation, err := convolve(chosen)
	switch {
	case err != nil:
		compute.State, compute.Words = Broken, fmt.Sprintf("%s cannot compute on %s: %v", version, chosen, err)
	case deviation > 1e-5:
		compute.State, compute.Words = Broken, fmt.Sprintf("%s computes a convolution on %s that is off by %.1e", version, chosen, deviation)
	default:
		compute.State, compute.Words = Fine, fmt.Sprintf("%s computes a convolution on %s right", version, chosen)
	}
	if compute.State == Broken {
		compute.Advice = "build the native half again: rm -r build/native && scripts/setup.sh"
	}
	return device, compute
}

// convolve is how far the convolution of a ramp with a box is from its closed form.
func convolve(device aten.Device) (deviation float64, err error) {
	if native := aten.Catch(func() { deviation, err = boxed(device) }); native != nil {
		err = native
	}
	return deviation, err
}

func boxed(device aten.Device) (deviation float64, err error) {
	s := aten.NewScope()
	defer s.Close()
	const side = 16
	ramp := make([]float32, side*side)
	for i := range ramp {
		ramp[i] = float32(i%side) / side
	}
	box := make([]float32, 9)
	for i := range box {
		box[i] = 1. / 9
	}
	x := aten.FromFloats(s, ramp, 1, 1, side, side).To(device)
	w := aten.FromFloats(s, box, 1, 1, 3, 3).To(device)
	got := aten.Conv2d(x, w, aten.Tensor{}, aten.Convolution{}).To(aten.CPU).Floats()
	if len(got) != (side-2)*(side-2) {
		return 0, fmt.Errorf("%d values instead of %d", len(got), (side-2)*(side-2))
	}
	for i, v := range got { // the mean of three neighbours on a ramp is the middle one
		off := math.Abs(float64(v) - float64(i%(side-2)+1)/side)
		if math.IsNaN(off) {
			return math.Inf(1), nil
		}
		deviation = max(deviation, off)
	}
	return deviation, nil
}

// processes says by what several processes can talk.
func processes() Finding {
	f := Finding{Of: "processes", State: Fine}
	gloo, nccl := aten.HasBackend("gloo"), aten.HasBackend("nccl")
	switch {
	case gloo && nccl:
		f.Words = "--nproc works on the CPU (Gloo) and on GPUs (NCCL)"
	case gloo && !aten.CUDAAvailable():
		f.Words = "--nproc works on the CPU (Gloo)"
	case gloo:
		f.State, f.Words = Limited, "--nproc works on the CPU (Gloo) but not on GPUs: this libtorch has no NCCL"
		f.Advice = "build against a libtorch with NCCL, as official CUDA builds have: scripts/setup.sh --help"
	default:
		f.State, f.Words = Limited, "--nproc does not work: the native half was built without Gloo"
		f.Advice = "install libgloo-dev and run scripts/setup.sh again, or use one process"
	}
	return f
}

// What Pillow 9.4 makes of the picture of jpeg with save(quality=10), and the pixels when it reads that again
// (scripts/goldens/doctor.py).
const (
	pillowFile   = "04b05b68a82889019dec0dadbc65fe9e8e6842c4d10e01b16a47b34bb9df3e4f"
	pillowPixels = "7511bb416274224093650a087e9595e3f3798f3799f60ed9003eeb7a9c737a4d"
)

// jpeg compares libjpeg-turbo with Pillow, for JPEG-deblocking and every photograph depend on its very bytes.
func jpeg() Finding {
	f := Finding{Of: "libjpeg", State: Broken, Advice: "install libturbojpeg0-dev of Debian 12, as scripts/setup.sh does, then make build"}
	m := imaging.New(64, 48)
	for y := range m.Height {
		for x := range m.Width {
			at := 3 * (y*m.Width + x)
			m.Pix[at], m.Pix[at+1], m.Pix[at+2] = uint8(4*x), uint8(5*y), uint8(x*y)
		}
	}
	file, err := m.EncodeJPEG(10)
	if err != nil {
		f.Words = err.Error()
		return f
	}
	back, err := imaging.Decode(file, "the picture of the examination")
	switch {
	case err != nil:
		f.Words = err.Error()
	case fmt.Sprintf("%x", sha256.Sum256(file)) != pillowFile:
		f.Words = "its files are not those of Pillow, so that results on jpeg differ from the paper's protocol"
	case fmt.Sprintf("%x", sha256.Sum256(back.Pix)) != pillowPixels:
		f.Words = "its pixels are not those of Pillow, so that recognizers see other pictures"
	default:
		f.State, f.Advice, f.Words = Fine, "", "writes and reads the bytes of Pillow"
	}
	return f
}

func cores() Finding {
	usable, there := runtime.GOMAXPROCS(0), runtime.NumCPU()
	f := Finding{Of: "cores", State: Fine, Words: fmt.Sprintf("%d; as many stages run side by side, each on one thread", usable)}
	if usable < there {
		f.State, f.Words = Limited, fmt.Sprintf("%d of %d may be used", usable, there)
		f.Advice = "a limit of the container or GOMAXPROCS; --jobs and --threads say how they are used"
	}
	return f
}

func memory() Finding {
	const least = 2 << 30 // what make reproduce takes
	f := Finding{Of: "memory", State: Fine}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		f.State, f.Words, f.Advice = Limited, "unknown: "+err.Error(), "see that 2 GiB are free"
		return f
	}
	total := info.Totalram * uint64(info.Unit)
	f.Words = humanize.IBytes(total)
	if total < least {
		f.State, f.Advice = Limited, "experiments/embedded takes 2 GiB: run it with --jobs 1, or add swap"
	}
	return f
}

// folder writes into a folder, or the lowest one above it that exists, and looks for space.
func folder(name, path string) Finding {
	const least = 2 << 30
	f := Finding{Of: name, State: Broken}
	there, err := existing(path)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(there, ".doctor-"); err == nil {
			err = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	if err != nil {
		f.Words, f.Advice = err.Error(), "choose a folder that can be written, with --"+map[string]string{"cache": "cache", "results": "out"}[name]
		return f
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(there, &disk); err != nil {
		f.Words, f.Advice = fmt.Sprintf("%s: %v", there, err), "choose another folder"
		return f
	}
	free := disk.Bavail * uint64(disk.Bsize)
	f.State, f.Words = Fine, fmt.Sprintf("%s can be written, %s free", path, humanize.IBytes(free))
	if free < least {
		f.State, f.Advice = Limited, "transfera plan SUITE says how much a suite takes; transfera cache prune frees some"
	}
	return f
}

// existing is the lowest folder of path that exists.
func existing(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for {
		info, err := os.Stat(path)
		switch {
		case err == nil && info.IsDir():
			return path, nil
		case err == nil:
			return "", fmt.Errorf("%s is no folder", path)
		case !errors.Is(err, os.ErrNotExist):
			return "", err
		}
		path = filepath.Dir(path)
	}
}

// locks tries the locks that runs of one cache share stages by.
func locks(cache string) Finding {
	f := Finding{Of: "locks", State: Fine, Words: "runs can share the cache"}
	there, err := existing(cache)
	if err == nil {
		var probe string
		if probe, err = os.MkdirTemp(there, ".doctor-"); err == nil {
			defer func() { _ = os.RemoveAll(probe) }()
			err = lockTwice(probe)
		}
	}
	if err != nil {
		f.State, f.Words, f.Advice = Broken, err.Error(), "put the cache on a file system with fcntl locks, with --cache"
	}
	return f
}

// lockTwice is an error unless a second taker of a lock finds it taken.
func lockTwice(folder string) error {
	s, err := store.Open(folder)
	if err != nil {
		return err
	}
	unlock, free, err := s.TryLock("examination")
	if err != nil {
		return err
	}
	if !free {
		return errors.New("a lock that nobody holds counts as taken")
	}
	defer unlock()
	again, free, err := s.TryLock("examination")
	if err != nil {
		return err
	}
	if free {
		again()
		return errors.New("two holders of one lock: runs side by side would compute stages twice")
	}
	return nil
}
