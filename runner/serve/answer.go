package serve

import (
	"fmt"
	"net/url"
	"strconv"

	"transfera/runner/classifier"
)

// label is one class of an answer; Score is its softmax probability.
type label struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

type answer struct {
	Labels []label `json:"labels"`
}

// answered turns logits into so many labels in descending order.
func answered(logits []float32, names []string, top int) (answer, error) {
	guesses, err := classifier.Ranked(logits)
	if err != nil {
		return answer{}, err
	}
	said := answer{Labels: make([]label, min(top, len(guesses)))}
	for i := range said.Labels {
		said.Labels[i] = label{Name: names[guesses[i].Class], Score: guesses[i].Score}
	}
	return said, nil
}

// topOf is how many labels a request asks for.
func topOf(query url.Values, otherwise, classes int) (int, error) {
	switch text := query.Get("top"); text {
	case "", "0":
		if otherwise == 0 {
			return classes, nil
		}
		return otherwise, nil
	case "all":
		return classes, nil
	default:
		top, err := strconv.Atoi(text)
		if err != nil || top < 0 {
			return 0, &problem{status: 400, text: fmt.Sprintf("top=%.20q: use a whole number, or all", text)}
		}
		return top, nil
	}
}
