package aten

import (
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// gotorch would ask for no thread at all on a machine with one core, and abort.
func TestOneCoreIsEnough(t *testing.T) {
	var allowed unix.CPUSet // a container may have no processor 0
	require.NoError(t, unix.SchedGetaffinity(0, &allowed))
	first := 0
	for !allowed.IsSet(first) {
		first++
	}
	output, err := exec.Command("taskset", "-c", strconv.Itoa(first), os.Args[0], "-test.run", "^TestNativeErrorsAreRecoveredAtTheEdge$").CombinedOutput()
	require.NoError(t, err, "%s", output)
}
