package serve

import (
	"context"
	"errors"
	"runtime"

	"transfera/aten"
	"transfera/models/nn"
	"transfera/models/weights"
	"transfera/runner/classifier"
)

// picture is an image as the network is shown it: (3,Height,Width) in [0,1].
type picture struct {
	planes        []float32
	height, width int
}

// engine runs the network in one OS thread, to which libtorch's number of threads and its gradient mode belong.
type engine struct {
	device  aten.Device
	network nn.Layer
	jobs    chan job
	quit    chan struct{}
	ended   chan struct{}
}

type job struct {
	ctx     context.Context
	picture picture
	reply   chan reply // has room for one
}

type reply struct {
	logits []float32
	err    error
}

var errStopped = errors.New("the server is stopping")

// startEngine loads the network.
func startEngine(plan classifier.Plan, file *weights.File, classes int) (*engine, error) {
	e := &engine{device: plan.Device, jobs: make(chan job), quit: make(chan struct{}), ended: make(chan struct{})}
	loaded := make(chan error)
	go func() {
		defer close(e.ended)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		aten.SetThreads(runtime.NumCPU())
		var err error
		native := aten.Catch(func() { e.network, err = plan.Load(file, classes) })
		err = errors.Join(native, err)
		loaded <- err
		if err == nil {
			aten.NoGrad(e.work)
		}
	}()
	if err := <-loaded; err != nil {
		return nil, err
	}
	return e, nil
}

func (e *engine) work() {
	for {
		select {
		case <-e.quit:
			return
		case j := <-e.jobs:
			if j.ctx.Err() != nil { // nobody waits any more
				continue
			}
			var r reply
			r.err = aten.Catch(func() { r.logits = e.forward(j.picture) })
			j.reply <- r
		}
	}
}

func (e *engine) forward(p picture) []float32 {
	s := aten.NewScope()
	defer s.Close()
	return e.network.Forward(aten.FromFloats(s, p.planes, 1, 3, p.height, p.width).To(e.device)).Floats()
}

// logits waits for its turn and returns what the network says, one value for each class.
func (e *engine) logits(ctx context.Context, p picture) ([]float32, error) {
	j := job{ctx: ctx, picture: p, reply: make(chan reply, 1)}
	select {
	case e.jobs <- j:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-e.quit:
		return nil, errStopped
	}
	select {
	case r := <-j.reply:
		return r.logits, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-e.ended:
		return nil, errStopped
	}
}

// stop ends the thread after the job that it works on.
func (e *engine) stop() {
	close(e.quit)
	<-e.ended
}
