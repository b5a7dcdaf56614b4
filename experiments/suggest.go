package experiments

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hbollon/go-edlib"
)

// suggest returns the known name nearest to given, or "" if none is near: at most
// one edit in three characters, rounded; a swap of neighbours is one edit. Ties go to the earlier name.
func suggest(given string, known []string) string {
	best, nearest := "", max(1, (len([]rune(given))+1)/3)+1
	for _, name := range known {
		if name == given || len(name)+4*nearest < len(given) || len(given)+4*nearest < len(name) { // a character has at most 4 bytes
			continue
		}
		if d := edlib.OSADamerauLevenshteinDistance(strings.ToLower(given), strings.ToLower(name)); d < nearest {
			best, nearest = name, d
		}
	}
	return best
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
