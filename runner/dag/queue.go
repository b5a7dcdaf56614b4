package dag

import "slices"

// queue orders the stages that a run has to compute: those with the longest work behind them first, so that no long chain
// is left for the end.
type queue struct {
	status  *Status
	waiting []*Stage
	alone   map[*Stage]bool // members of groups that failed as a whole: computed one by one
}

func newQueue(g *Graph, status *Status, rates Rates) *queue {
	q := &queue{status: status, alone: map[*Stage]bool{}}
	behind := map[*Stage]float64{} // seconds of the longest chain that begins with the stage
	for _, stage := range slices.Backward(g.Stages) {
		if status.Of(stage) != Missing {
			continue
		}
		seconds, known := rates.Seconds(stage)
		if !known {
			seconds = 1
		}
		behind[stage] += seconds
		for _, input := range stage.Inputs {
			behind[input] = max(behind[input], behind[stage])
		}
	}
	for _, stage := range g.Stages {
		if status.Of(stage) == Missing {
			q.waiting = append(q.waiting, stage)
		}
	}
	slices.SortStableFunc(q.waiting, func(a, b *Stage) int {
		switch {
		case behind[a] > behind[b]:
			return -1
		case behind[a] < behind[b]:
			return 1
		}
		return 0
	})
	return q
}

// pending returns an input of the stage that is neither cached nor done.
func (q *queue) pending(stage *Stage, done map[*Stage]float64) (*Stage, bool) {
	for _, input := range stage.Inputs {
		if _, ok := done[input]; !ok && q.status.Of(input) != Cached {
			return input, true
		}
	}
	return nil, false
}

func (q *queue) remove(stage *Stage) {
	q.waiting = slices.DeleteFunc(q.waiting, func(s *Stage) bool { return s == stage })
}

// take removes and returns the first stage whose inputs are all there, with the other members of its group of which the
// same is true; nil if there is none.
func (q *queue) take(done map[*Stage]float64) []*Stage {
	ready := func(s *Stage) bool { _, waits := q.pending(s, done); return !waits }
	first := slices.IndexFunc(q.waiting, ready)
	if first < 0 {
		return nil
	}
	taken := []*Stage{q.waiting[first]}
	if group := taken[0].Group; group != "" && !q.alone[taken[0]] {
		for _, s := range q.waiting {
			if s != taken[0] && s.Group == group && !q.alone[s] && ready(s) {
				taken = append(taken, s)
			}
		}
	}
	for _, s := range taken {
		q.remove(s)
	}
	return taken
}
