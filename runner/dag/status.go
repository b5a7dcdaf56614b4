package dag

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"transfera/runner/store"
)

// State says what a plan has to do about a stage.
type State int

// The states of a stage before a run.
const (
	// Cached results are in the store.
	Cached State = iota
	// Missing results have to be computed.
	Missing
	// Unneeded results are not in the store, but everything that would use them is.
	Unneeded
)

func (s State) String() string { return [...]string{"cached", "to compute", "not needed"}[s] }

// Status is the state of every stage of a graph.
type Status struct {
	states  map[*Stage]State
	records map[*Stage]*store.Record
	// Damage lists cached results that were found damaged and removed.
	Damage []error
}

// Inspect looks every stage up in the store. Stages that no other one uses are what is wanted; of the others, those
// count as needed that a missing and needed stage uses.
func Inspect(g *Graph, s *store.Store) *Status {
	status := &Status{states: map[*Stage]State{}, records: map[*Stage]*store.Record{}}
	used, needed := map[*Stage]bool{}, map[*Stage]bool{}
	for _, stage := range g.Stages {
		for _, input := range stage.Inputs {
			used[input] = true
		}
	}
	for _, stage := range slices.Backward(g.Stages) {
		record, found, damage := s.Find(stage.Key)
		if damage != nil {
			status.Damage = append(status.Damage, damage)
		}
		switch {
		case found:
			status.states[stage], status.records[stage] = Cached, record
		case used[stage] && !needed[stage]:
			status.states[stage] = Unneeded
		default:
			status.states[stage] = Missing
			for _, input := range stage.Inputs {
				needed[input] = true
			}
		}
	}
	return status
}

// InspectOnly is Inspect for those who want some stages alone, and have their inputs. It is an error if an input is not in
// the store; the states of all other stages are Unneeded.
func InspectOnly(g *Graph, s *store.Store, wanted []*Stage) (*Status, error) {
	status := &Status{states: map[*Stage]State{}, records: map[*Stage]*store.Record{}}
	for _, stage := range g.Stages {
		status.states[stage] = Unneeded
	}
	find := func(stage *Stage) bool {
		record, found, damage := s.Find(stage.Key)
		if damage != nil {
			status.Damage = append(status.Damage, damage)
		}
		if found {
			status.states[stage], status.records[stage] = Cached, record
		}
		return found
	}
	for _, stage := range wanted {
		if find(stage) {
			continue
		}
		status.states[stage] = Missing
		for _, input := range stage.Inputs {
			if status.states[input] == Unneeded && !slices.Contains(wanted, input) && !find(input) {
				return nil, fmt.Errorf("%s needs %s, which is not in the cache; let a run compute it first", stage, input)
			}
		}
	}
	return status, nil
}

// Of is the state of a stage.
func (s *Status) Of(stage *Stage) State { return s.states[stage] }

// Record is the store's record of a cached stage, else nil.
func (s *Status) Record(stage *Stage) *store.Record { return s.records[stage] }

// Count is how many stages are in a state.
func (s *Status) Count(state State) int {
	n := 0
	for _, have := range s.states {
		if have == state {
			n++
		}
	}
	return n
}

// Rates are seconds per unit of work, by rate name.
type Rates map[string]float64

// MeasuredRates takes the median of what the store's newest results of each rate took.
func MeasuredRates(s *store.Store) (Rates, error) {
	const newest = 20
	records, err := s.List()
	if err != nil {
		return nil, err
	}
	samples := map[string][]float64{}
	for _, r := range slices.Backward(records) {
		if r.Rate != "" && r.Work > 0 && len(samples[r.Rate]) < newest {
			samples[r.Rate] = append(samples[r.Rate], r.Seconds/r.Work)
		}
	}
	rates := Rates{}
	for rate, values := range samples {
		slices.SortFunc(values, cmp.Compare[float64])
		rates[rate] = values[len(values)/2]
	}
	return rates, nil
}

// Seconds estimates how long a stage takes; known is false where no rate says so.
func (r Rates) Seconds(stage *Stage) (seconds float64, known bool) {
	if stage.Work == 0 {
		return 0, true
	}
	rate, known := r[stage.Rate]
	return rate * stage.Work, known
}

// ProbeRates adds the rates that missing stages need and that are not known yet.
func (r Rates) ProbeRates(ctx context.Context, g *Graph, status *Status) error {
	for _, stage := range g.Stages {
		if _, known := r.Seconds(stage); known || status.Of(stage) != Missing || stage.Probe == nil {
			continue
		}
		seconds, err := stage.Probe(ctx)
		if err != nil {
			return fmt.Errorf("time %s: %w", stage, err)
		}
		r[stage.Rate] = seconds
	}
	return nil
}

// Bytes estimates how much the results of the missing stages take, without what lies there while they are computed.
func (s *Status) Bytes(g *Graph) int64 {
	total := int64(0)
	for _, stage := range g.Stages {
		if s.Of(stage) == Missing {
			total += stage.Bytes
		}
	}
	return total
}

// Makespan estimates the seconds in which workers side by side compute the missing stages, by playing through the order in
// which Run takes them. It does not count stages of unknown duration.
func Makespan(g *Graph, status *Status, rates Rates, workers int) float64 {
	until := map[*Stage]float64{} // when each is done
	free := make([]float64, max(workers, 1))
	end := 0.0
	q := newQueue(g, status, rates)
	for len(q.waiting) > 0 {
		worker := 0
		for i := range free {
			if free[i] < free[worker] {
				worker = i
			}
		}
		stage := q.waiting[0]
		best := -1.0
		for _, candidate := range q.waiting { // the one that can start first; among those the queue's order
			start := free[worker]
			for _, input := range candidate.Inputs {
				start = max(start, until[input])
			}
			if _, unknown := q.pending(candidate, until); unknown {
				continue
			}
			if best < 0 || start < best {
				stage, best = candidate, start
			}
		}
		seconds, _ := rates.Seconds(stage)
		until[stage] = max(best, 0) + seconds
		free[worker] = until[stage]
		end = max(end, until[stage])
		q.remove(stage)
	}
	return end
}
