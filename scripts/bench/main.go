// Command bench times this program beside an idiomatic PyTorch program (peer/) that does the same with the same weights,
// data, libtorch and number of threads, in turns within one run, and prints ratios ours / theirs.
//
//	go run ./scripts/bench [--works ra-step,evaluation] [--size 112] [--batch 4] [--images FOLDER]
//	go run ./scripts/bench --device cuda --size 224 --batch 20,64,128 --works ra-step --modes eager,bf16,compile
//
// --modes says what a step is measured beside: default (float32 of both, on the CPU), eager (PyTorch in float32), tf32 (its
// default on GPUs), bf16 (autocast, channels-last) or compile (the same, through torch.compile). Ours is float32 beside default and
// float32, and else bf16, channels-last and, on a GPU, captured. On a GPU, times end when the device is done, and memory is
// the most that tensors held there.
//
// Both programs must give the same losses, metrics or pixels before they are timed. Time is the median of the rounds'
// ratios, its spread the distance between their quartiles. Memory is the growth of the process's peak resident memory
// (VmHWM) over what was resident when everything was loaded, in a process of its own that does the work five times.
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"

	"transfera/results/atomicfile"
)

func main() {
	err := run(os.Stdout, os.Args[1:])
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	works, python, images, out string
	device, batches, modes     string
	size, threads, rounds      int
	turn                       float64
	solo                       bool
}

// run is the whole command. The first argument "worker" makes it the worker that it starts itself.
func run(stdout io.Writer, args []string) error {
	if len(args) == 2 && args[0] == "worker" {
		return work(args[1], os.Stdin, os.Stdout)
	}
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.works, "works", "all", "works to measure, separated by commas: "+strings.Join(workNames(problems(0, 0)), " "))
	flags.StringVar(&o.python, "python", "python3", "Python with torch, torchvision and Pillow, of the libtorch that we use")
	flags.StringVar(&o.images, "images", "", "ImageFolder of JPEGs for the loader; generated if empty")
	flags.StringVar(&o.out, "out", filepath.Join("results", "out", "bench", "bench.csv"), "file of the ratios")
	flags.IntVar(&o.size, "size", 112, "pixels of a side in the large works")
	flags.StringVar(&o.batches, "batch", "4", "images per batch in the large works; several, separated by commas, are measured one by one")
	flags.StringVar(&o.device, "device", "cpu", "cpu, cuda or cuda:N")
	flags.StringVar(&o.modes, "modes", "default", "what steps are measured beside, separated by commas: "+strings.Join(modeNames(), " "))
	flags.IntVar(&o.threads, "threads", 1, "threads of each program")
	flags.IntVar(&o.rounds, "rounds", 7, "rounds; in each, both programs have one turn")
	flags.BoolVar(&o.solo, "alone", false, "measure this program without PyTorch: images per second instead of ratios")
	flags.Float64Var(&o.turn, "turn", 1, "seconds of a turn, about")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := o.chosen()
	if err != nil {
		return err
	}
	if o.solo {
		return o.alone(chosen)
	}
	var results []result
	var failed error
	for _, p := range chosen {
		r, err := o.measure(p)
		if err != nil { // the others count all the same
			failed = errors.Join(failed, fmt.Errorf("%s beside %s: %w", p.Work, p.peer(), err))
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: %.3f of %s's time\n", r.Work, r.Time, r.Peer)
		results = append(results, r)
	}
	if len(results) == 0 {
		return failed
	}
	if err := printTable(stdout, results); err != nil {
		return err
	}
	return errors.Join(failed, writeCSV(o.out, results))
}

func workNames(list []problem) (names []string) {
	for _, p := range list {
		names = append(names, p.Work)
	}
	return names
}

func choose(list []problem, works string) ([]problem, error) {
	if works == "all" {
		return list, nil
	}
	var chosen []problem
	for name := range strings.SplitSeq(works, ",") {
		i := slices.IndexFunc(list, func(p problem) bool { return p.Work == name })
		if i < 0 {
			return nil, fmt.Errorf("no work %q; known are %s", name, strings.Join(workNames(list), ", "))
		}
		chosen = append(chosen, list[i])
	}
	return chosen, nil
}

// measure lets both programs do a problem.
func (o options) measure(p problem) (r result, err error) {
	err = o.prepared(p, func(p problem, ours []string) error {
		script, err := writePeer(p.Folder)
		if err != nil {
			return err
		}
		r, err = o.duel(p, pair{ours: ours, peer: []string{o.python, script, ours[len(ours)-1]}})
		return err
	})
	return r, err
}

// prepared calls use with a problem whose files lie in a temporary folder meanwhile, and the command of our worker.
func (o options) prepared(p problem, use func(p problem, ours []string) error) error {
	p.Device, p.Threads, p.Images = o.device, o.threads, o.images
	folder, err := os.MkdirTemp("", "transfera-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	file, err := p.write(folder)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p.Folder = folder
	return use(p, []string{self, "worker", file})
}

func printTable(w io.Writer, results []result) error {
	table := tablewriter.NewTable(w)
	table.Header("work", "beside", "time", "spread", "cpu", "memory", "ours s", "its s", "images/s", "ours MiB", "its MiB", "peak MiB", "its peak")
	const mib = 1 << 20
	for _, r := range results {
		err := table.Append(r.Work, r.Peer, fmt.Sprintf("%.3f", r.Time), fmt.Sprintf("%.3f", r.Spread), fmt.Sprintf("%.3f", r.CPU),
			fmt.Sprintf("%.2f", r.Memory), fmt.Sprintf("%.4f", r.Ours), fmt.Sprintf("%.4f", r.Theirs), r.speed(), fmt.Sprint(r.OursMemory/mib),
			fmt.Sprint(r.PeerMemory/mib), fmt.Sprint(r.OursOverall/mib), fmt.Sprint(r.PeerOverall/mib))
		if err != nil {
			return err
		}
	}
	return table.Render()
}

func writeCSV(path string, results []result) error {
	return atomicfile.Stream(path, func(w io.Writer) error {
		out := csv.NewWriter(w)
		records := [][]string{{"work", "peer", "time_ratio", "time_spread", "memory_ratio"}}
		for _, r := range results {
			records = append(records, []string{
				r.Work, r.Peer, fmt.Sprintf("%.4f", r.Time), fmt.Sprintf("%.4f", r.Spread), fmt.Sprintf("%.4f", r.Memory),
			})
		}
		return out.WriteAll(records)
	})
}
