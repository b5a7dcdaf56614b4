package data

import (
	"fmt"
	"slices"
	"strings"

	"transfera/data/imaging"
)

// Degradation makes a processor's input out of its target image, as the paper does (arXiv 1910.09185). Implementations hold nothing but
// their settings and may be used from many goroutines at once.
//
// Degradations run on the CPU whatever computes the rest: their bits are defined by Pillow and libjpeg-turbo, and the loader
// keeps them off the training step. scripts/gpu-check.sh measures what one core prepares of 224x224 pixels a second, some
// 400 images; so many cores as a step's images per second call for feed a GPU.
//
// Pictures are planar float32 here, (3, H, W) with values in [0,1]; a byte b of an image is b/255.
type Degradation interface {
	// Name is the name in the registry.
	Name() string
	// Scale is how many times smaller the input is than the target, per side: the value of an option of that name, else 1.
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
	build   func(options Options) Degradation
}

// degradationKinds is the registry: one line per degradation.
var degradationKinds = []DegradationKind{superResolution, denoising, jpegDeblocking, deblurring}

// DegradationKinds lists the known degradations.
func DegradationKinds() []DegradationKind { return slices.Clone(degradationKinds) }

// NewDegradation configures a known degradation; options left out have their defaults. Unknown names and invalid values
// are errors that list what is valid.
func NewDegradation(name string, options map[string]any) (Degradation, error) {
	var known []string
	for _, kind := range degradationKinds {
		if kind.Name == name {
			complete, err := complete("degradation "+name, kind.Options, options)
			if err != nil {
				return nil, err
			}
			return kind.build(complete), nil
		}
		known = append(known, kind.Name)
	}
	return nil, fmt.Errorf("unknown degradation %q%s; known are %s", name, didYouMean(name, known), strings.Join(known, ", "))
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
