package experiments

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfera/fuzztest"
)

// Each of these took minutes or more before it was bounded.
func TestLongSpecsAreRefusedSoon(t *testing.T) {
	numbers := strings.Repeat("- ["+strings.Repeat("1,", 1000)+"]\n", 480)
	var profiles strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&profiles, "  p%d: {}\n", i)
	}
	for name, c := range map[string]struct{ spec, want string }{
		"syntax error in the middle": {numbers + "- @a\n" + numbers, "found character that cannot start any token"},
		"key among items":            {numbers + "a: b\n" + numbers, "did not find expected '-' indicator"},
		"many profiles":              {"extends: BASE\nprofiles:\n" + profiles.String(), "20000 profiles; a spec may have 100"},
	} {
		t.Run(name, func(t *testing.T) {
			var diags Diagnostics
			fuzztest.Hold(t, fuzztest.Bound{Bytes: 1 << 30, Time: 15 * time.Second}, 0, func() {
				_, diags = Load(written(t, c.spec), testNames(), Options{})
			})
			require.ErrorContains(t, diags.Err(), c.want)
			require.Less(t, len(diags), 10)
		})
	}
}
