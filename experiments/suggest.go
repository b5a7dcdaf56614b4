package experiments

import (
	"fmt"
	"slices"
	"strings"
)

// suggest returns the known name nearest to given, or "" if none is near: at most
// one edit in three characters, rounded. Ties go to the earlier name.
func suggest(given string, known []string) string {
	best, nearest := "", max(1, (len([]rune(given))+1)/3)+1
	for _, name := range known {
		if name == given || abs(len(given)-len(name)) > 4*nearest { // a character has at most 4 bytes
			continue
		}
		if d := distance(strings.ToLower(given), strings.ToLower(name)); d < nearest {
			best, nearest = name, d
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// distance is Levenshtein's: the fewest insertions, deletions and replacements of
// characters that turn a into b.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range from {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range to {
			replace := diagonal
			if r != s {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}

// list names the choices for a message, at most a dozen of them.
func list(words []string) string {
	const most = 12
	if len(words) == 0 {
		return "none"
	}
	if len(words) > most {
		return strings.Join(words[:most], ", ") + fmt.Sprintf(" and %d more", len(words)-most)
	}
	return strings.Join(slices.Clone(words), ", ")
}
