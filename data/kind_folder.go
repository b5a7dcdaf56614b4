package data

import "slices"

// splitOptions are the options of kinds whose splits are folders; open reads the one called like the split.
var splitOptions = []Option{
	{Name: "train", Doc: "folder of the training images, below path", Default: "train"},
	{Name: "val", Doc: "folder of the validation images, below path", Default: "val"},
}

var imageFolderKind = DatasetKind{
	Name:      "image-folder",
	Doc:       "image files in one folder per class, as torchvision's ImageFolder reads them",
	Options:   slices.Concat(splitOptions, loaderOptions(LoaderDefaults{Flip: true}), []Option{onBadImageOption}),
	NeedsPath: true,
	open: func(p place, o Options, split string) (Dataset, error) {
		return OpenImageFolder(p.in(option[string](o, split)), p.folder)
	},
	loader: preparedBy,
}
