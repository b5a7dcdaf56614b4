package data

import "transfera/data/imaging"

var superResolution = DegradationKind{
	Name: "sr",
	Doc:  "super-resolution: the input is the target shrunk by Pillow's bicubic filter",
	Options: []Option{{
		Name: "scale", Doc: "how many times smaller the input is, per side",
		Default: 4, Min: 2, Max: 4, Choices: []any{2, 4},
	}},
	build: func(options Options) Degradation { return shrink{option[int](options, "scale")} },
}

// shrink reduces both sides by its scale. Its baseline is the input enlarged again by Pillow's bicubic filter, in 8 bits.
type shrink struct{ scale int }

func (shrink) Name() string { return "sr" }

func (s shrink) Scale() int { return s.scale }

func (s shrink) Degrade(target *imaging.Image, _ uint64, input, baseline []float32) error {
	small := target.Resize(target.Width/s.scale, target.Height/s.scale, imaging.Bicubic)
	small.Planar(input)
	if baseline != nil {
		small.Resize(target.Width, target.Height, imaging.Bicubic).Planar(baseline)
	}
	return nil
}
