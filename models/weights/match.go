package weights

import (
	"fmt"
	"slices"
	"strings"
)

// Want is one tensor that a network needs: its name and its shape.
type Want struct {
	Name  string
	Shape []int64
}

// mismatchLimit is how many tensors of each kind an error lists.
const mismatchLimit = 8

// Match reports whether have is exactly the state dict that want describes. Its
// error lists every tensor that is missing, has another shape or is not
// expected, up to eight of each kind.
//
// One exception, the same that PyTorch makes: num_batches_tracked, the scalar
// that counts a batch normalization's training steps, may be missing. State
// dicts of BatchNorm before version 2 (PyTorch up to 0.4.0) do not have it, and
// evaluation does not use it; the network keeps its own value, 0.
func Match(want []Want, have Dict) error {
	wanted := make(map[string]bool, len(want))
	byName := make(map[string]Tensor, len(have))
	for _, t := range have {
		byName[t.Name] = t
	}
	var missing, shaped, unexpected []string
	for _, w := range want {
		wanted[w.Name] = true
		t, ok := byName[w.Name]
		switch {
		case ok && !slices.Equal(t.Shape, w.Shape):
			shaped = append(shaped, fmt.Sprintf("tensor %s is %s; expected %s",
				w.Name, formatShape(t.Shape), formatShape(w.Shape)))
		case !ok && !mayBeMissing(w.Name):
			missing = append(missing, fmt.Sprintf("tensor %s missing; expected %s", w.Name, formatShape(w.Shape)))
		}
	}
	for _, t := range have {
		if !wanted[t.Name] {
			unexpected = append(unexpected, fmt.Sprintf("tensor %s (%s) is not part of the network",
				t.Name, formatShape(t.Shape)))
		}
	}
	return mismatchError(missing, shaped, unexpected)
}

// Match is the function Match for the tensors of a file, with the file's path
// before the error.
func (f *File) Match(want []Want) error {
	if err := Match(want, f.Tensors); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return nil
}

func mayBeMissing(name string) bool {
	return name == "num_batches_tracked" || strings.HasSuffix(name, ".num_batches_tracked")
}

// mismatchError keeps a single problem in one line, and gives each of several a
// line of its own below their number.
func mismatchError(missing, shaped, unexpected []string) error {
	total := len(missing) + len(shaped) + len(unexpected)
	if total == 0 {
		return nil
	}
	var lines []string
	for _, kind := range []struct {
		name     string
		problems []string
	}{{"missing", missing}, {"of another shape", shaped}, {"unexpected", unexpected}} {
		shown := min(len(kind.problems), mismatchLimit)
		lines = append(lines, kind.problems[:shown]...)
		if more := len(kind.problems) - shown; more > 0 {
			lines = append(lines, fmt.Sprintf("and %d more %s", more, kind.name))
		}
	}
	if total == 1 {
		return fmt.Errorf("%s", lines[0])
	}
	return fmt.Errorf("%d tensors do not fit the network (%d missing, %d of another shape, %d unexpected):\n  %s",
		total, len(missing), len(shaped), len(unexpected), strings.Join(lines, "\n  "))
}
