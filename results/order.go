package results

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// fieldOrder is the order of the names that the paper knows; other names
// follow them.
var fieldOrder = map[string][]string{
	"task":   {TaskClean, "sr", "dn", "jpeg"},
	"method": {MethodNone, MethodPlain, "ra", "ra-unsupervised", "ra-transformer"},
	"metric": {"top1", "top5", "map07", "map", "psnr", "psnr_batch", "ssim"},
}

// compareOn orders two values of an axis: the names of first in its order,
// then those of fieldOrder, then the rest, numbers inside names by their size
// (resnet18 before resnet101). What does not apply, the empty string, comes
// before everything.
func compareOn(axis string, first []string, a, b string) int {
	if a == b {
		return 0
	}
	if a == "" || b == "" {
		return cmp.Compare(len(a), len(b))
	}
	for _, listed := range [][]string{first, fieldOrder[axis]} {
		if c := comparePlaces(slices.Index(listed, a), slices.Index(listed, b)); c != 0 {
			return c
		}
	}
	if axis == "lambda" || axis == "seed" {
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		if errX == nil && errY == nil && x != y {
			return cmp.Compare(x, y)
		}
	}
	return compareNatural(a, b)
}

// SortTasks puts tasks into the order that tables have them in.
func SortTasks(tasks []string) {
	slices.SortFunc(tasks, func(a, b string) int { return compareOn("task", nil, a, b) })
}

// comparePlaces orders by place in a list, the absent (-1) last.
func comparePlaces(a, b int) int {
	switch {
	case a == b:
		return 0
	case a < 0:
		return 1
	case b < 0:
		return -1
	}
	return cmp.Compare(a, b)
}

// compareNatural is string order, except that runs of digits compare as
// numbers.
func compareNatural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		dx, dy := leadingDigits(x), leadingDigits(y)
		if dx == "" || dy == "" {
			if x[0] != y[0] {
				return cmp.Compare(x[0], y[0])
			}
			x, y = x[1:], y[1:]
			continue
		}
		nx, ny := strings.TrimLeft(dx, "0"), strings.TrimLeft(dy, "0")
		if c := cmp.Or(cmp.Compare(len(nx), len(ny)), cmp.Compare(nx, ny)); c != 0 {
			return c
		}
		x, y = x[len(dx):], y[len(dy):]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

func leadingDigits(s string) string {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	return s[:end]
}

// canonical is the axes in the order that cells.csv is sorted by: what belongs
// to one comparison stays together, its seeds side by side.
var canonical = []string{"experiment", "task", "dataset", "method", "lambda", "source", "evaluator", "metric", "seed"}

func compareCells(a, b Cell) int {
	for _, axis := range canonical {
		if c := compareOn(axis, nil, a.axis(axis), b.axis(axis)); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.CILow, b.CILow), cmp.Compare(a.CIHigh, b.CIHigh),
		cmp.Compare(a.N, b.N), cmp.Compare(a.Key, b.Key))
}
