package blackbox

import "time"

// RetryFast makes repeated calls follow at once.
func RetryFast(c *Client) { c.firstWait = time.Microsecond }

// The parts that have tests of their own.
var (
	WaitOf     = waitOf
	EntryBytes = entryBytes
)

// Reserve counts a call to a service as every client does.
func Reserve(folder string, s Service, key string) error { return ledgerOf(folder, s).reserve(key) }
