package data

import (
	"fmt"
	"strings"

	"github.com/hbollon/go-edlib"
)

// didYouMean is ` (did you mean "NAME"?)` with the known name nearest to given, and empty if none is near: at most one
// edit in three bytes, rounded up; a swap of neighbours is one edit. Ties go to the earlier name.
func didYouMean(given string, known []string) string {
	best, limit := "", (len(given)+2)/3
	for _, name := range known {
		if len(name)+4*limit < len(given) || len(given)+4*limit < len(name) { // a character has at most 4 bytes
			continue
		}
		if d := edlib.OSADamerauLevenshteinDistance(strings.ToLower(given), strings.ToLower(name)); d <= limit {
			best, limit = name, d-1
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// someOf lists the first few of many words for a message.
func someOf(words []string) string {
	const most = 12
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}
