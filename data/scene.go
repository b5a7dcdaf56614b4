package data

import (
	"math"

	"transfera/data/imaging"
)

// Height and width of a scene in pixels. Shapes in smaller images would have too few stripes to be told apart.
const sceneSize, minSceneSize = 96, 64

// The look of the scenes; lengths are in units of the image's size, and what is not here is as in the shapes.
const (
	maxFigures                   = 3
	minFigureSide, maxFigureSide = 0.28, 0.54 // about those of the boxes
	figureReach                  = 1.3        // of a corner from the centre at most, in radii; see unitCorners
	figureBreadth                = 2.15       // of a box at most places, in radii
	maxHidden                    = 0.10       // of the smaller of two boxes, by the other one
	placements                   = 30         // tries before a figure is left out
)

// figure is a shape in a scene.
type figure struct {
	outline outline
	stripes stripes
	object  Object
}

// placeFigures decides what image i of the dataset with these options shows. The class of the first figure goes round, so
// that every class comes up as often; the others are drawn.
func placeFigures(o GeneratedOptions, i int) []figure {
	random := newStream("shapes-detection figures "+o.Split, o.Seed, uint64(i))
	ground := sceneGround(o, i)
	count := 1 + random.below(maxFigures)
	var figures []figure
	for k := range count {
		class := i % len(figureClasses)
		if k > 0 {
			class = random.below(len(figureClasses))
		}
		mean := random.colour(maxStripe, 1-maxStripe)
		for ground.distance(mean) < minContrast {
			mean = random.colour(maxStripe, 1-maxStripe)
		}
		placed := figure{stripes: newStripes(class%2 == 1, mean, random), object: Object{Class: class}}
		for range placements {
			placed.outline = newPlacedOutline(outlineNames[class/2], random, float64(o.Size))
			placed.object.Box = visible([]figure{placed}, o.Size)[0]
			if apart(placed.object, figures) {
				figures = append(figures, placed)
				break
			}
		}
	}
	for k, box := range visible(figures, o.Size) {
		figures[k].object.Box = box
	}
	return figures
}

// newPlacedOutline draws a size, a position with the whole figure in the image, and a rotation.
func newPlacedOutline(name string, random stream, size float64) outline {
	radius := float64(size * random.between(minFigureSide, maxFigureSide) / figureBreadth)
	margin := float64(figureReach*radius) + 1
	x, y := random.between(margin, size-margin), random.between(margin, size-margin)
	return outlineAt(name, x, y, radius, random.between(-maxRotation, maxRotation))
}

// apart tells whether an object hides, and is hidden by, little of the figures.
func apart(object Object, figures []figure) bool {
	for _, other := range figures {
		a, b := object.Box, other.object.Box
		width, height := min(a[2], b[2])-max(a[0], b[0]), min(a[3], b[3])-max(a[1], b[1])
		smaller := min(object.area(), other.object.area())
		if width > 0 && height > 0 && float64(width*height) > float64(maxHidden*smaller) {
			return false
		}
	}
	return true
}

// visible are the boxes around the pixels whose colour is at least half that of a figure, the last figure being in front.
func visible(figures []figure, size int) [][4]float64 {
	boxes := make([][4]float64, len(figures))
	for k := range boxes {
		boxes[k] = [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	}
	for y := range size {
		for x := range size {
			for k := len(figures) - 1; k >= 0; k-- {
				if figures[k].coverage(x, y) < 0.5 {
					continue
				}
				b := &boxes[k]
				left, top := float64(x), float64(y)
				*b = [4]float64{min(b[0], left), min(b[1], top), max(b[2], left+1), max(b[3], top+1)}
				break
			}
		}
	}
	return boxes
}

// coverage is how much of pixel (x, y) the figure covers; see drawShape.
func (f *figure) coverage(x, y int) float64 {
	reach := float64(figureReach*f.outline.radius) + 1
	if math.Abs(float64(x)+0.5-f.outline.x) > reach || math.Abs(float64(y)+0.5-f.outline.y) > reach {
		return 0 // as below, only sooner
	}
	return clamp01(f.outline.depth(float64(x)+0.5, float64(y)+0.5) + 0.5)
}

// sceneGround is the mean colour behind the figures of image i.
func sceneGround(o GeneratedOptions, i int) rgb {
	return newStream("shapes-detection ground "+o.Split, o.Seed, uint64(i)).colour(0, 1)
}

// drawScene draws the figures of image i in their order, on a background of its own.
func drawScene(o GeneratedOptions, i int, figures []figure) *imaging.Image {
	random := newStream("shapes-detection pixels "+o.Split, o.Seed, uint64(i))
	background := newBackground(sceneGround(o, i), backgroundSpread, random)
	size := float64(o.Size)
	image := imaging.New(o.Size, o.Size)
	for y := range o.Size {
		for x := range o.Size {
			px, py := float64(x)+0.5, float64(y)+0.5
			colour := background.at(px/size, py/size)
			for k := range figures {
				if coverage := figures[k].coverage(x, y); coverage > 0 {
					colour = mix(colour, figures[k].stripes.at(px, py), coverage)
				}
			}
			for c, v := range colour {
				v += float64(noiseSigma * random.bell())
				image.Pix[3*(y*o.Size+x)+c] = uint8(math.Floor(float64(clamp01(v)*255) + 0.5))
			}
		}
	}
	return image
}
