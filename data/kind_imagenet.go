package data

import (
	"errors"
	"fmt"
	"slices"
)

var imageNetKind = DatasetKind{
	Name: "imagenet",
	Doc:  "ImageNet (ILSVRC 2012): training images in one folder per class, validation images likewise or with a file of labels",
	Options: slices.Concat(splitOptions, []Option{
		{Name: "ground_truth", Default: "", Doc: "file of labels, below path, if the validation images lie in one folder: " +
			"ILSVRC2012_validation_ground_truth.txt or lines of image and class; empty for one folder per class"},
		{Name: "class_list", Default: "", Doc: "file with one class per line, below path: by ILSVRC2012_ID if the ground truth " +
			"is numbers; empty takes the classes of the training folder"},
	}, loaderOptions(LoaderDefaults{Resize: 256, Crop: 224, Flip: true}), []Option{onBadImageOption}),
	NeedsPath: true,
	open:      openImageNet,
	loader:    preparedBy,
}

func openImageNet(p place, o Options, split string) (Dataset, error) {
	dir, truth := p.in(option[string](o, split)), option[string](o, "ground_truth")
	if split == "train" || truth == "" {
		folder, err := OpenImageFolder(dir, p.folder)
		if split == "val" && errors.Is(err, errNoClasses) {
			return nil, fmt.Errorf("%w; if all validation images lie in this folder, name their labels with ground_truth", err)
		}
		if err != nil {
			return nil, err
		}
		return folder, nil
	}
	flat := FlatOptions{FolderOptions: p.folder, GroundTruth: p.in(truth)}
	if list := option[string](o, "class_list"); list != "" {
		flat.ClassList = p.in(list)
		return OpenFlatFolder(dir, flat)
	}
	var err error
	if flat.Classes, err = classFolders(p.in(option[string](o, "train")), p.folder.Name); err != nil {
		return nil, err
	}
	return OpenFlatFolder(dir, flat)
}
