package aten

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// gotorch would ask for no thread at all on a machine with one core, and abort.
func TestOneCoreIsEnough(t *testing.T) {
	output, err := exec.Command("taskset", "-c", "0", os.Args[0], "-test.run", "^TestNativeErrorsAreRecoveredAtTheEdge$").CombinedOutput()
	require.NoError(t, err, "%s", output)
}
