package nn

import "transfera/aten"

// Share says which part of a batch a network is shown, in a training by several processes that divide the batch.
type Share struct {
	// Group is the processes whose images BatchNorm's statistics are of; nil leaves each process its own statistics.
	Group *aten.Group
	// N images of Whole are here, from place Before on. Dropout draws for all of them.
	Before, N, Whole int
	// Idle is a process that has none of the images and computes with another one, which must not count.
	Idle bool
}

// SetShare says which part of a batch the training sees from now on; nil is the whole of it.
func (n *Network) SetShare(s *Share) { n.mode.share = s }

// rows are the place and the number of all rows of a tensor whose n rows are those of the images here, k to each image.
func (s *Share) rows(n int) (before, whole int) {
	if s == nil {
		return 0, n
	}
	each := n / s.N
	return s.Before * each, s.Whole * each
}
