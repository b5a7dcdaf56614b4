package process

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // headers
	_ "image/png"
	"os"
	"path/filepath"

	"transfera/data"
	"transfera/data/imaging"
	"transfera/results/atomicfile"
)

// one processes one picture. alone says that its tiles are the progress.
func (w *work) one(ctx context.Context, it item, alone bool) error {
	original, err := w.read(it)
	if err != nil {
		return err
	}
	source, width, height, shown, err := w.input(it, original)
	if err != nil {
		return err
	}
	grid, err := w.budget.grid(w.pipeline, width, height, w.options.Degrade)
	if err != nil {
		return err
	}
	out := imaging.New(width*w.pipeline.Scale, height*w.pipeline.Scale)
	var progress func(done, total int)
	if alone {
		progress = func(done, total int) { w.progress("process tiles", done, total) }
	}
	if err := w.pipeline.Process(ctx, source, grid, func(part Rect, planes []float32) { paste(out, part, planes) }, progress); err != nil {
		return err
	}
	c := comparison{Name: it.name}
	if w.options.Compare {
		if c.Panels, err = w.panels(it, original, shown, out); err != nil {
			return err
		}
	}
	if it.degraded != "" {
		if err := w.write(shown.image, it.degraded); err != nil {
			return err
		}
	}
	if err := w.write(out, it.output); err != nil {
		return err
	}
	if w.options.Compare {
		w.page = append(w.page, c)
	}
	return nil
}

func (w *work) write(m *imaging.Image, name string) error {
	file, err := encode(m, name, w.options.Quality)
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(w.options.Out, filepath.FromSlash(name)), file)
}

// read decodes a picture and turns it upright.
func (w *work) read(it item) (*imaging.Image, error) {
	info, err := os.Stat(it.path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	file, err := os.ReadFile(it.path)
	if err != nil {
		return nil, err
	}
	if header, _, err := image.DecodeConfig(bytes.NewReader(file)); err == nil { // Decode tells errors better
		if err := w.budget.reads(header.Width, header.Height); err != nil {
			return nil, err
		}
		switch header.ColorModel {
		case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
			w.remarks.add("had 16 bits per channel, of which the upper 8 were taken", it.name)
		}
		switch header.ColorModel {
		case color.NRGBAModel, color.NRGBA64Model:
			w.remarks.add("had transparency, which is lost: colours were taken as stored", it.name)
		}
	}
	stored, err := imaging.Decode(file, it.name)
	if err != nil {
		return nil, unnamed(err, it.name)
	}
	orientation := imaging.Orientation(file)
	if orientation != 1 {
		w.remarks.add("were turned upright by their EXIF orientation", it.name)
	}
	return stored.Upright(orientation), nil
}

// unnamed takes the name off an error that will be shown beside it.
func unnamed(err error, name string) error {
	return errors.New(string(bytes.TrimPrefix([]byte(err.Error()), []byte(name+": "))))
}

// degraded is a picture that P gets after a degradation: itself, and as recognizers see it without P.
type degraded struct{ image, baseline *imaging.Image }

// input is what P gets: the picture, or what the degradation makes of it.
func (w *work) input(it item, original *imaging.Image) (source Source, width, height int, shown degraded, err error) {
	if !w.options.Degrade {
		return Picture{original}, original.Width, original.Height, shown, nil
	}
	scale := w.degradation.Scale()
	width, height = original.Width/scale, original.Height/scale
	if width == 0 || height == 0 {
		return nil, 0, 0, shown, fmt.Errorf("%dx%d pixels cannot be shrunk %d times", original.Width, original.Height, scale)
	}
	target, err := original.Crop(0, 0, width*scale, height*scale)
	if err != nil {
		return nil, 0, 0, shown, err
	}
	if target.Width != original.Width || target.Height != original.Height {
		w.remarks.add(fmt.Sprintf("lost rows or columns at the right or bottom, since their sides %d does not divide", scale), it.name)
	}
	made, err := data.Apply(w.degradation, target, noiseSeed(it.name))
	if err != nil {
		return nil, 0, 0, shown, err
	}
	shown.image = imaging.FromPlanar(made.Input, width, height)
	if shown.baseline = shown.image; scale > 1 {
		shown.baseline = imaging.FromPlanar(made.Baseline, target.Width, target.Height)
	}
	return Planar{made.Input, width, height}, width, height, shown, nil
}

// noiseSeed is the seed of a picture's noise: the first 8 bytes, little-endian, of the SHA-256 of
// "transfera/process noise/NAME".
func noiseSeed(name string) uint64 {
	sum := sha256.Sum256([]byte("transfera/process noise/" + name))
	return binary.LittleEndian.Uint64(sum[:8])
}

// paste rounds planes to 8 bits and puts them into their place.
func paste(out *imaging.Image, part Rect, planes []float32) {
	rounded := imaging.FromPlanar(planes, part.Width, part.Height)
	for y := range part.Height {
		copy(out.Pix[3*((part.Y+y)*out.Width+part.X):], rounded.Pix[3*y*part.Width:3*(y+1)*part.Width])
	}
}
