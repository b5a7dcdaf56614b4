package data

import "math"

// outline is the edge of a shape: a circle, or a polygon around the same centre.
type outline struct {
	x, y, radius float64      // pixels
	corners      [][2]float64 // pixels, relative to the centre; none for a circle
}

// newOutline draws position, size and rotation of the named outline in an image of size x size pixels.
func newOutline(name string, random stream, size float64) outline {
	x := float64(size * (0.5 + random.between(-maxOffset, maxOffset)))
	y := float64(size * (0.5 + random.between(-maxOffset, maxOffset)))
	radius := float64(size * random.between(minRadius, maxRadius))
	return outlineAt(name, x, y, radius, random.between(-maxRotation, maxRotation))
}

// outlineAt is the named outline around (x, y), rotated by an angle in radians.
func outlineAt(name string, x, y, radius, rotation float64) outline {
	o := outline{x: x, y: y, radius: radius}
	for _, corner := range unitCorners[name] {
		angle := corner.angle + rotation
		r := float64(o.radius * corner.radius)
		o.corners = append(o.corners, [2]float64{float64(r * math.Cos(angle)), float64(r * math.Sin(angle))})
	}
	return o
}

// polar is a corner by its angle in radians and its distance from the centre.
type polar struct{ angle, radius float64 }

// unitCorners are the polygons of circumradius 1. The outlines get different radii so that their areas are similar.
var unitCorners = map[string][]polar{
	"square":   regular(4, 1.15, math.Pi/4),
	"triangle": regular(3, 1.3, -math.Pi/2),
	"cross":    cross(1.15, 0.38),
	"star":     star(5, 1.3, 0.55),
}

// regular is the regular polygon with n corners, the first of them at angle start; y grows downwards, so -Pi/2 is on top.
func regular(n int, radius, start float64) []polar {
	corners := make([]polar, n)
	for k := range corners {
		corners[k] = polar{start + float64(2*math.Pi*float64(k)/float64(n)), radius}
	}
	return corners
}

// star has n points at the outer radius and as many corners between them at the inner one.
func star(n int, outer, inner float64) []polar {
	corners := regular(2*n, outer, -math.Pi/2)
	for k := 1; k < len(corners); k += 2 {
		corners[k].radius = inner
	}
	return corners
}

// cross is a plus sign whose four arms are 2*half wide and reach to distance length.
func cross(length, half float64) []polar {
	var corners []polar
	for k := range 4 {
		turn := float64(math.Pi / 2 * float64(k))
		tip := polar{math.Atan2(half, length), math.Hypot(length, half)}
		corners = append(corners,
			polar{turn - tip.angle, tip.radius},
			polar{turn + tip.angle, tip.radius},
			polar{turn + math.Pi/4, half * math.Sqrt2})
	}
	return corners
}

// depth is the distance in pixels of the point (x, y) to the edge, positive inside and negative outside.
func (o outline) depth(x, y float64) float64 {
	x, y = x-o.x, y-o.y
	if len(o.corners) == 0 {
		return o.radius - math.Sqrt(float64(x*x)+float64(y*y))
	}
	nearest, inside := math.Inf(1), false
	a := o.corners[len(o.corners)-1]
	for _, b := range o.corners {
		nearest = min(nearest, segmentDistance(x, y, a, b))
		// Count the edges that a ray to the right crosses: an odd number means inside.
		if (a[1] > y) != (b[1] > y) && x < a[0]+float64((y-a[1])/(b[1]-a[1])*(b[0]-a[0])) {
			inside = !inside
		}
		a = b
	}
	if inside {
		return nearest
	}
	return -nearest
}

// segmentDistance is the distance of the point (x, y) to the segment from a to b.
func segmentDistance(x, y float64, a, b [2]float64) float64 {
	dx, dy := b[0]-a[0], b[1]-a[1]
	px, py := x-a[0], y-a[1]
	t := clamp01((float64(px*dx) + float64(py*dy)) / (float64(dx*dx) + float64(dy*dy)))
	ex, ey := px-float64(t*dx), py-float64(t*dy)
	return math.Sqrt(float64(ex*ex) + float64(ey*ey))
}
