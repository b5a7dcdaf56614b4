package metrics

import "fmt"

// Ranking collects whether the images of a dataset are recognized, with one value per image in the dataset's order. It
// belongs to one goroutine.
type Ranking struct {
	Top1, Top5 []bool
	images     roll
}

// NewRanking starts the evaluation of a dataset of n images.
func NewRanking(n int) *Ranking { return &Ranking{make([]bool, n), make([]bool, n), newRoll(n)} }

// AddRanked judges a batch by what a recognizer names of which no logits are known: classes are its guesses for each of the N
// images, best first, each class at most once; labels are N class indices, indices the N images' places in the dataset. An
// image without guesses is not recognized. An image that was added before is an error. After an error the collection is as
// it was.
func (r *Ranking) AddRanked(indices []int, classes [][]int, labels []int64) error {
	if len(classes) != len(labels) {
		return fmt.Errorf("ranking: %d labels do not match the guesses for %d images", len(labels), len(classes))
	}
	if err := r.images.call(indices, len(labels)); err != nil {
		return err
	}
	for i, index := range indices {
		for place, class := range classes[i] {
			if int64(class) == labels[i] {
				r.set(index, place)
				break
			}
		}
	}
	return nil
}

// set enters that so many classes come before the label of an image.
func (r *Ranking) set(index, before int) { r.Top1[index], r.Top5[index] = before < 1, before < 5 }

// Summaries returns top1 and top5 of the whole dataset in percent. A dataset of which images are missing is an error.
func (r *Ranking) Summaries() ([]Summary, error) {
	if err := r.images.complete(); err != nil {
		return nil, err
	}
	top1, top5 := percents(r.Top1), percents(r.Top5)
	return []Summary{{"top1", mean(top1), top1}, {"top5", mean(top5), top5}}, nil
}

// Correct counts the images that were recognized so far.
func (r *Ranking) Correct() (top1, top5 int) { return count(r.Top1), count(r.Top5) }

func count(correct []bool) int {
	n := 0
	for _, c := range correct {
		if c {
			n++
		}
	}
	return n
}

func percents(correct []bool) []float64 {
	values := make([]float64, len(correct))
	for i, c := range correct {
		if c {
			values[i] = 100
		}
	}
	return values
}
