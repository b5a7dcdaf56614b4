package main

import (
	"fmt"
	"math"
	"slices"
)

// pair holds how to start the two programs on a problem.
type pair struct{ ours, peer []string }

// result is one line of the table. Ratios are ours / theirs.
type result struct {
	Work, Peer               string
	Images                   int     // of one run of a step, else 0
	Time, Spread             float64 // median over the rounds, and the distance between its quartiles
	CPU                      float64 // median ratio of processor time
	Memory                   float64 // of the growth of peak memory over that before the first run; on a GPU, of its peak memory
	Ours, Theirs             float64 // median seconds of one run
	OursMemory, PeerMemory   int64   // growth in bytes
	OursOverall, PeerOverall int64   // peak of the whole process in bytes
}

// tolerance is how far values may be apart, relative to the larger one: sums have another order on a GPU, TF32 rounds to 11
// bits and bf16 to 8, and each program rounds at places of its own.
func (p problem) tolerance() float64 {
	for _, m := range []mode{p.Mode, p.PeerMode} {
		if m.Precision == "bf16" {
			return 3e-2
		}
	}
	switch {
	case p.PeerMode.Precision == "tf32" || p.Mode.Precision == "tf32":
		return 1e-2
	case p.Device == "cpu":
		return 1e-4
	}
	return 2e-3
}

// warmUps are the steps that each program does before the clock runs, on a GPU and where PyTorch compiles.
const warmUps = 10

// duel checks that both programs do the same, and measures them in turns.
func (o options) duel(problem problem, p pair) (r result, err error) {
	r.Work, r.Peer = problem.Work, problem.peer()
	if problem.Kind == "step" {
		r.Images = problem.images()
	}
	if err := r.measureMemory(p, problem.Device != "cpu"); err != nil {
		return r, err
	}
	workers, stop, err := p.start()
	if err != nil {
		return r, err
	}
	defer stop()
	if err := agree(workers, problem.tolerance()); err != nil {
		return r, err
	}
	runs := 1
	if problem.Device != "cpu" || problem.PeerMode.Compile {
		runs = 10
		for _, w := range workers {
			if _, err := w.ask("run", warmUps); err != nil {
				return r, err
			}
		}
	}
	first, err := workers[1].ask("run", runs)
	if err != nil {
		return r, err
	}
	repeat := max(1, int(math.Round(o.turn/first.Seconds*float64(runs))))
	var ratios, cpu, ours, peer []float64
	for round := range o.rounds {
		var seconds [2]answer
		for k := range workers {
			which := (k + round) % 2 // who begins changes with every round
			if seconds[which], err = workers[which].ask("run", repeat); err != nil {
				return r, err
			}
		}
		ratios = append(ratios, seconds[0].Seconds/seconds[1].Seconds)
		cpu = append(cpu, seconds[0].CPU/seconds[1].CPU)
		ours = append(ours, seconds[0].Seconds/float64(repeat))
		peer = append(peer, seconds[1].Seconds/float64(repeat))
	}
	r.Time, r.Spread = quantile(ratios, 0.5), quantile(ratios, 0.75)-quantile(ratios, 0.25)
	r.CPU, r.Ours, r.Theirs = quantile(cpu, 0.5), quantile(ours, 0.5), quantile(peer, 0.5)
	return r, nil
}

// memoryRuns is enough for every allocation that a run repeats.
const memoryRuns = 5

// measureMemory uses processes of its own, so that nothing but the work has grown them.
func (r *result) measureMemory(p pair, gpu bool) error {
	var growth, peak [2]int64
	for k, command := range [][]string{p.ours, p.peer} {
		w, err := start(names[k], command...)
		if err != nil {
			return err
		}
		a, err := w.ask("run", memoryRuns)
		if err != nil {
			return err
		}
		growth[k], peak[k] = a.Peak-a.Before, a.Peak
		if gpu {
			growth[k] = a.GPU
		}
		if err := w.stop(); err != nil {
			return err
		}
	}
	r.OursMemory, r.PeerMemory = growth[0], growth[1]
	r.OursOverall, r.PeerOverall = peak[0], peak[1]
	r.Memory = float64(growth[0]) / float64(growth[1])
	return nil
}

var names = []string{"transfera", "PyTorch"}

func (p pair) start() (workers []*worker, stop func(), err error) {
	stop = func() {
		for _, w := range workers {
			_ = w.stop() // what it had to tell is told
		}
	}
	for k, command := range [][]string{p.ours, p.peer} {
		w, err := start(names[k], command...)
		if err != nil {
			stop()
			return nil, nil, err
		}
		workers = append(workers, w)
	}
	return workers, stop, nil
}

// agree compares what comes out of the workers.
func agree(workers []*worker, tolerance float64) error {
	var answers []answer
	for _, w := range workers {
		a, err := w.ask("check", 1)
		if err != nil {
			return err
		}
		answers = append(answers, a)
	}
	ours, peer := answers[0], answers[1]
	if ours.Digest != peer.Digest {
		return fmt.Errorf("the pixels of the two programs differ")
	}
	if len(ours.Values) != len(peer.Values) || len(ours.Values) == 0 && ours.Digest == "" {
		return fmt.Errorf("the two programs give %d and %d values", len(ours.Values), len(peer.Values))
	}
	for i, v := range ours.Values {
		if w := peer.Values[i]; !(math.Abs(v-w) <= tolerance*max(math.Abs(v), math.Abs(w), 1e-3)) {
			return fmt.Errorf("value %d is %v here and %v in PyTorch", i, v, w)
		}
	}
	return nil
}

// quantile interpolates between the sorted values.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low := int(at)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (at-float64(low))*(sorted[high]-sorted[low])
}
