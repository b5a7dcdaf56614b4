package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// commands are all that a user can give, below root.
func commands(c *cobra.Command) (all []*cobra.Command) {
	for _, sub := range c.Commands() {
		if sub.Hidden || sub.Name() == "help" || sub.Name() == "completion" {
			continue
		}
		if sub.Runnable() {
			all = append(all, sub)
		}
		all = append(all, commands(sub)...)
	}
	return all
}

func TestHelpOfEveryCommandTeachesWithAnExampleThatParses(t *testing.T) {
	all := commands(newRoot())
	assert.Greater(t, len(all), 15)
	for _, c := range all {
		t.Run(c.CommandPath(), func(t *testing.T) {
			assert.NotEmpty(t, c.Short)
			require.Contains(t, c.Example, c.CommandPath())
			for line := range strings.Lines(strings.ReplaceAll(c.Example, "\\\n", "")) {
				if line = strings.TrimSpace(line); strings.HasPrefix(line, "transfera ") {
					parses(t, line)
				}
			}
		})
	}
}

// parses takes a command line of the documentation apart as the program does, up to its work.
func parses(t *testing.T, line string) {
	t.Helper()
	line, _, _ = strings.Cut(line, "   #")
	for _, sign := range []string{" > ", " | ", " &"} {
		line, _, _ = strings.Cut(line, sign)
	}
	line = strings.NewReplacer("'", "", `"`, "").Replace(line)
	c, rest, err := newRoot().Find(strings.Fields(line)[1:])
	require.NoError(t, err, line)
	require.NoError(t, c.ParseFlags(rest), line)
	assert.NoError(t, c.ValidateArgs(c.Flags().Args()), line)
	assert.NoError(t, c.ValidateRequiredFlags(), line)
}
