package blackbox

import "time"

// RetryFast makes repeated calls follow at once.
func RetryFast(c *Client) { c.firstWait = time.Microsecond }

// AnswerFile is where the answer to a question is kept.
func (c *Client) AnswerFile(key string) string { return c.responses.path(key) }

// The parts that have tests of their own.
var (
	WaitOf     = waitOf
	EntryBytes = entryBytes
)
