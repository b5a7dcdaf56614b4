package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"transfera/aten"
	"transfera/results/atomicfile"
	"transfera/runner/dag"
)

// Forecast is what one experiment's tables and figures are expected to take. Stages of a sort that was never timed count for
// nothing, but in Unknown.
type Forecast struct {
	Experiment string
	// Alone is how many seconds pass until its results are there if nothing else is computed, and Work the sum of the seconds of
	// its missing stages.
	Alone, Work float64
	// Further is the part of Work that no experiment before needs too.
	Further float64
	Unknown int
}

// Forecasts are those of the suite's experiments, in order, with so many stages side by side.
func (p *Prepared) Forecasts(workers int) []Forecast {
	var forecasts []Forecast
	counted := map[*dag.Stage]bool{}
	for i, table := range p.Plan.Tables {
		own := []*dag.Stage{table}
		for _, study := range p.Plan.Studies {
			if study.Experiment == p.suite.Experiments[i].Name {
				own = append(own, study.Stage)
			}
		}
		part := p.Plan.Graph.Part(own...)
		f := Forecast{Experiment: p.suite.Experiments[i].Name, Alone: dag.Makespan(part, p.Status, p.Rates, workers)}
		for _, stage := range part.Stages {
			if p.Status.Of(stage) != dag.Missing {
				continue
			}
			seconds, known := p.Rates.Seconds(stage)
			if !known {
				f.Unknown++
			}
			f.Work += seconds
			if !counted[stage] {
				counted[stage] = true
				f.Further += seconds
			}
		}
		forecasts = append(forecasts, f)
	}
	return forecasts
}

// throughput is a file of measured rates. They belong to a device and a number of threads, which their names contain.
type throughput struct {
	Device   string    `json:"device"`
	Threads  int       `json:"threads"`
	Libtorch string    `json:"libtorch"`
	Rates    dag.Rates `json:"rates"` // seconds per unit of work
}

// SaveRates writes how fast stages are here, for plans made elsewhere.
func (p *Prepared) SaveRates(path string) error {
	text, err := json.MarshalIndent(throughput{p.env.Device.String(), p.env.Threads, aten.LibtorchVersion(), p.Rates}, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(path, append(text, '\n'))
}

// readThroughput reads what SaveRates wrote.
func readThroughput(path string) (*throughput, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("rates: %w", err)
	}
	t := &throughput{}
	if err := json.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("rates: %s: %w; write it with transfera plan --save-rates", path, err)
	}
	if t.Device == "" || t.Threads < 1 || len(t.Rates) == 0 {
		return nil, fmt.Errorf("rates: %s holds none; write it with transfera plan --save-rates on the machine that computes", filepath.Base(path))
	}
	for rate, seconds := range t.Rates {
		if !(seconds >= 0) {
			return nil, fmt.Errorf("rates: %s: %s takes %v seconds", path, rate, seconds)
		}
	}
	return t, nil
}

var errElsewhere = errors.New("this plan has the rates of another machine, and can only be looked at")
