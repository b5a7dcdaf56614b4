package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"

	"transfera/results/atomicfile"
)

// solo is what this program does on its own.
type solo struct {
	Work    string
	Seconds float64 // of one run, median over the rounds
	Images  int     // of one run; 0 where that makes no sense
	GPU     int64   // the most bytes that tensors on a GPU held
}

// alone measures this program without another one, where there is no PyTorch to compare with or none is needed.
func (o options) alone(chosen []problem) error {
	var results []solo
	var failed error
	for _, p := range chosen {
		r, err := o.measureAlone(p)
		if err != nil { // the others count all the same
			failed = errors.Join(failed, fmt.Errorf("%s: %w", p.Work, err))
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: %.4g s\n", r.Work, r.Seconds)
		results = append(results, r)
	}
	if len(results) == 0 {
		return failed
	}
	return errors.Join(failed, writeSolos(o.out, results))
}

func (o options) measureAlone(p problem) (r solo, err error) {
	err = o.prepared(p, func(p problem, ours []string) error {
		r.Work, r.Images = p.Work, p.images()
		w, err := start(names[0], ours...)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, w.stop()) }()
		if _, err := w.ask("check", 1); err != nil { // and so warm
			return err
		}
		first, err := w.ask("run", 1)
		if err != nil {
			return err
		}
		repeat := max(1, int(o.turn/first.Seconds))
		var seconds []float64
		for range o.rounds {
			a, err := w.ask("run", repeat)
			if err != nil {
				return err
			}
			seconds = append(seconds, a.Seconds/float64(repeat))
			r.GPU = max(r.GPU, a.GPU)
		}
		r.Seconds = quantile(seconds, 0.5)
		return nil
	})
	return r, err
}

func writeSolos(path string, results []solo) error {
	return atomicfile.Stream(path, func(w io.Writer) error {
		out := csv.NewWriter(w)
		records := [][]string{{"work", "images_per_second", "seconds", "gpu_mib"}}
		for _, r := range results {
			speed := ""
			if r.Images > 0 {
				speed = fmt.Sprintf("%.2f", float64(r.Images)/r.Seconds)
			}
			records = append(records, []string{r.Work, speed, fmt.Sprintf("%.6f", r.Seconds), fmt.Sprint(r.GPU >> 20)})
		}
		return out.WriteAll(records)
	})
}
