package data

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ClassSubset keeps the images of some of parent's classes, given by their indices in any order, in parent's order of
// images. The classes keep parent's order, too, and are numbered 0..k-1 anew. No class, a class twice, an index outside
// parent.Classes(), and classes without any image are errors.
//
// Of a detection dataset it keeps the images that hold an object of these classes, and no object of another class.
func ClassSubset(parent Dataset, classes []int) (*Subset, error) {
	names := parent.Classes()
	kept := slices.Sorted(slices.Values(classes))
	s := &Subset{parent: parent, classes: kept}
	for k, class := range kept {
		if class < 0 || class >= len(names) {
			return nil, fmt.Errorf("class %d is outside the dataset's 0..%d", class, len(names)-1)
		}
		if k > 0 && class == kept[k-1] {
			return nil, fmt.Errorf("class %s is selected twice", names[class])
		}
		s.names = append(s.names, names[class])
	}
	for i := range parent.Len() {
		if holds(parent, i, kept) {
			s.indices = append(s.indices, i)
		}
	}
	if len(s.indices) == 0 {
		return nil, fmt.Errorf("a class subset needs at least one image; the classes selected are [%s]", someOf(s.names))
	}
	return s, nil
}

// holds tells whether image i is, or has an object, of one of the sorted classes.
func holds(ds Dataset, i int, classes []int) bool {
	if objects, ok := ObjectsOf(ds, i); ok {
		return len(renumbered(objects, classes)) > 0
	}
	_, found := slices.BinarySearch(classes, ds.Label(i))
	return found
}

// SelectClasses is ClassSubset with the classes that an expression selects; see ParseClasses. The empty expression
// gives parent itself.
func SelectClasses(parent Dataset, expression string) (Dataset, error) {
	if strings.TrimSpace(expression) == "" {
		return parent, nil
	}
	classes, err := ParseClasses(expression, parent.Classes())
	if err != nil {
		return nil, err
	}
	return ClassSubset(parent, classes)
}

// ParseClasses finds the classes that an expression selects among names, as ascending indices. An expression is a list
// of terms with commas between them; a term is, in this order of precedence,
//
//   - the name of a class, such as "cat" (a name that contains a comma cannot be written);
//   - "first-half", classes 0..(n+1)/2-1 of n, or "second-half", the rest: the paper's halves A and B;
//   - an index counted from 0, such as "7";
//   - a range of indices that includes both ends: "0-4" is the first five classes.
//
// Errors are unknown names, with the nearest one known, indices outside 0..n-1, ranges that run backwards, and a class
// that is selected twice.
func ParseClasses(expression string, names []string) ([]int, error) {
	var classes []int
	for _, term := range strings.Split(expression, ",") {
		term = strings.TrimSpace(term)
		first, last, err := parseClassTerm(term, names)
		if err != nil {
			return nil, fmt.Errorf("classes %q: %w", expression, err)
		}
		for class := first; class <= last; class++ {
			if slices.Contains(classes, class) {
				return nil, fmt.Errorf("classes %q: class %s (%d) is selected twice", expression, names[class], class)
			}
			classes = append(classes, class)
		}
	}
	slices.Sort(classes)
	return classes, nil
}

// Words for the two halves of the classes.
const firstHalf, secondHalf = "first-half", "second-half"

// parseClassTerm gives the first and the last class that a term selects.
func parseClassTerm(term string, names []string) (first, last int, err error) {
	if class := slices.Index(names, term); class >= 0 {
		return class, class, nil
	}
	half := (len(names) + 1) / 2
	switch {
	case term == "":
		return 0, 0, fmt.Errorf("nothing stands before or after a comma")
	case (term == firstHalf || term == secondHalf) && len(names) < 2:
		return 0, 0, fmt.Errorf("%s needs at least 2 classes, not %d", term, len(names))
	case term == firstHalf:
		return 0, half - 1, nil
	case term == secondHalf:
		return half, len(names) - 1, nil
	}
	from, to, isRange := strings.Cut(term, "-")
	if !isRange {
		to = from
	}
	first, errFirst := strconv.Atoi(strings.TrimSpace(from))
	last, errLast := strconv.Atoi(strings.TrimSpace(to))
	switch {
	case errFirst != nil || errLast != nil:
		known := append(slices.Clone(names), firstHalf, secondHalf)
		return 0, 0, fmt.Errorf("no class is called %q%s; the classes are %s; a range of indices is written 0-%d",
			term, didYouMean(term, known), someOf(names), len(names)-1)
	case first > last:
		return 0, 0, fmt.Errorf("the range %s runs backwards", term)
	case last >= len(names):
		return 0, 0, fmt.Errorf("index %d is outside the %d classes 0..%d", last, len(names), len(names)-1)
	}
	return first, last, nil
}
