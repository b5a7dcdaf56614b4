package training

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"transfera/aten"
	"transfera/models/nn"
	"transfera/models/weights"
)

// state is all that a training has to remember: how many steps it did, the networks with their buffers and random
// streams, the optimizer's memory and the course so far. The order of the data and the noise follow from the step.
type state struct {
	fit       *Fit
	optimizer *aten.Optimizer
	course    *Course
	step      int
	pending   []pending
	graph     *captured
	part      *parallel // nil for one process
}

const (
	optimizerPrefix = "optimizer."
	streamPrefix    = "stream."
	coursePrefix    = "course."
)

// save writes the state, replacing the older one in one go.
func (s *state) save() error {
	var dict weights.Dict
	for _, n := range s.fit.Networks {
		dict = append(dict, prefixed(n.Name+".", n.Dict())...)
		streams := n.Generators()
		for _, name := range slices.Sorted(maps.Keys(streams)) {
			position := streams[name].State()
			dict = append(dict, weights.Tensor{
				Name: streamPrefix + n.Name + "." + name, DType: weights.U8, Shape: []int64{int64(len(position))}, Data: position,
			})
		}
	}
	memory := s.optimizer.State()
	for _, name := range slices.Sorted(maps.Keys(memory)) {
		dict = append(dict, nn.ToWeights(optimizerPrefix+name, memory[name]))
	}
	dict = append(dict, prefixed(coursePrefix, s.course.dict())...)
	err := weights.SaveSafetensors(s.fit.Checkpoint, dict, map[string]string{
		"step": strconv.Itoa(s.step), "checksum": checksum(strconv.Itoa(s.step), dict),
	})
	if err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	return nil
}

// checksum is of everything in a checkpoint: one flipped bit would end in other weights without a word.
func checksum(step string, dict weights.Dict) string { return step + " " + dict.Checksum() }

// interrupted saves the state of a training that has to stop, unless it is none to go on from, and returns why it stops.
func (s *state) interrupted(cause error) error {
	if err := s.settle(0); err != nil {
		return errors.Join(cause, err)
	}
	if _, broken := s.broken(); s.step == 0 || broken || !s.fit.leads() {
		return cause
	}
	return errors.Join(cause, s.save())
}

// load reads the checkpoint, if there is one. One that cannot be used is removed, and the training starts over.
func (s *state) load() error {
	file, err := weights.Load(s.fit.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = s.restore(file)
	}
	if err == nil {
		return nil
	}
	if !s.fit.leads() {
		return fmt.Errorf("rank 0 goes on from the checkpoint, which rank %d cannot use: %w", s.fit.Group.Rank, err)
	}
	s.fit.Progress(0, fmt.Sprintf("starting over, for the checkpoint cannot be used: %v", err))
	return os.Remove(s.fit.Checkpoint)
}

// restore takes over the checkpoint's state, all of it or, with an error, nothing.
func (s *state) restore(file *weights.File) error {
	step, err := strconv.Atoi(file.Metadata["step"])
	if err != nil || step < 1 || step > s.fit.Steps() {
		return fmt.Errorf("%s: step %q is none of this training", file.Path, file.Metadata["step"])
	}
	if checksum(file.Metadata["step"], file.Tensors) != file.Metadata["checksum"] {
		return fmt.Errorf("%s has other bytes than were written", file.Path)
	}
	course := newCourse(s.fit.Terms)
	if err := course.restore(under(coursePrefix, file.Tensors), step); err != nil {
		return fmt.Errorf("%s: %w", file.Path, err)
	}
	memory := map[string]aten.Tensor{}
	for _, t := range under(optimizerPrefix, file.Tensors) {
		if memory[t.Name], err = nn.FromWeights(t); err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
	}
	optimizer, err := s.fit.newOptimizer() // a fresh one, so that a failure leaves the present one as it is
	if err != nil {
		return err
	}
	if err := optimizer.SetState(s.fit.onDevice(memory)); err != nil {
		return fmt.Errorf("%s: %w", file.Path, err)
	}
	streams := under(streamPrefix, file.Tensors)
	if err := s.fit.checkStreams(streams); err != nil {
		return fmt.Errorf("%s: %w", file.Path, err)
	}
	before := make([]weights.Dict, len(s.fit.Networks))
	for i, n := range s.fit.Networks {
		before[i] = n.Dict()
		if err := n.Load(file.Path, under(n.Name+".", file.Tensors)); err != nil {
			for k := range before[:i] {
				err = errors.Join(err, s.fit.Networks[k].Load("initial", before[k]))
			}
			return err
		}
	}
	s.step, s.course, s.optimizer = step, course, optimizer
	return s.fit.eachStream(streams, func(stream *aten.Generator, position []byte) error { return stream.SetState(position) })
}

// checkStreams tells whether the networks' random streams, those of dropout, can be moved to these positions.
func (f *Fit) checkStreams(positions weights.Dict) error {
	return f.eachStream(positions, func(_ *aten.Generator, position []byte) error { return aten.NewGenerator(0).SetState(position) })
}

// eachStream visits every random stream of the networks with its stored position.
func (f *Fit) eachStream(positions weights.Dict, visit func(stream *aten.Generator, position []byte) error) error {
	for _, n := range f.Networks {
		for name, stream := range n.Generators() {
			position, ok := positions.Get(n.Name + "." + name)
			if !ok {
				return fmt.Errorf("the position of the random stream %s of the %s is missing", name, n.Name)
			}
			if err := visit(stream, position.Data); err != nil {
				return err
			}
		}
	}
	return nil
}

// onDevice moves an optimizer's memory to where its parameters are. Step counters stay on the CPU.
func (f *Fit) onDevice(memory map[string]aten.Tensor) map[string]aten.Tensor {
	for name, t := range memory {
		if !strings.HasSuffix(name, ".step") {
			memory[name] = t.To(f.Device)
		}
	}
	return memory
}

func prefixed(prefix string, dict weights.Dict) weights.Dict {
	named := make(weights.Dict, len(dict))
	for i, t := range dict {
		t.Name = prefix + t.Name
		named[i] = t
	}
	return named
}

// under is the tensors whose names begin with prefix, without it.
func under(prefix string, dict weights.Dict) weights.Dict {
	var part weights.Dict
	for _, t := range dict {
		if name, ok := strings.CutPrefix(t.Name, prefix); ok {
			t.Name = name
			part = append(part, t)
		}
	}
	return part
}
