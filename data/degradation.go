package data

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"transfera/data/imaging"
)

// Degradation makes a processor's input out of its target image, as the paper does (arXiv 1910.09185). Implementations hold nothing but
// their settings and may be used from many goroutines at once.
//
// Pictures are planar float32 here, (3, H, W) with values in [0,1]; a byte b of an image is b/255.
type Degradation interface {
	// Name is the name in the registry.
	Name() string
	// Scale is how many times smaller the input is than the target, per side.
	Scale() int
	// Degrade fills input, (3, H/Scale, W/Scale), from a target of H x W pixels whose sides Scale divides. noiseSeed
	// decides all randomness. If baseline is not nil it is filled, too: (3, H, W), the picture that recognizers see
	// without any processor. Degradations of scale 1 ignore baseline, for theirs is the input itself.
	Degrade(target *imaging.Image, noiseSeed uint64, input, baseline []float32) error
}

// DegradationKind is an entry of the registry: a degradation before its options are chosen.
type DegradationKind struct {
	Name    string // as in a spec, such as "sr"
	Doc     string // one sentence
	Options []Option
	build   func(options map[string]float64) Degradation
}

// Option is a number that a degradation can be configured with.
type Option struct {
	Name    string
	Doc     string // with the unit
	Default float64
	Min     float64
	Max     float64
	Integer bool      // only whole numbers are valid
	Choices []float64 // if not empty, only these are valid
}

// degradationKinds is the registry: one line per degradation.
var degradationKinds = []DegradationKind{superResolution, denoising, jpegDeblocking}

// DegradationKinds lists the known degradations.
func DegradationKinds() []DegradationKind { return slices.Clone(degradationKinds) }

// NewDegradation configures a known degradation; options left out have their defaults. Unknown names and invalid values
// are errors that list what is valid.
func NewDegradation(name string, options map[string]float64) (Degradation, error) {
	at := slices.IndexFunc(degradationKinds, func(k DegradationKind) bool { return k.Name == name })
	if at < 0 {
		var known []string
		for _, kind := range degradationKinds {
			known = append(known, kind.Name)
		}
		return nil, fmt.Errorf("unknown degradation %q; known are %s", name, strings.Join(known, ", "))
	}
	kind := degradationKinds[at]
	complete := map[string]float64{}
	var known []string
	for _, option := range kind.Options {
		complete[option.Name] = option.Default
		known = append(known, option.Name)
	}
	for _, key := range slices.Sorted(maps.Keys(options)) {
		i := slices.Index(known, key)
		if i < 0 {
			return nil, fmt.Errorf("degradation %s has no option %q; it has %s", name, key, strings.Join(known, ", "))
		}
		if err := kind.Options[i].Check(options[key]); err != nil {
			return nil, fmt.Errorf("degradation %s: %w", name, err)
		}
		complete[key] = options[key]
	}
	return kind.build(complete), nil
}

// Check tells why value is invalid for the option, or returns nil.
func (o Option) Check(value float64) error {
	switch {
	case len(o.Choices) > 0 && !slices.Contains(o.Choices, value):
		return fmt.Errorf("%s must be one of %v, not %v", o.Name, o.Choices, value)
	case math.IsNaN(value) || value < o.Min || value > o.Max:
		return fmt.Errorf("%s must lie in %v..%v, not %v", o.Name, o.Min, o.Max, value)
	case o.Integer && value != math.Trunc(value):
		return fmt.Errorf("%s must be a whole number, not %v", o.Name, value)
	}
	return nil
}

// Degraded is one degraded picture by itself, for use without a loader.
type Degraded struct {
	Input                   []float32 // (3, InputHeight, InputWidth), in [0,1]
	InputHeight, InputWidth int
	Baseline                []float32 // (3, H, W) of the target, in [0,1]; the same memory as Input at scale 1
}

// Apply degrades a single image. A target whose sides the scale does not divide is an error.
func Apply(d Degradation, target *imaging.Image, noiseSeed uint64) (Degraded, error) {
	scale := d.Scale()
	if err := checkDivisible(d, target.Width, target.Height); err != nil {
		return Degraded{}, err
	}
	result := Degraded{InputHeight: target.Height / scale, InputWidth: target.Width / scale}
	result.Input = make([]float32, 3*result.InputHeight*result.InputWidth)
	result.Baseline = result.Input
	if scale != 1 {
		result.Baseline = make([]float32, 3*target.Height*target.Width)
	}
	return result, d.Degrade(target, noiseSeed, result.Input, result.Baseline)
}

func checkDivisible(d Degradation, width, height int) error {
	if scale := d.Scale(); width%scale != 0 || height%scale != 0 {
		return fmt.Errorf("%s x%d needs sides divisible by %d, not %dx%d; crop to such a size", d.Name(), scale, scale, width, height)
	}
	return nil
}
