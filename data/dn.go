package data

import (
	"transfera/aten"
	"transfera/data/imaging"
)

var denoising = DegradationKind{
	Name: "dn",
	Doc:  "denoising: the input is the target with white Gaussian noise, clamped to [0,1]",
	Options: []Option{{
		Name: "sigma", Doc: "standard deviation of the noise, where white is 1",
		Default: 0.1, Min: 0, Max: 1,
	}},
	build: func(options Options) Degradation { return addNoise{float32(option[float64](options, "sigma"))} },
}

// addNoise computes clamp(y + sigma*n, 0, 1) with n = torch.randn(3, H, W) of torch's CPU generator.
type addNoise struct{ sigma float32 }

func (addNoise) Name() string { return "dn" }

func (addNoise) Scale() int { return 1 }

func (a addNoise) Degrade(target *imaging.Image, noiseSeed uint64, input, _ []float32) error {
	err := aten.Catch(func() { aten.NewGenerator(noiseSeed).FillNormal(input) })
	if err != nil {
		return err
	}
	area := target.Width * target.Height
	for c := range 3 {
		plane := input[c*area : (c+1)*area]
		for i, n := range plane {
			y := float32(target.Pix[3*i+c]) / 255
			// The conversion keeps the product from being fused with the sum: torch rounds it by itself.
			plane[i] = min(max(y+float32(a.sigma*n), 0), 1)
		}
	}
	return nil
}
