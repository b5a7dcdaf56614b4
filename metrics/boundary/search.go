package boundary

import (
	"context"

	"transfera/aten"
)

// search finds the distances of one block of rays, at most as many as a batch holds, whose images and directions stay on the
// device meanwhile.
type search struct {
	ctx    context.Context
	f      Classifier
	size   int
	device aten.Device
	report func(done int)
	points points
	base   []int64 // the label at the start of each ray
}

// bundle is some of a block's rays: x and d are (n,3,H,W), rays their numbers in the block.
type bundle struct {
	x, d aten.Tensor
	rays []int
}

func (s *search) run(x, d Images, steps int) ([]Distance, error) {
	scope := aten.NewScope()
	defer scope.Close()
	s.points = newPoints(scope, s.device, s.size, x.Height, x.Width)
	all := bundle{x: x.tensor(scope, s.device, 0, x.Len()), d: d.tensor(scope, s.device, 0, x.Len())}
	for i := range x.Len() {
		all.rays = append(all.rays, i)
	}
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	var err error
	if s.base, _, err = predict(s.f, all.x); err != nil {
		return nil, err
	}
	first, err := s.grid(all, steps)
	if err != nil {
		return nil, err
	}
	distances := make([]Distance, x.Len())
	var crossed []int
	for i, step := range first {
		distances[i] = Distance{Value: float64(steps) * Step, Outcome: Censored}
		if step > 0 {
			crossed = append(crossed, i)
		}
	}
	if len(crossed) == 0 {
		return distances, nil
	}
	middles, err := s.bisect(all.only(crossed), first)
	for k, i := range crossed {
		if err == nil {
			distances[i] = Distance{Value: middles[k], Outcome: Crossed}
		}
	}
	return distances, err
}

// grid returns the first step, from 1 on, at which the label of each ray differs, 0 where none does. Rays leave once they
// have crossed, and those that are left look further ahead in one batch.
func (s *search) grid(all bundle, steps int) (first []int, err error) {
	first = make([]int, len(all.rays))
	left := all
	for step := 1; step <= steps && len(left.rays) > 0; {
		ahead := min(s.size/len(left.rays), steps-step+1)
		var distances []float64 // of all rays one step, then of all the next
		for k := range ahead {
			for range left.rays {
				distances = append(distances, float64(step+k)*Step)
			}
		}
		changed, err := s.changed(left, distances)
		if err != nil {
			return nil, err
		}
		var going []int // places in left
		for place, ray := range left.rays {
			for k := 0; k < ahead && first[ray] == 0; k++ {
				if changed[k*len(left.rays)+place] {
					first[ray] = step + k
				}
			}
			if first[ray] == 0 {
				going = append(going, place)
			}
		}
		step += ahead
		if len(going) > 0 && len(going) < len(left.rays) {
			fewer := left.only(going)
			if len(left.rays) < len(all.rays) {
				left.x.Free()
				left.d.Free()
			}
			left = fewer
		} else if len(going) == 0 {
			left.rays = nil
		}
		s.report(len(all.rays) - len(going))
	}
	s.report(len(all.rays))
	return first, nil
}

// bisect returns the middle of what is left of the step before first after halving it. Between two distances of which the
// label differs at the further one only, it keeps the half that has this property.
func (s *search) bisect(rays bundle, first []int) ([]float64, error) {
	near, far, middle := make([]float64, len(rays.rays)), make([]float64, len(rays.rays)), make([]float64, len(rays.rays))
	for place, ray := range rays.rays {
		near[place], far[place] = float64(first[ray]-1)*Step, float64(first[ray])*Step
	}
	for halving := 0; ; halving++ {
		for place := range middle {
			middle[place] = (near[place] + far[place]) / 2
		}
		if halving == Bisections {
			return middle, nil
		}
		changed, err := s.changed(rays, middle)
		if err != nil {
			return nil, err
		}
		for place, beyond := range changed {
			if beyond {
				far[place] = middle[place]
			} else {
				near[place] = middle[place]
			}
		}
	}
}

// changed tells at which distances the label differs from that at the ray's start. There is a whole number of distances per
// ray, and together no more than a batch: the first of each ray, then the second of each ray, and so on.
func (s *search) changed(b bundle, distances []float64) ([]bool, error) {
	if err := s.ctx.Err(); err != nil {
		return nil, err
	}
	n := len(b.rays)
	for start := 0; start < len(distances); start += n {
		s.points.fill(start, b.x, b.d, distances[start:start+n])
	}
	labels, _, err := s.points.predict(s.f, len(distances))
	if err != nil {
		return nil, err
	}
	changed := make([]bool, len(distances))
	for i, label := range labels {
		changed[i] = label != s.base[b.rays[i%n]]
	}
	return changed, nil
}

// only returns the rays at the given places of the bundle.
func (b bundle) only(places []int) bundle {
	gather := func(t aten.Tensor) aten.Tensor {
		rows := make([]aten.Tensor, len(places))
		for k, place := range places {
			rows[k] = aten.Narrow(t, 0, place, 1)
			defer rows[k].Free()
		}
		return aten.Cat(0, rows...)
	}
	few := bundle{x: gather(b.x), d: gather(b.d), rays: make([]int, len(places))}
	for k, place := range places {
		few.rays[k] = b.rays[place]
	}
	return few
}
