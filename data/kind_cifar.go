package data

var cifarLoader = LoaderDefaults{Flip: true}

var cifar10Kind = DatasetKind{
	Name:      "cifar10",
	Doc:       "CIFAR-10 in its binary version (data_batch_1.bin and so on), 32x32 pixels",
	Options:   loaderOptions(cifarLoader),
	NeedsPath: true,
	open: func(p place, _ Options, split string) (Dataset, error) {
		return OpenCIFAR10(p.path, CIFAROptions{Name: p.folder.Name, Split: split})
	},
	loader: preparedBy,
}

var cifar100Kind = DatasetKind{
	Name: "cifar100",
	Doc:  "CIFAR-100 in its binary version (train.bin and test.bin), 32x32 pixels",
	Options: append(loaderOptions(cifarLoader), Option{
		Name: "labels", Doc: "fine for 100 classes, coarse for 20", Default: "fine", Choices: []any{"fine", "coarse"},
	}),
	NeedsPath: true,
	open: func(p place, o Options, split string) (Dataset, error) {
		return OpenCIFAR100(p.path, CIFAROptions{Name: p.folder.Name, Split: split, Labels: option[string](o, "labels")})
	},
	loader: preparedBy,
}
