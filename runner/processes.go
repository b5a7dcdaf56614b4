package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"transfera/aten"
	"transfera/runner/ranks"
)

// place says who is who: this process starts the others, or torchrun has done it.
func (o *Options) place() error {
	switch {
	case o.Processes < 0:
		return errors.New("--nproc cannot be negative; leave it out for one process")
	case o.Executor == Slurm && (o.Processes > 1 || o.Place.Several()):
		return errors.New("--nproc and --executor slurm: a stage is one process of one job there; leave one of them out")
	case o.Place.Size > 0 && o.Processes > 0 && o.Place.Size != o.Processes:
		return fmt.Errorf("--nproc %d contradicts WORLD_SIZE=%d; leave out --nproc under torchrun", o.Processes, o.Place.Size)
	case o.Place.Size == 0 && o.Processes > 0:
		o.Place = ranks.Place{Size: o.Processes, Address: "127.0.0.1"}
	}
	return nil
}

// device is this process's: of several on GPUs, each has one of its own.
func (o *Options) device() (aten.Device, error) {
	name := cmp.Or(o.Device, "auto")
	if !o.Place.Several() {
		return aten.ParseDevice(name)
	}
	if strings.HasPrefix(name, "cuda:") {
		return aten.CPU, fmt.Errorf("--device %s is one GPU, and each of several processes has its own; use auto, cpu or cuda", name)
	}
	if name == "cuda" || name == "auto" && aten.CUDAAvailable() {
		name = fmt.Sprintf("cuda:%d", o.Place.Local)
	}
	return aten.ParseDevice(name)
}

// shareCores fills in what was left open of jobs, threads and workers.
func (o *Options) shareCores(device aten.Device) {
	onCPU := device == aten.CPU
	cores := max(1, runtime.NumCPU()/max(o.Place.Size, 1))
	if o.Jobs == 0 {
		o.Jobs = 1
		if onCPU {
			o.Jobs = cores
		}
	}
	if o.Threads == 0 {
		o.Threads = 1
		if !onCPU {
			o.Threads = cores
		}
	}
	if o.LoaderWorkers == 0 {
		o.LoaderWorkers = max(1, cores/o.Jobs)
	}
}

// patience is how long a run that has lost a process may take to end by itself.
const patience = 15 * time.Second

// gather brings the processes of the run together. The context ends when one of them does.
func (p *Prepared) gather(ctx context.Context) (together context.Context, end func(), err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	over := make(chan struct{})
	lost := func(err error) {
		cancel(err)
		select {
		case <-over:
		case <-time.After(patience):
			if p.options.Abort != nil {
				p.options.Abort(stopped(err))
			}
		}
	}
	var start ranks.Starter
	if p.options.Place.Port == 0 {
		start = ranks.SameCommand
	}
	world, err := ranks.Start(ctx, p.options.Place, p.env.Device, start, func(err error) { go lost(err) })
	if err != nil {
		close(over)
		cancel(nil)
		return nil, nil, err
	}
	p.env.World = world
	return ctx, func() {
		close(over)
		world.End()
		p.env.World = nil
		cancel(nil)
	}, nil
}

// Follow takes part in the run of another process, of rank 0, until that is over.
func (p *Prepared) Follow(ctx context.Context) error {
	return ranks.Follow(ctx, p.options.Place, p.env.Device, func(ctx context.Context, keys []string, g *aten.Group) error {
		return p.env.Follow(ctx, p.Plan.Graph, keys, g)
	})
}

// stopped says how to go on after a run that ended early.
func stopped(err error) error {
	return fmt.Errorf("stopped: %w; the same command goes on from here", err)
}
