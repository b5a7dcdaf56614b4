package serve

import (
	"fmt"
	"strconv"

	"transfera/data"
	"transfera/runner/classifier"
)

// names are those of so many classes: of the options, else stored, those in the weights, else their numbers.
func (o Options) names(classes int, stored []string) ([]string, error) {
	var names []string
	var err error
	source := o.Weights + ": its metadata labels"
	switch {
	case o.Labels != "":
		source = "--labels " + o.Labels
		names, err = classifier.ReadLabels(o.Labels)
	case o.Data != "":
		source = "--data " + o.Data
		var folder *data.Folder
		if folder, err = data.OpenImageFolder(o.Data, data.FolderOptions{}); err == nil {
			names = folder.Classes()
		}
	case stored != nil:
		names = stored
	default:
		for class := range classes {
			names = append(names, strconv.Itoa(class))
		}
	}
	if err != nil {
		return nil, err
	}
	if len(names) != classes {
		return nil, fmt.Errorf("%s: %d names of classes, but %s tells %d apart", source, len(names), o.Weights, classes)
	}
	return names, nil
}
