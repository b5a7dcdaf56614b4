// Package process runs a trained processor P, and a transformer T behind it where there is one, over pictures of any size:
// in tiles under a limit of memory, with the result of one pass.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"transfera/aten"
	"transfera/models"
	"transfera/models/checkpoint"
	"transfera/models/nn"
	"transfera/runner/methods"
)

// Pipeline is P, or P and T, fixed and on a device. It belongs to one goroutine at a time, which must be locked to its
// thread if it sets the number of libtorch's threads.
type Pipeline struct {
	// Checkpoints of P and, perhaps, T.
	Checkpoints []*checkpoint.Checkpoint
	// Scale is how many times larger the output is, per side.
	Scale int
	// Field is that of the whole pipeline.
	Field models.Field

	networks []nn.Layer
	device   aten.Device
}

// transformerName is what a run calls T's file, beside P's.
const transformerName = "transformer.safetensors"

// Companion is the transformer's file that belongs to the processor at path: given if it is not "", else the one that lies
// beside path where the processor's method judges T's output. "" is none. A method whose T is missing is an error, unless
// without says that P alone is wanted.
func Companion(p *checkpoint.Checkpoint, given string, without bool) (string, error) {
	switch {
	case given != "" && without:
		return "", errors.New("a transformer is both named and forbidden; do one of the two")
	case given != "" || without || p.Kind != checkpoint.Processor:
		return given, nil
	}
	method, ok := methods.Find(p.Method)
	if !ok || !method.NeedsTransformer {
		return "", nil
	}
	beside := filepath.Join(filepath.Dir(p.File.Path), transformerName)
	if _, err := os.Stat(beside); err != nil {
		return "", fmt.Errorf("%s was trained by %s, whose pictures for recognizers come out of a transformer, and there is no %s; "+
			"name it with --transformer FILE, or take P's pictures with --no-transformer", p.File.Path, p.Method, beside)
	}
	return beside, nil
}

// Read reads P, or a T alone, and the T that Companion finds.
func Read(model, transformer string, without bool) ([]*checkpoint.Checkpoint, error) {
	first, err := checkpoint.Read(model, checkpoint.Processor, checkpoint.Transformer)
	if err != nil {
		return nil, err
	}
	found, err := Companion(first, transformer, without)
	if err != nil || found == "" {
		return []*checkpoint.Checkpoint{first}, err
	}
	second, err := checkpoint.Read(found, checkpoint.Transformer)
	if err != nil {
		return nil, err
	}
	if first.Kind == checkpoint.Processor && first.Stage != second.Stage {
		return nil, fmt.Errorf("%s and %s were not trained together (stages %s and %s); T corrects the pictures of its own P", model, found, first.Stage, second.Stage)
	}
	return []*checkpoint.Checkpoint{first, second}, nil
}

// NewPipeline builds the networks of checkpoints, one running after the other, on a device.
func NewPipeline(checkpoints []*checkpoint.Checkpoint, device aten.Device) (*Pipeline, error) {
	p := &Pipeline{Checkpoints: checkpoints, Scale: 1, Field: models.Field{Align: 1, Least: 1}, device: device}
	for _, c := range checkpoints {
		if c.Architecture.Field == nil {
			return nil, fmt.Errorf("%s: architecture %s does not say how it runs in tiles; give it a Field beside its network, as models/processing/srresnet.go",
				c.File.Path, c.Architecture.Name)
		}
		network, err := c.Network()
		if err != nil {
			return nil, err
		}
		if err := aten.Catch(func() {
			network.To(device)
			network.Freeze()
		}); err != nil {
			return nil, fmt.Errorf("%s: %w", c.File.Path, err)
		}
		p.networks = append(p.networks, network)
		p.Field = p.Field.Then(c.Architecture.Field(c.Scale, c.Options), p.Scale)
		p.Scale *= c.Scale
	}
	return p, nil
}

// forward runs one tile: planes (3,height,width) to (3,Scale*height,Scale*width). Sides that the networks cannot take are
// filled up with copies of the last row and column, which are cut off the result.
func (p *Pipeline) forward(planes []float32, width, height int) (out []float32, err error) {
	native := aten.Catch(func() {
		aten.NoGrad(func() {
			s := aten.NewScope()
			defer s.Close()
			x := aten.FromFloats(s, planes, 1, 3, height, width).To(p.device)
			right, below := max(p.Field.Least-width, 0), max(p.Field.Least-height, 0)
			if right > 0 || below > 0 {
				x = aten.PadReplicate(x, 0, right, 0, below)
			}
			y := nn.Sequential(p.networks).Forward(x)
			if right > 0 || below > 0 {
				y = aten.Narrow(aten.Narrow(y, 2, 0, height*p.Scale), 3, 0, width*p.Scale)
			}
			if aten.FirstNotFinite(y) >= 0 { // in 8 bits it would be black, and nobody would know
				err = errors.New("the result has values that are not finite; did the training of this network diverge?")
				return
			}
			out = y.To(aten.CPU).Floats()
		})
	})
	if err := errors.Join(native, err); err != nil {
		return nil, fmt.Errorf("a tile of %dx%d pixels: %w", width, height, err)
	}
	return out, nil
}

// Process runs the pipeline over a picture in the tiles of a grid and hands what comes out to emit: a rectangle of the
// output, (3,Height,Width). progress, unless nil, is told how many tiles are done. ctx's end stops between two tiles.
func (p *Pipeline) Process(ctx context.Context, picture Source, grid Grid, emit func(part Rect, planes []float32), progress func(done, total int)) error {
	tiles := grid.tiles(p.Field)
	for i, t := range tiles {
		if err := ctx.Err(); err != nil {
			return err
		}
		if progress != nil {
			progress(i, len(tiles))
		}
		out, err := p.forward(picture.Planes(t.seen), t.seen.Width, t.seen.Height)
		if err != nil {
			return err
		}
		part := t.core.times(p.Scale)
		emit(part, cut(out, t.seen.times(p.Scale), part))
	}
	return nil
}
