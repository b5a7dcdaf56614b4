package data

import (
	"fmt"

	"transfera/data/imaging"
)

var jpegDeblocking = DegradationKind{
	Name: "jpeg",
	Doc:  "JPEG-deblocking: the input is the target saved as JPEG (libjpeg-turbo, 4:2:0) and read back",
	Options: []Option{{
		Name: "quality", Doc: "libjpeg's quality setting",
		Default: 10, Min: 1, Max: 100,
	}},
	build: func(options Options) Degradation { return compress{option[int](options, "quality")} },
}

// compress saves and reloads the target.
type compress struct{ quality int }

func (compress) Name() string { return "jpeg" }

func (compress) Scale() int { return 1 }

func (c compress) Degrade(target *imaging.Image, _ uint64, input, _ []float32) error {
	file, err := target.EncodeJPEG(c.quality)
	if err != nil {
		return err
	}
	image, err := imaging.Decode(file, fmt.Sprintf("JPEG of quality %d", c.quality))
	if err != nil {
		return err
	}
	image.Planar(input)
	return nil
}
