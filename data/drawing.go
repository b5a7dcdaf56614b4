package data

import (
	"math"

	"transfera/data/imaging"
)

// The look of the shapes. Lengths are in pixels where a name ends so, and else in units of the image's size: larger
// images show larger shapes with more stripes, each as fine as before.
const (
	minPeriodPixels, maxPeriodPixels = 3.6, 5.0
	maxTilt                          = 0.2 // radians between the stripes and their axis
	minRadius, maxRadius             = 0.30, 0.40
	maxOffset                        = 0.10       // between the centres of shape and image
	maxRotation                      = 0.4        // radians, of the outline
	minStripe, maxStripe             = 0.05, 0.16 // of a stripe colour's components from their mean
	minContrast                      = 0.45       // euclidean distance between the shape's and the background's mean colour
	backgroundCells                  = 3          // the background is interpolated between this many colours + 1 per side
	backgroundSpread                 = 0.25
	noiseSigma                       = 0.02
)

// rgb is a colour with components in [0,1].
type rgb [3]float64

// distance is the euclidean distance in the RGB cube.
func (c rgb) distance(d rgb) float64 {
	r, g, b := c[0]-d[0], c[1]-d[1], c[2]-d[2]
	return math.Sqrt(float64(r*r) + float64(g*g) + float64(b*b))
}

// mix goes from a (t = 0) to b (t = 1). Products are rounded by conversion, here and below, because the language lets a
// compiler fuse x*y + z into one rounding on some platforms, and images must be the same everywhere.
func mix(a, b rgb, t float64) rgb {
	for c := range a {
		a[c] = float64((1-t)*a[c]) + float64(t*b[c])
	}
	return a
}

func (s stream) colour(low, high float64) rgb {
	return rgb{s.between(low, high), s.between(low, high), s.between(low, high)}
}

// drawShape draws image i of the dataset with these options.
func drawShape(o GeneratedOptions, i int) *imaging.Image {
	random := newStream("shapes "+o.Split, o.Seed, uint64(i))
	class := i % len(figureClasses)
	size := float64(o.Size)

	inside := newOutline(outlineNames[class/2], random, size)
	ground, mean := random.colour(0, 1), random.colour(maxStripe, 1-maxStripe)
	for ground.distance(mean) < minContrast {
		ground, mean = random.colour(0, 1), random.colour(maxStripe, 1-maxStripe)
	}
	stripes := newStripes(class%2 == 1, mean, random)
	background := newBackground(ground, backgroundSpread, random)

	image := imaging.New(o.Size, o.Size)
	for y := range o.Size {
		for x := range o.Size {
			px, py := float64(x)+0.5, float64(y)+0.5
			// A pixel whose centre is d inside the outline is covered to d + 1/2, which is exact along straight edges
			// that are parallel to the pixel grid and close to it elsewhere.
			coverage := clamp01(inside.depth(px, py) + 0.5)
			colour := background.at(px/size, py/size)
			if coverage > 0 {
				colour = mix(colour, stripes.at(px, py), coverage)
			}
			for c, v := range colour {
				v += float64(noiseSigma * random.bell())
				image.Pix[3*(y*o.Size+x)+c] = uint8(math.Floor(float64(clamp01(v)*255) + 0.5))
			}
		}
	}
	return image
}

// bell draws from a bell-shaped distribution of mean 0 and variance 1: the sum of four uniform variables, scaled. Unlike
// the normal distribution it needs no function whose last bit depends on the platform.
func (s stream) bell() float64 {
	sum := s.uniform() + s.uniform() + s.uniform() + s.uniform()
	return (sum - 2) * math.Sqrt(3)
}

func clamp01(v float64) float64 { return min(max(v, 0), 1) }

// stripes are two alternating colours.
type stripes struct {
	waveX, waveY, phase float64 // radians per pixel, radians per pixel, radians
	light, dark         rgb
}

func newStripes(vertical bool, mean rgb, random stream) stripes {
	frequency := 2 * math.Pi / random.between(minPeriodPixels, maxPeriodPixels)
	tilt := random.between(-maxTilt, maxTilt)
	s := stripes{
		waveX: float64(frequency * math.Sin(tilt)),
		waveY: float64(frequency * math.Cos(tilt)),
		phase: random.between(0, 2*math.Pi),
	}
	if vertical { // vertical stripes alternate along x
		s.waveX, s.waveY = s.waveY, s.waveX
	}
	for c, deviation := range random.colour(minStripe, maxStripe) {
		s.light[c], s.dark[c] = mean[c]+deviation, mean[c]-deviation
	}
	return s
}

// at is the colour at (x, y). A raised sine has hardly any content above the stripes' frequency, so it needs no further
// smoothing on the pixel grid.
func (s stripes) at(x, y float64) rgb {
	wave := math.Sin(float64(s.waveX*x) + float64(s.waveY*y) + s.phase)
	return mix(s.dark, s.light, 0.5+float64(0.5*wave))
}

// background is a coarse grid of colours around a common one, each component up to a spread away.
type background [backgroundCells + 1][backgroundCells + 1]rgb

func newBackground(mean rgb, spread float64, random stream) *background {
	var grid background
	for y := range grid {
		for x := range grid[y] {
			for c := range mean {
				grid[y][x][c] = clamp01(mean[c] + random.between(-spread, spread))
			}
		}
	}
	return &grid
}

// at interpolates smoothly at (x, y) in [0,1).
func (g *background) at(x, y float64) rgb {
	column, tx := cell(x)
	row, ty := cell(y)
	top := mix(g[row][column], g[row][column+1], tx)
	bottom := mix(g[row+1][column], g[row+1][column+1], tx)
	return mix(top, bottom, ty)
}

// cell is the background cell of a coordinate in [0,1), and the weight of the cell's far side.
func cell(v float64) (index int, weight float64) {
	v = float64(v * backgroundCells)
	index = int(v)
	t := v - float64(index)
	return index, float64(float64(t*t) * (3 - float64(2*t)))
}
