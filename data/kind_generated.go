package data

var shapesKind = generatedKind("shapes", "generated images of striped shapes in strong colours on a smooth background", NewShapes)

var sketchesKind = generatedKind("sketches", "generated line drawings: hatched outlines on grainy, cluttered paper", NewSketches)

// maxSeed keeps seeds exact where a spec's numbers pass through float64.
const maxSeed = 1 << 53

var shapesDetectionKind = DatasetKind{
	Name:    "shapes-detection",
	Doc:     "generated images of one to three of the striped shapes, of different sizes, with boxes around them",
	Options: generatedOptions(sceneSize, minSceneSize),
	Objects: true,
	open: func(_ place, o Options, split string) (Dataset, error) {
		return NewShapesDetection(generatedBy(o, split))
	},
}

// generatedKind is the kind of a built-in dataset. It has no loader defaults: mirroring changes its classes' lines.
func generatedKind(name, doc string, build func(GeneratedOptions) (*Generated, error)) DatasetKind {
	return DatasetKind{
		Name:    name,
		Doc:     doc,
		Options: generatedOptions(32, minGeneratedSize),
		open: func(_ place, o Options, split string) (Dataset, error) {
			return build(generatedBy(o, split))
		},
	}
}

// generatedOptions are the options of a built-in dataset.
func generatedOptions(size, minSize int) []Option {
	return []Option{
		{Name: "seed", Doc: "seed of the images", Default: 1, Max: maxSeed},
		{Name: "size", Doc: "height and width in pixels", Default: size, Min: float64(minSize), Max: maxGeneratedSize},
		{Name: "train", Doc: "training images", Default: 4000, Min: 1, Max: 1_000_000},
		{Name: "val", Doc: "validation images", Default: 1000, Min: 1, Max: 1_000_000},
	}
}

// generatedBy reads what generatedOptions declared.
func generatedBy(o Options, split string) GeneratedOptions {
	return GeneratedOptions{
		Seed: uint64(option[int](o, "seed")), Split: split, Count: option[int](o, split), Size: option[int](o, "size"),
	}
}
