package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"transfera/results"
)

// Tally counts gains by what their tests say.
type Tally struct {
	Positive, Undecided, Negative, Untested int
}

// What a test can say of a gain.
const (
	positive  = "significantly positive"
	undecided = "not significantly different from zero"
	negative  = "significantly negative"
	untested  = "untested"
)

// outcome is what a gain's test says, corrected over its experiment.
func outcome(g results.Gain) string {
	switch {
	case math.IsNaN(g.PHolm) || math.IsNaN(g.Gain):
		return untested
	case g.PHolm < significance && g.Gain > 0:
		return positive
	case g.PHolm < significance && g.Gain < 0:
		return negative
	}
	return undecided
}

func (t *Tally) add(g results.Gain) {
	switch outcome(g) {
	case positive:
		t.Positive++
	case undecided:
		t.Undecided++
	case negative:
		t.Negative++
	case untested:
		t.Untested++
	}
}

// Total is the number of gains.
func (t Tally) Total() int { return t.Positive + t.Undecided + t.Negative + t.Untested }

// words tells the counts: "2 of 9 gains are significantly positive, 7 are not
// significantly different from zero, none is significantly negative".
func (t Tally) words(one, many string) string {
	outcomes := []struct {
		n    int
		text string
	}{
		{t.Positive, positive}, {t.Undecided, undecided}, {t.Negative, negative}, {t.Untested, untested},
	}
	total := t.Total()
	var parts []string
	for _, o := range outcomes {
		switch {
		case o.n == total && total == 1:
			return "the one " + one + " is " + o.text
		case o.n == total && o.text == undecided:
			return fmt.Sprintf("none of %d %s is significantly different from zero", total, many)
		case o.n == total && total == 2:
			return "both " + many + " are " + o.text
		case o.n == total:
			return fmt.Sprintf("all %d %s are %s", total, many, o.text)
		case o.n == 0 && (o.text == undecided || o.text == untested):
		case len(parts) == 0:
			parts = append(parts, fmt.Sprintf("%s of %d %s %s %s", noneOr(o.n), total, many, verb(o.n), o.text))
		default:
			parts = append(parts, fmt.Sprintf("%s %s %s", noneOr(o.n), verb(o.n), o.text))
		}
	}
	return strings.Join(parts, ", ")
}

func noneOr(n int) string {
	if n == 0 {
		return "none"
	}
	return strconv.Itoa(n)
}

func verb(n int) string {
	if n <= 1 {
		return "is"
	}
	return "are"
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func upperFirst(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// number is a value as its metric is printed, with a true minus sign.
func number(v float64, metric string) string {
	text := strconv.FormatFloat(v, 'f', results.LookupMetric(metric).Decimals, 64)
	if strings.Trim(text, "-0.") == "" { // a negative zero as printed
		text = strings.TrimPrefix(text, "-")
	}
	return strings.Replace(text, "-", "−", 1)
}

// signed is number with a plus sign before what prints as more than zero.
func signed(v float64, metric string) string {
	text := number(v, metric)
	if v > 0 && strings.Trim(text, "0.") != "" {
		return "+" + text
	}
	return text
}

// probability is a p-value as printed.
func probability(p float64) string {
	switch {
	case math.IsNaN(p):
		return "not tested"
	case p < 0.0001:
		return "below 0.0001"
	}
	return strconv.FormatFloat(p, 'f', 4, 64)
}
