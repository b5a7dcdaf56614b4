package data

// Outlines of the figures, in class order; each comes with horizontal and with vertical lines.
var outlineNames = []string{"circle", "square", "triangle", "cross", "star"}

// figureClasses are the classes of every generated dataset: 5 outlines x 2 directions of lines.
var figureClasses = func() []string {
	var classes []string
	for _, outline := range outlineNames {
		classes = append(classes, outline+"-horizontal", outline+"-vertical")
	}
	return classes
}()

var shapesLook = look{name: "shapes", version: 1, classes: figureClasses, draw: drawShape}

// NewShapes describes the default dataset without drawing any image: striped shapes in strong colours on a smooth
// background. Half of what must be recognized is a texture near the resolution limit, which super-resolution, denoising
// and JPEG-deblocking have to bring back.
func NewShapes(options GeneratedOptions) (*Generated, error) {
	return newGenerated(shapesLook, options)
}
