package process

import "fmt"

// remarks collects what was done to pictures beyond processing, alike ones in one line.
type remarks struct {
	order []string
	names map[string][]string
}

func newRemarks() *remarks { return &remarks{names: map[string][]string{}} }

func (r *remarks) add(what, name string) {
	if r.names[what] == nil {
		r.order = append(r.order, what)
	}
	r.names[what] = append(r.names[what], name)
}

func (r *remarks) lines() (lines []string) {
	for _, what := range r.order {
		names := r.names[what]
		if len(names) == 1 {
			lines = append(lines, fmt.Sprintf("%s: %s", names[0], what))
			continue
		}
		lines = append(lines, fmt.Sprintf("%d pictures %s, such as %s", len(names), what, names[0]))
	}
	return lines
}
