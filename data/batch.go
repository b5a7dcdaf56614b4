package data

import "sync"

// Batch is what one step works on. Pictures are planar float32 in [0,1].
type Batch struct {
	Step    int     // as passed to Train, or the number of the batch in Eval
	Epoch   int     // counted from 0
	Indices []int   // of the images, in the loader's dataset
	Labels  []int64 // their classes
	// Objects are those of each image, in pixels of its target. Nil unless the dataset is for detection.
	Objects [][]Object
	// Whole is how many images the batch has in all processes together, and Before how many of them come before these. An
	// Idle process has none; what is here then must not count.
	Whole, Before int
	Idle          bool

	N                       int // images
	Height, Width           int // of targets and baselines
	ValidHeight, ValidWidth int // of targets without padding, which is at the bottom and at the right
	InputHeight, InputWidth int // of inputs

	Target []float32 // (N, 3, Height, Width), the picture to restore
	Input  []float32 // (N, 3, InputHeight, InputWidth), its degraded form; Target itself without a degradation
	// Baseline is (N, 3, Height, Width), what recognizers see when there is no processor; Input itself if that has the
	// targets' size. Nil unless LoaderOptions.Baseline is set.
	Baseline []float32

	memory *buffers
	pool   *sync.Pool // that memory comes from; nil if from none
}

// Image is picture k of the batch as a batch of its own, in the same memory.
func (b *Batch) Image(k int) *Batch {
	one := *b
	one.Indices, one.Labels = b.Indices[k:k+1], b.Labels[k:k+1]
	if b.Objects != nil {
		one.Objects = b.Objects[k : k+1]
	}
	one.N, one.Whole, one.Before, one.Idle = 1, 1, 0, false
	one.Target, one.Input = slot(b.Target, k, b.N), slot(b.Input, k, b.N)
	if b.Baseline != nil {
		one.Baseline = slot(b.Baseline, k, b.N)
	}
	one.memory, one.pool = nil, nil
	return &one
}

// buffers are the picture memory of one full batch.
type buffers struct{ target, input, baseline []float32 }

// Release gives the batch's memory back to the loader, which will overwrite it. The pictures must not be used any more; a
// batch that is never released is left to the garbage collector.
func (b *Batch) Release() {
	if b.memory == nil {
		return
	}
	if b.pool != nil {
		b.pool.Put(b.memory)
	}
	b.memory, b.Target, b.Input, b.Baseline = nil, nil, nil, nil
}

// newBuffers allocates what a full batch needs; parts that would only repeat another one are left out.
func (l *Loader) newBuffers(f frame) *buffers {
	n := 3 * f.height * f.width * l.options.Batch
	memory := &buffers{target: make([]float32, n)}
	if l.degradation != nil {
		scale := l.degradation.Scale()
		memory.input = make([]float32, n/(scale*scale))
		if l.options.Baseline && scale != 1 {
			memory.baseline = make([]float32, n)
		}
	}
	return memory
}

// newBatch takes memory for the batch of an assignment, with the pictures still to be filled in. With ShortSide the size
// of the picture, and with it the memory, is still to come.
func (l *Loader) newBatch(a assignment) *Batch {
	n := len(a.indices)
	b := &Batch{
		Step: a.step, Epoch: a.epoch, Indices: a.indices, Labels: make([]int64, n), N: n,
		Before: a.before, Whole: a.whole, Idle: a.idle,
	}
	if IsDetection(l.dataset) {
		b.Objects = make([][]Object, n)
	}
	if l.options.ShortSide == 0 {
		b.pool = &l.buffers
		l.place(b, l.buffers.Get().(*buffers), l.frame)
	}
	return b
}

// place says where in memory the pictures of a batch lie, which share a frame.
func (l *Loader) place(b *Batch, memory *buffers, f frame) {
	b.memory = memory
	b.Height, b.Width, b.ValidHeight, b.ValidWidth = f.height, f.width, f.validHeight, f.validWidth
	b.InputHeight, b.InputWidth = f.height, f.width
	b.Target = memory.target[:b.N*3*f.height*f.width]
	b.Input = b.Target
	if l.degradation != nil {
		b.InputHeight, b.InputWidth = f.height/l.degradation.Scale(), f.width/l.degradation.Scale()
		b.Input = memory.input[:b.N*3*b.InputHeight*b.InputWidth]
	}
	if l.options.Baseline {
		b.Baseline = b.Input
		if memory.baseline != nil {
			b.Baseline = memory.baseline[:len(b.Target)]
		}
	}
}

// slot is the part of planes, which hold n pictures, that belongs to picture k.
func slot(planes []float32, k, n int) []float32 {
	size := len(planes) / n
	return planes[k*size : (k+1)*size]
}
