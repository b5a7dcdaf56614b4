package weights

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

// repeats counts the text that a pickle refers to again through its memo or by
// duplicating the top of the stack. It follows the pickle without a stack of
// its own: where what lies on top is not known, it takes the longest text so far.
type repeats struct {
	bytes   int64
	top     int64 // length of the text on top of the stack, 0 for anything else
	longest int64
	memo    map[int]int64 // length of the text under each number
}

// follow takes an opcode with what follows it.
func (r *repeats) follow(op byte, arg []byte) {
	switch op {
	case 'S', 'V', 'U', 'T', 'X', '\x8c', '\x8d', 'B', 'C', '\x8e', '\x96', 'L', '\x8a', '\x8b':
		r.top = int64(len(arg))
		r.longest = max(r.longest, r.top)
	case 'p', 'q', 'r', '\x94':
		if r.memo == nil {
			r.memo = map[int]int64{}
		}
		r.memo[r.number(op, arg)] = r.top
	case 'g', 'h', 'j':
		r.top = r.memo[r.number(op, arg)]
		r.bytes += r.top
	case '2':
		r.bytes += r.top
	case '\x80', '\x95': // the top stays
	case '0', '1', 'a', 'b', 'e', 's', 'u', '\x90': // what was below is on top again
		r.top = r.longest
	default:
		r.top = 0
	}
}

// number is the place in the memo that an opcode means.
func (r *repeats) number(op byte, arg []byte) int {
	switch op {
	case 'p', 'g':
		number, err := strconv.Atoi(string(bytes.TrimSuffix(arg, []byte("\n"))))
		if err != nil { // the unpickler will say so
			return -1
		}
		return number
	case 'r', 'j':
		return int(binary.LittleEndian.Uint32(arg))
	case 'q', 'h':
		return int(arg[0])
	}
	return len(r.memo) // MEMOIZE
}
