package classifier

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// Guess is a class with its softmax probability.
type Guess struct {
	Class int
	Score float64
}

// Ranked turns the logits of one picture into guesses, best first; equal logits go to the lower class. Logits that are no finite
// numbers are an error.
func Ranked(logits []float32) ([]Guess, error) {
	wide := make([]float64, len(logits))
	for class, logit := range logits {
		if wide[class] = float64(logit); math.IsNaN(wide[class]) || math.IsInf(wide[class], 0) {
			return nil, errors.New("the network's outputs are no finite numbers; its weights may be damaged")
		}
	}
	total := floats.LogSumExp(wide)
	guesses := make([]Guess, len(wide))
	for class, logit := range wide {
		guesses[class] = Guess{class, math.Exp(logit - total)}
	}
	slices.SortStableFunc(guesses, func(a, b Guess) int { return cmp.Compare(wide[b.Class], wide[a.Class]) })
	return guesses, nil
}
