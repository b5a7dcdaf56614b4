// Package ranks lets several processes compute the stages of a run together. All plan the same suite; the first, of rank 0,
// runs it: it alone reads and writes the cache's records and the results, and calls the others for the stages that are worth
// dividing. Every such stage has a group of its own, so that one that fails leaves nothing behind for the next.
//
// The processes meet at a TCP store that rank 0 serves. In it are
//
//	here/RANK       the process is ready
//	job/K           the keys of the stages that are computed as the Kth job; nothing: the run is over
//	ready/K/RANK    the process begins with the job
//	done/K/RANK     what the process came to
//	left/RANK       the process knows that the run is over
//
// The processes see the same files: specs, data, weights and cache.
package ranks

import (
	"fmt"
	"os"
	"strconv"
)

// Place is which of how many processes this is, and where they meet. The zero Place is that of a process alone.
type Place struct {
	Rank, Size int
	// Local is the number among the processes of this machine, which tells the GPU.
	Local   int
	Address string
	Port    int // 0 where rank 0 starts the others, which then learn it
}

// Several tells whether there are others.
func (p Place) Several() bool { return p.Size > 1 }

// variables are those that torchrun sets.
var variables = []string{"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}

// FromEnvironment reads the place from RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT as torchrun sets them;
// without RANK and WORLD_SIZE, the process is alone.
func FromEnvironment() (Place, error) {
	if os.Getenv("RANK") == "" && os.Getenv("WORLD_SIZE") == "" {
		return Place{}, nil
	}
	for _, name := range variables {
		if os.Getenv(name) == "" {
			return Place{}, fmt.Errorf("of the variables of several processes, %s is not set: set all of RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, or unset RANK and WORLD_SIZE", name)
		}
	}
	p := Place{Address: os.Getenv("MASTER_ADDR")}
	var err error
	read := func(name string, low, high int) int {
		value, wrong := strconv.Atoi(os.Getenv(name))
		if err == nil && (wrong != nil || value < low || value > high) {
			err = fmt.Errorf("%s=%s: expected a whole number from %d to %d", name, os.Getenv(name), low, high)
		}
		return value
	}
	p.Size = read("WORLD_SIZE", 1, 1<<15)
	p.Rank = read("RANK", 0, p.Size-1)
	p.Port = read("MASTER_PORT", 1, 1<<16-1)
	p.Local = p.Rank
	if os.Getenv("LOCAL_RANK") != "" {
		p.Local = read("LOCAL_RANK", 0, p.Rank)
	}
	return p, err
}

// environment is what FromEnvironment reads as p.
func (p Place) environment() []string {
	return []string{
		fmt.Sprintf("RANK=%d", p.Rank), fmt.Sprintf("WORLD_SIZE=%d", p.Size), fmt.Sprintf("LOCAL_RANK=%d", p.Local),
		"MASTER_ADDR=" + p.Address, fmt.Sprintf("MASTER_PORT=%d", p.Port),
	}
}
