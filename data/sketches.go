package data

import (
	"math"

	"transfera/data/imaging"
)

var sketchesLook = look{name: "sketches", version: 1, classes: figureClasses, draw: drawSketch}

// NewSketches describes the second built-in dataset without drawing any image: line drawings on grainy, cluttered paper.
// Its classes mean what those of NewShapes mean, an outline and a direction of lines, but nearly everything else about
// the pictures differs: thin strokes instead of filled areas, little contrast instead of much, one hue instead of all,
// stray strokes and grain instead of a smooth background. It is for asking whether what was learned on one dataset
// carries over to another.
func NewSketches(options GeneratedOptions) (*Generated, error) {
	return newGenerated(sketchesLook, options)
}

// The look of the sketches; units as for the shapes.
const (
	minHatchPixels, maxHatchPixels     = 3.6, 4.8 // between neighbouring lines of the hatching
	maxHatchTilt                       = 0.2      // radians between the lines and their axis
	minPenPixels, maxPenPixels         = 1.1, 1.6 // width of every line
	minPaper, maxPaper                 = 0.35, 0.75
	minInk, maxInk                     = 0.20, 0.34 // difference in brightness between paper and ink, of either sign
	maxTint                            = 0.06       // warm (positive) or cold, of paper and of ink
	paperSpread                        = 0.07
	strayStrokes                       = 9 // in an image of 32 x 32 pixels; others have as many per area
	minStrayPixels, maxStrayPixels     = 4, 12
	minStrayStrength, maxStrayStrength = 0.3, 0.9 // of the ink's difference from the paper
	grainSigma                         = 0.025    // the same in all three components of a pixel
)

// drawSketch draws image i of the dataset with these options.
func drawSketch(o GeneratedOptions, i int) *imaging.Image {
	random := newStream("sketches "+o.Split, o.Seed, uint64(i))
	class := i % len(figureClasses)
	size := float64(o.Size)

	figure := newOutline(outlineNames[class/2], random, size)
	pen := random.between(minPenPixels, maxPenPixels)
	lines := newHatching(class%2 == 1, random)
	paper, ink := newInk(random)
	ground := newBackground(paper, paperSpread, random)
	stray := newStrokes(strayStrokes*o.Size*o.Size/(32*32), size, random)

	image := imaging.New(o.Size, o.Size)
	for y := range o.Size {
		for x := range o.Size {
			px, py := float64(x)+0.5, float64(y)+0.5
			depth := figure.depth(px, py)
			contour := covered(math.Abs(depth), pen)
			hatch := float64(covered(lines.distance(px, py), pen) * clamp01(depth+0.5))
			colour := mix(ground.at(px/size, py/size), ink, max(contour, hatch, stray.coverage(px, py, pen)))
			grain := float64(grainSigma * random.bell())
			for c, v := range colour {
				image.Pix[3*(y*o.Size+x)+c] = uint8(math.Floor(float64(clamp01(v+grain)*255) + 0.5))
			}
		}
	}
	return image
}

// covered is the share of a pixel under a line of a width, whose middle passes the pixel's centre at a distance; pixels.
func covered(distance, width float64) float64 {
	return clamp01(float64(width*0.5) + 0.5 - distance)
}

// newInk draws the mean colour of the paper and that of the ink, which is darker or lighter.
func newInk(random stream) (paper, ink rgb) {
	brightness := random.between(minPaper, maxPaper)
	difference := random.between(minInk, maxInk)
	if brightness > 0.5 { // towards the side with more room
		difference = -difference
	}
	return tinted(brightness, random), tinted(brightness+difference, random)
}

// tinted is a grey that leans to red and away from blue, or the other way.
func tinted(brightness float64, random stream) rgb {
	tint := random.between(-maxTint, maxTint)
	return rgb{brightness + tint, brightness, brightness - tint}
}

// hatching is a set of parallel lines.
type hatching struct {
	normalX, normalY float64 // unit vector across the lines
	period, offset   float64 // pixels; a line passes the origin at offset
}

func newHatching(vertical bool, random stream) hatching {
	h := hatching{period: random.between(minHatchPixels, maxHatchPixels)}
	tilt := random.between(-maxHatchTilt, maxHatchTilt)
	h.normalX, h.normalY = math.Sin(tilt), math.Cos(tilt)
	if vertical {
		h.normalX, h.normalY = h.normalY, h.normalX
	}
	h.offset = random.between(0, h.period)
	return h
}

// distance is that of the point (x, y) to the middle of the nearest line, in pixels.
func (h hatching) distance(x, y float64) float64 {
	across := (float64(h.normalX*x) + float64(h.normalY*y) - h.offset) / h.period
	return math.Abs(float64((across - math.Floor(across+0.5)) * h.period))
}

// strokes are short straight lines of different strengths.
type strokes []stroke

type stroke struct {
	a, b     [2]float64 // ends, pixels
	strength float64    // 1 is as dark as ink
}

// newStrokes scatters n strokes over an image of size x size pixels.
func newStrokes(n int, size float64, random stream) strokes {
	all := make(strokes, n)
	for k := range all {
		x, y := random.between(0, size), random.between(0, size)
		angle := random.between(0, math.Pi)
		half := float64(random.between(minStrayPixels, maxStrayPixels) * 0.5)
		dx, dy := float64(half*math.Cos(angle)), float64(half*math.Sin(angle))
		all[k] = stroke{
			a: [2]float64{x - dx, y - dy}, b: [2]float64{x + dx, y + dy},
			strength: random.between(minStrayStrength, maxStrayStrength),
		}
	}
	return all
}

// coverage is the share of ink that the strokes, drawn with a pen of this width in pixels, give the pixel at (x, y).
func (s strokes) coverage(x, y, pen float64) float64 {
	most := 0.0
	for _, line := range s {
		most = max(most, float64(line.strength*covered(segmentDistance(x, y, line.a, line.b), pen)))
	}
	return most
}
