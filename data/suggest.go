package data

import (
	"fmt"
	"strings"
)

// didYouMean is ` (did you mean "NAME"?)` with the known name nearest to given, and empty if none is near: at most one
// edit in three characters, rounded up. Ties go to the earlier name.
func didYouMean(given string, known []string) string {
	best, limit := "", (len(given)+2)/3
	for _, name := range known {
		if d := editDistance(strings.ToLower(given), strings.ToLower(name)); d <= limit {
			best, limit = name, d-1
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// editDistance is the least number of edits that turn a into b: insert, delete or replace a byte, or swap two neighbours.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1) // rows[i][j]: the first i bytes of a into the first j of b
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		for j := range rows[i] {
			if i == 0 || j == 0 {
				rows[i][j] = i + j
				continue
			}
			replace := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			rows[i][j] = min(replace, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// someOf lists the first few of many words for a message.
func someOf(words []string) string {
	const most = 12
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}
