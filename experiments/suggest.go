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

// distance is the fewest edits that turn a into b: insertions, deletions and
// replacements of a character (Levenshtein's) and swaps of two neighbours.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	rows := make([][]int, len(from)+1) // rows[i][j]: the first i characters of a into the first j of b
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(from); i++ {
		for j := 1; j <= len(to); j++ {
			replace := rows[i-1][j-1]
			if from[i-1] != to[j-1] {
				replace++
			}
			rows[i][j] = min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(from)][len(to)]
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
