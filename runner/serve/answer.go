package serve

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/floats"
)

// label is one class of an answer; Score is its softmax probability.
type label struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

type answer struct {
	Labels []label `json:"labels"`
}

// answered turns logits into so many labels in descending order; equal logits go to the lower class.
func answered(logits []float32, names []string, top int) (answer, error) {
	wide := make([]float64, len(logits))
	classes := make([]int, len(logits))
	for class, logit := range logits {
		wide[class], classes[class] = float64(logit), class
	}
	total := floats.LogSumExp(wide)
	if math.IsNaN(total) || math.IsInf(total, 0) {
		return answer{}, errors.New("the network's outputs are no finite numbers; its weights may be damaged")
	}
	slices.SortStableFunc(classes, func(a, b int) int { return cmp.Compare(wide[b], wide[a]) })
	said := answer{Labels: make([]label, min(top, len(classes)))}
	for i := range said.Labels {
		class := classes[i]
		said.Labels[i] = label{Name: names[class], Score: math.Exp(wide[class] - total)}
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
