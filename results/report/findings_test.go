package report_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
	"transfera/results/report"
)

var update = flag.Bool("update", false, "rewrite the golden sentences")

// sentences is all that findings say, one line each.
func sentences(findings report.Findings) string {
	var out strings.Builder
	out.WriteString("summary: " + findings.Summary + "\n")
	for _, group := range findings.Groups {
		out.WriteString(group.Title + "\n  " + group.Text + "\n")
		for _, f := range group.Tasks {
			out.WriteString("  " + f.Task + ": " + f.Text + "\n")
		}
		for _, f := range group.Items {
			out.WriteString("  " + f.Task + ", " + f.Method + ": " + f.Text + "\n")
		}
	}
	if findings.Caution != "" {
		out.WriteString("caution: " + findings.Caution + "\n")
	}
	for _, note := range findings.Notes {
		out.WriteString("note: " + note + "\n")
	}
	return out.String()
}

func TestFindingsSayWhatTheTestsSay(t *testing.T) {
	with := func(g results.Gain, change func(*results.Gain)) results.Gain {
		change(&g)
		return g
	}
	cases := []struct {
		name  string
		gains []results.Gain
	}{
		{"no gains", nil},
		{"one transferred gain of one seed", []results.Gain{gain("sr", "ra", "a", "b", "top1", 2.04, 0.01, 1)}},
		{"every outcome", []results.Gain{
			gain("sr", "ra", "a", "b", "top1", 9, 0.049, 3),
			gain("sr", "ra", "a", "c", "top1", 7, 0.05, 3), // not below 5 %
			gain("sr", "ra", "a", "a", "top1", 12, 0.001, 3),
			gain("sr", "ra", "a", "", "psnr", -0.31, 0.002, 3),
			gain("sr", "ra", "a", "", "ssim", -0.00001, 1, 3), // prints as zero
			gain("dn", "ra", "a", "b", "top1", -3, 0.04, 3),
			gain("dn", "ra", "a", "c", "top1", -30, 0.06, 3), // large is not significant
			gain("dn", "ra-unsupervised", "a", "b", "top1", 0, 0.01, 3),
			with(gain("dn", "ra-unsupervised", "a", "c", "top1", 50, absent, 3), func(g *results.Gain) { g.CILow, g.CIHigh = absent, absent }),
		}},
		{"a sweep over lambda with few seeds", []results.Gain{
			with(gain("sr", "ra", "a", "", "psnr", 0.1, 0.9, 2), func(g *results.Gain) { g.Lambda = "0.0001" }),
			gain("sr", "ra", "a", "", "psnr", -0.1, 0.9, 2),
			with(gain("sr", "ra", "a", "", "psnr", -0.5, 0.01, 2), func(g *results.Gain) { g.Lambda = "0.01" }),
			with(gain("sr", "ra", "a", "", "psnr", -2.5, 0.01, 2), func(g *results.Gain) { g.Lambda = "0.1" }),
		}},
		{"seeds differ", []results.Gain{
			gain("sr", "ra", "a", "b", "map07", 2, 0.9, 1), gain("sr", "ra", "b", "a", "map07", 3, 0.9, 3),
		}},
	}
	var out strings.Builder
	for _, c := range cases {
		out.WriteString("== " + c.name + "\n" + sentences(report.Find(c.gains)) + "\n")
	}
	const golden = "testdata/findings.txt"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(out.String()), 0o666))
	}
	assert.Equal(t, read(t, golden), out.String())
}
