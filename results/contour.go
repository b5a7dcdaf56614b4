package results

// contours returns the outlines of a region of grid points by marching squares:
// polylines through the midpoints between neighbours of which one is inside,
// closed where they do not end at the grid's edge. Coordinates are columns and
// rows. Where a square's corners alternate, the two inside are not joined.
func contours(columns, rows int, inside func(column, row int) bool) [][][2]float64 {
	next := map[[2]int][]([2]int){} // edge midpoints, in halves of a grid step
	var order [][2]int
	join := func(a, b [2]int) {
		for _, p := range [][2]int{a, b} {
			if next[p] == nil {
				order = append(order, p)
			}
		}
		next[a], next[b] = append(next[a], b), append(next[b], a)
	}
	for r := range rows - 1 {
		for c := range columns - 1 {
			square(inside(c, r), inside(c+1, r), inside(c+1, r+1), inside(c, r+1), 2*c, 2*r, join)
		}
	}
	var lines [][][2]float64
	trace := func(from [2]int) {
		line := [][2]float64{half(from)}
		for at := from; len(next[at]) > 0; {
			to := next[at][0]
			next[at], next[to] = without(next[at], to), without(next[to], at)
			line, at = append(line, half(to)), to
		}
		if len(line) > 1 {
			lines = append(lines, line)
		}
	}
	for _, p := range order { // open lines first, from their ends
		if len(next[p]) == 1 {
			trace(p)
		}
	}
	for _, p := range order {
		trace(p)
	}
	return lines
}

// square joins the midpoints of a square's edges that the outline crosses. Its
// corners are, from (x,y) on, counter-clockwise.
func square(a, b, c, d bool, x, y int, join func(a, b [2]int)) {
	bottom, right, top, left := [2]int{x + 1, y}, [2]int{x + 2, y + 1}, [2]int{x + 1, y + 2}, [2]int{x, y + 1}
	alternate := a == c && b == d && a != b
	switch {
	case alternate && a:
		join(left, bottom)
		join(right, top)
	case alternate:
		join(bottom, right)
		join(top, left)
	default:
		var crossed [][2]int
		for _, edge := range []struct {
			differs bool
			at      [2]int
		}{{a != b, bottom}, {b != c, right}, {c != d, top}, {d != a, left}} {
			if edge.differs {
				crossed = append(crossed, edge.at)
			}
		}
		if len(crossed) == 2 {
			join(crossed[0], crossed[1])
		}
	}
}

func half(p [2]int) [2]float64 { return [2]float64{float64(p[0]) / 2, float64(p[1]) / 2} }

// without removes one occurrence.
func without(list [][2]int, p [2]int) [][2]int {
	for i, q := range list {
		if q == p {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}
