package statistics

// Warning is a reason to trust a result less, in words for the reader and with
// a code for programs.
type Warning struct {
	Code string
	Text string
}

// The codes that warnings carry.
const (
	// CodeNoInterval: no interval could be given.
	CodeNoInterval = "no-interval"
	// CodeOneSeed: one training run only, so seeds are not covered.
	CodeOneSeed = "one-seed"
	// CodeFewSeeds: so few training runs that the interval is very wide.
	CodeFewSeeds = "few-seeds"
	// CodeFewImages: so few images that the test's approximation is rough.
	CodeFewImages = "few-images"
	// CodeDegenerate: the values do not vary, so nothing can be inferred.
	CodeDegenerate = "degenerate"
	// CodeFewPairs: a correlation over so few pairs that it says little.
	CodeFewPairs = "few-pairs"
)

func (w Warning) String() string { return w.Text }
