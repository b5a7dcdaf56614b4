package weights

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds on one pickle. The state dict of a network of 1,000 tensors takes some
// 200 kB, since the tensors' bytes are not part of it.
const (
	maxPickle     = 64 << 20  // bytes of the pickle
	maxPickleLine = 4096      // bytes of a line (class names, decimal numbers)
	maxPickleLong = 255       // bytes of a binary integer
	maxPickleCost = 256 << 20 // estimated bytes in memory after unpickling

	// Text that a pickle refers to again costs nothing, until an error message
	// shows a list of it. An ordinary pickle repeats less than it is long.
	maxPickleRepeated        = 64 << 10 // bytes of repeated text in any case
	maxPickleRepeatedPerByte = 16       // and for each byte of the pickle
)

// What follows an opcode in the stream.
type argument struct {
	lines  int // newline-terminated lines, or
	fixed  int // that many bytes, or
	length int // a length of that many bytes, then that many bytes
	cost   int // estimated bytes in memory beside the argument itself
}

// unpickledValue is what a value on the unpickler's stack and in its memo
// costs at most; containers cost more even when they are empty.
const (
	unpickledValue     = 100
	unpickledContainer = 600
)

// opcodes are those of pickle protocols 0 to 5 (Python's pickletools), without
// the ones that refer to data outside of the pickle.
var opcodes = func() (table [256]*argument) {
	add := func(ops string, a argument) {
		for i := 0; i < len(ops); i++ {
			table[ops[i]] = &a
		}
	}
	const v, c = unpickledValue, unpickledContainer
	add("012.NQabesu\x88\x89\x90\x93\x94", argument{cost: v})
	add("(])}Rdlot\x81\x85\x86\x87\x8f\x91\x92", argument{cost: c})
	add("FILPSVgp", argument{lines: 1, cost: v})
	add("c", argument{lines: 2, cost: v})
	add("i", argument{lines: 2, cost: c})
	add("Khq\x80", argument{fixed: 1, cost: v})
	add("M", argument{fixed: 2, cost: v})
	add("Jjr", argument{fixed: 4, cost: v})
	add("G\x95", argument{fixed: 8, cost: v})
	add("UC\x8a\x8c", argument{length: 1, cost: v})
	add("TBX\x8b", argument{length: 4, cost: v})
	add("\x8d\x8e\x96", argument{length: 8, cost: v})
	return table
}()

// scanPickle copies one pickle, up to and with its STOP, from r, of which
// remaining bytes are left. It does not unpickle: it checks that every argument
// lies within the file and that the whole stays within the bounds above, so
// that the unpickler, which allocates whatever a length says, can be trusted
// with the copy.
func scanPickle(r *bufio.Reader, remaining int64) ([]byte, error) {
	s := scanner{r: r, limit: min(remaining, maxPickle)}
	for {
		op, err := s.byte()
		if err != nil {
			return nil, err
		}
		arg := opcodes[op]
		if arg == nil {
			return nil, fmt.Errorf("unknown pickle opcode 0x%02x at byte %d", op, s.out.Len()-1)
		}
		if err := s.argument(op, arg); err != nil {
			return nil, err
		}
		if s.cost > maxPickleCost {
			return nil, errors.New("pickle describes too many objects for a state dict")
		}
		if s.repeats.bytes > maxPickleRepeated+maxPickleRepeatedPerByte*int64(s.out.Len()) {
			return nil, errors.New("pickle repeats its texts more often than a state dict does")
		}
		if op == '.' {
			return s.out.Bytes(), nil
		}
	}
}

type scanner struct {
	r     *bufio.Reader
	out   bytes.Buffer
	limit int64
	cost  int64

	repeats repeats
}

// argument copies what follows op.
func (s *scanner) argument(op byte, arg *argument) error {
	start := s.out.Len()
	for range arg.lines {
		if err := s.line(); err != nil {
			return err
		}
	}
	if op == 'c' {
		redirectOrderedDict(s.out.Bytes()[start:])
	}
	if err := s.copy(uint64(arg.fixed + arg.length)); err != nil {
		return err
	}
	if op == '\x95' {
		// A frame's bytes are opcodes, which are scanned in their turn.
		frame := binary.LittleEndian.Uint64(s.out.Bytes()[start:])
		if frame > uint64(s.left()) {
			return s.truncated()
		}
		s.cost += int64(frame)
	}
	if arg.length > 0 {
		var buf [8]byte
		copy(buf[:], s.out.Bytes()[start:])
		n := binary.LittleEndian.Uint64(buf[:])
		if (op == '\x8a' || op == '\x8b') && n > maxPickleLong {
			return fmt.Errorf("pickled integer of %d bytes", n)
		}
		if err := s.copy(n); err != nil {
			return err
		}
	}
	s.cost += int64(arg.cost) + 2*int64(s.out.Len()-start)
	s.repeats.follow(op, s.out.Bytes()[start:])
	return nil
}

func (s *scanner) left() int64 { return s.limit - int64(s.out.Len()) }

func (s *scanner) byte() (byte, error) {
	if s.left() < 1 {
		return 0, s.truncated()
	}
	b, err := s.r.ReadByte()
	if err != nil {
		return 0, s.failed(err)
	}
	s.out.WriteByte(b)
	return b, nil
}

func (s *scanner) copy(n uint64) error {
	if n > uint64(s.left()) {
		return s.truncated()
	}
	if _, err := io.CopyN(&s.out, s.r, int64(n)); err != nil {
		return s.failed(err)
	}
	return nil
}

func (s *scanner) line() error {
	for range maxPickleLine {
		b, err := s.byte()
		if err != nil {
			return err
		}
		if b == '\n' {
			return nil
		}
	}
	return fmt.Errorf("pickled line of more than %d bytes", maxPickleLine)
}

func (s *scanner) truncated() error {
	if s.limit == maxPickle {
		return fmt.Errorf("pickle of more than %d MiB, too long for a state dict", maxPickle>>20)
	}
	return errors.New("pickle runs past the end of the file: truncated or damaged")
}

func (s *scanner) failed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return s.truncated()
	}
	return fmt.Errorf("cannot read: %w", err)
}

// The class of ordinary state dicts, and a name of the same length under which
// gopickle asks our findClass for it.
var (
	orderedDictLines = []byte("collections\nOrderedDict\n")
	ourOrderedDict   = []byte("collections\nOrderedDicT\n")
)

// redirectOrderedDict renames the class in the copied pickle. gopickle resolves
// collections.OrderedDict before it asks findClass, and its version takes no
// arguments; Python 2, which wrote many published weights, pickles an
// OrderedDict as a call with the list of its items.
func redirectOrderedDict(lines []byte) {
	if bytes.Equal(lines, orderedDictLines) {
		copy(lines, ourOrderedDict)
	}
}
