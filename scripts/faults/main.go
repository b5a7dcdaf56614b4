// Command faults breaks runs of a small suite in every way it knows, and checks what is left: no wrong number, nothing
// half-written, one clear sentence, and a plain run afterwards that ends in the same bits as one in peace.
//
//	go run ./scripts/faults [--faults kill,disk-full] [--share 0.1] [--seed 1] [--sentences] [-- FLAG OF transfera run...]
//
// Some faults need to be root on Linux (a file system of its own that fills up; another user to whom a folder is
// closed); without that they are left out, with a word. The exit code is 1 if anything was wrong.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter"
)

func main() {
	err := run(os.Stdout, os.Stderr, os.Args[1:])
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "faults:", err)
		os.Exit(1)
	}
}

// run is the whole command.
func run(stdout, stderr io.Writer, args []string) error {
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	flags.SetOutput(stderr)
	names := flags.String("faults", "all", "faults to try, separated by commas: "+strings.Join(faultNames(), " "))
	share := flags.Float64("share", 1, "share of the trials of each fault, at least one")
	seed := flags.Uint64("seed", 1, "another number chooses other moments and bytes")
	sentences := flags.Bool("sentences", false, "list what runs said that stopped")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*names)
	if err != nil {
		return err
	}
	b, err := newBed(stderr, *seed, flags.Args()...)
	if err != nil {
		return err
	}
	defer b.close()
	var tallies []*tally
	began := time.Now()
	for k, f := range chosen {
		if why := f.needs(b); why != "" {
			fmt.Fprintf(stderr, "%s is left out: %s\n", f.name, why)
			continue
		}
		trials := max(1, int(math.Round(*share*float64(f.trials))))
		tallies = append(tallies, b.try(f, trials, fmt.Sprintf("%d/%d", k+1, len(chosen))))
	}
	if err := show(stdout, tallies); err != nil {
		return err
	}
	if *sentences {
		showSentences(stdout, tallies)
	}
	fmt.Fprintf(stdout, "%s in all; in peace the suite takes %.1f s\n", time.Since(began).Round(time.Second), b.took.Seconds())
	if slices.ContainsFunc(tallies, func(t *tally) bool { return len(t.wrong) > 0 }) {
		return errors.New("something was wrong, see above")
	}
	return nil
}

func choose(names string) ([]fault, error) {
	if names == "all" {
		return faults, nil
	}
	var chosen []fault
	for name := range strings.SplitSeq(names, ",") {
		k := slices.IndexFunc(faults, func(f fault) bool { return f.name == name })
		if k < 0 {
			return nil, fmt.Errorf("unknown fault %q; there are: %s", name, strings.Join(faultNames(), " "))
		}
		chosen = append(chosen, faults[k])
	}
	return chosen, nil
}

func faultNames() []string {
	var names []string
	for _, f := range faults {
		names = append(names, f.name)
	}
	return names
}

// show prints a row per fault.
func show(w io.Writer, tallies []*tally) error {
	table := tablewriter.NewTable(w)
	table.Header("fault", "trials", "blows", "runs broken off", "stopped, saying why", "ended all the same", "wrong")
	for _, t := range tallies {
		if err := table.Append(t.fault.name, t.trials, t.blows, t.brokenOff, t.stopped, t.ended, len(t.wrong)); err != nil {
			return err
		}
	}
	if err := table.Render(); err != nil {
		return err
	}
	for _, t := range tallies {
		fmt.Fprintf(w, "%s: %s\n", t.fault.name, t.fault.what)
		for _, wrong := range t.wrong {
			fmt.Fprintf(w, "  WRONG: %s\n", strings.ReplaceAll(wrong, "\n", "\n    "))
		}
	}
	return nil
}

func showSentences(w io.Writer, tallies []*tally) {
	for _, t := range tallies {
		for _, sentence := range slices.Sorted(keys(t.sentences)) {
			fmt.Fprintf(w, "%s, %d times: %s\n", t.fault.name, t.sentences[sentence], sentence)
		}
	}
}
