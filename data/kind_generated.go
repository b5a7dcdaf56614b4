package data

var shapesKind = generatedKind("shapes", "generated images of striped shapes in strong colours on a smooth background", NewShapes)

var sketchesKind = generatedKind("sketches", "generated line drawings: hatched outlines on grainy, cluttered paper", NewSketches)

// maxSeed keeps seeds exact where a spec's numbers pass through float64.
const maxSeed = 1 << 53

// generatedKind is the kind of a built-in dataset. It has no loader defaults: mirroring changes its classes' lines.
func generatedKind(name, doc string, build func(GeneratedOptions) (*Generated, error)) DatasetKind {
	return DatasetKind{
		Name: name,
		Doc:  doc,
		Options: []Option{
			{Name: "seed", Doc: "seed of the images", Default: 1, Max: maxSeed},
			{Name: "size", Doc: "height and width in pixels", Default: 32, Min: minGeneratedSize, Max: maxGeneratedSize},
			{Name: "train", Doc: "training images", Default: 4000, Min: 1, Max: 1_000_000},
			{Name: "val", Doc: "validation images", Default: 1000, Min: 1, Max: 1_000_000},
		},
		open: func(_ place, o Options, split string) (Dataset, error) {
			return build(GeneratedOptions{
				Seed: uint64(option[int](o, "seed")), Split: split, Count: option[int](o, split), Size: option[int](o, "size"),
			})
		},
	}
}
