package data

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
)

// assignment says which images form a batch.
type assignment struct {
	step, epoch int
	indices     []int
	train       bool
	// before, whole and idle are as in Batch.
	before, whole int
	idle          bool
}

// pending is a batch whose images are being prepared.
type pending struct {
	batch  *Batch
	train  bool
	errors []error      // one per image
	left   atomic.Int32 // images not prepared yet
	ready  chan struct{}
}

// work is one image of a pending batch.
type work struct {
	pending *pending
	k       int
}

func (w work) do(l *Loader) {
	w.pending.errors[w.k] = l.prepare(w.pending.batch, w.k, w.pending.train)
	if w.pending.left.Add(-1) == 0 {
		close(w.pending.ready)
	}
}

// prefetch turns assignments into batches, in order. One goroutine plans ahead, Workers goroutines prepare single images,
// and a batch is handed over when all of its images are done. At most Prefetch batches exist besides the consumer's.
func (l *Loader) prefetch(ctx context.Context, assignments iter.Seq[assignment]) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var goroutines sync.WaitGroup
		defer goroutines.Wait()
		defer cancel() // runs first

		room := make(chan struct{}, l.options.Prefetch) // one element per batch that exists
		queue := make(chan *pending, l.options.Prefetch)
		images := make(chan work)
		goroutines.Go(func() { l.plan(ctx, assignments, room, queue, images) })
		for range l.options.Workers {
			goroutines.Go(func() {
				for w := range images {
					w.do(l)
				}
			})
		}

		for p := range queue {
			select {
			case <-p.ready:
			case <-ctx.Done():
			}
			if ctx.Err() != nil { // also where the batch was ready as well: whoever cancels gets no further one
				yield(nil, context.Cause(ctx))
				return
			}
			<-room
			for _, err := range p.errors { // the first by position, so that the message does not depend on timing
				if err != nil {
					yield(nil, err)
					return
				}
			}
			if !yield(p.batch, nil) {
				return
			}
		}
		if ctx.Err() != nil {
			yield(nil, context.Cause(ctx))
		}
	}
}

// plan starts batches while there is room, until all are started or ctx ends, and then closes queue and images.
func (l *Loader) plan(ctx context.Context, assignments iter.Seq[assignment], room chan<- struct{}, queue chan<- *pending, images chan<- work) {
	defer close(queue)
	defer close(images)
	for a := range assignments {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		n := len(a.indices)
		p := &pending{batch: l.newBatch(a), train: a.train, errors: make([]error, n), ready: make(chan struct{})}
		p.left.Store(int32(n))
		queue <- p // never blocks: it has as many places as room
		for k := range n {
			select {
			case images <- work{p, k}:
			case <-ctx.Done():
				return
			}
		}
	}
}
