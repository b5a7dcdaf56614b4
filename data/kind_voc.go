package data

import "slices"

// collectClasses is the word for the classes that the annotations mention.
const collectClasses = "collect"

var vocKind = DatasetKind{
	Name: "voc",
	Doc:  "images with boxes around objects, in the layout of PASCAL VOC: Annotations, ImageSets/Main and JPEGImages",
	Options: slices.Concat([]Option{
		{Name: "train", Default: "VOC2007:trainval,VOC2012:trainval", Doc: "image sets to train on, as FOLDER:SET with commas " +
			"between them; the folder lies below path and is . if path has the layout itself"},
		{Name: "val", Default: "VOC2007:test", Doc: "image sets to validate on, written likewise"},
		{Name: "class_list", Default: "", Doc: "classes in their order, with commas between them; empty for VOC's 20; " +
			"collect for those in the annotations of both splits, sorted"},
		{Name: "short_side", Default: 600, Min: 1, Max: maxSide, Doc: "shorter side in pixels to resize to"},
		{Name: "long_side", Default: 1000, Min: 1, Max: maxSide, Doc: "most pixels of the longer side after that; it wins " +
			"over short_side"},
		{Name: "multiple", Default: 8, Min: 1, Max: 256, Doc: "pad sides to multiples of this, as degradations and processors " +
			"need it, by repeating the last column and row; the padding is cut off again before anything is measured"},
		{Name: "flip", Default: true, Doc: "mirror half of the training images and their boxes left to right"},
	}, []Option{onBadImageOption}),
	NeedsPath: true,
	Objects:   true,
	open:      openVOCKind,
	loader: func(o Options) LoaderDefaults {
		return LoaderDefaults{
			ShortSide: option[int](o, "short_side"), LongSide: option[int](o, "long_side"),
			Multiple: option[int](o, "multiple"), Flip: option[bool](o, "flip"),
		}
	},
}

func openVOCKind(p place, o Options, split string) (Dataset, error) {
	options := VOCOptions{
		FolderOptions: p.folder, Sets: option[string](o, split), KeepBad: option[string](o, onBadImageOption.Name) == skipBadImage,
	}
	switch list := option[string](o, "class_list"); list {
	case "":
		options.Classes = VOCClasses
	case collectClasses:
		var err error
		both := option[string](o, "train") + "," + option[string](o, "val")
		if options.Classes, err = collectVOCClasses(p.path, p.folder.Name, both); err != nil {
			return nil, err
		}
	default:
		var err error
		if options.Classes, err = parseClassList(list); err != nil {
			return nil, err
		}
	}
	return OpenVOC(p.path, options)
}
