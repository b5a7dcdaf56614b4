package data

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// filesAtOnce is how many files a goroutine takes at a time.
const filesAtOnce = 64

// forFiles calls work for 0..n-1 from several goroutines until all are done, one fails or ctx ends. newWork is called
// once per goroutine, for memory that its calls share. progress, if not nil, is called now and then by one at a time.
func forFiles(ctx context.Context, n int, progress func(done, total int), newWork func() func(i int) error) error {
	var next atomic.Int64
	var report sync.Mutex
	done := 0
	group, ctx := errgroup.WithContext(ctx)
	for range 2 * runtime.GOMAXPROCS(0) { // more than one per core: some wait for the disk
		group.Go(func() error {
			work := newWork()
			for {
				start := int(next.Add(filesAtOnce)) - filesAtOnce
				end := min(start+filesAtOnce, n)
				if start >= end {
					return nil
				}
				for i := start; i < end; i++ {
					if err := ctx.Err(); err != nil {
						return err
					}
					if err := work(i); err != nil {
						return err
					}
				}
				report.Lock()
				done += end - start
				if progress != nil {
					progress(done, n)
				}
				report.Unlock()
			}
		})
	}
	return group.Wait()
}
