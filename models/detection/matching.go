package detection

// What match says of a box without an object of its own.
const (
	background = -1 - iota // overlaps no object enough
	between                // neither object nor background: not trained on
)

// matcher assigns objects to boxes by their intersection over union.
type matcher struct {
	foreground, background float32 // at least, and less than
	// everyObject gives each object the boxes that overlap it most, however little.
	everyObject bool
}

// match returns, for each box, the index of its object, background or between, as torchvision's Matcher. Without objects
// every box is background.
func (m matcher) match(objects, boxes []Box) []int {
	overlaps := IoU(objects, boxes)
	matches, best := make([]int, len(boxes)), make([]int, len(boxes))
	for j := range boxes {
		if len(objects) == 0 {
			matches[j] = background
			continue
		}
		for i := range objects {
			if overlaps[i][j] > overlaps[best[j]][j] {
				best[j] = i
			}
		}
		switch overlap := overlaps[best[j]][j]; {
		case overlap < m.background:
			matches[j] = background
		case overlap < m.foreground:
			matches[j] = between
		default:
			matches[j] = best[j]
		}
	}
	if m.everyObject {
		for i := range objects {
			most := float32(-1)
			for _, overlap := range overlaps[i] {
				most = max(most, overlap)
			}
			for j, overlap := range overlaps[i] {
				if overlap == most { // all of them, when several overlap as much
					matches[j] = best[j]
				}
			}
		}
	}
	return matches
}
