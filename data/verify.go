package data

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// BadImage is an image of a dataset that cannot be decoded.
type BadImage struct {
	Index  int    // in the dataset that was verified
	Name   string // as Dataset.Name gives it
	Reason string // the decoder's error, which names the file
}

// Verify decodes every image of a dataset, in parallel, and returns those that cannot be decoded, in the dataset's
// order. progress may be nil; it is called now and then by one goroutine at a time.
//
// Results for a Folder or a VOC, or a Subset of one, are remembered in its FingerprintCache under the size and the modification
// time of each file, as its hashes are, so that later calls decode only files where these differ. What was found before
// an error or a cancelled context is kept, too.
//
// A file that is gone, such as the target of a dangling link, is a bad image; one that the operating system cannot read
// for another reason (a permission, a failing disk) is an error, since it may well be readable the next time.
func Verify(ctx context.Context, ds Dataset, progress func(done, total int)) ([]BadImage, error) {
	known, err := openChecks(ds)
	if err != nil {
		return nil, err
	}
	reasons := make([]string, ds.Len())
	err = forFiles(ctx, ds.Len(), progress, func() func(i int) error {
		return func(i int) (err error) {
			reasons[i], err = known.check(ds, i)
			return err
		}
	})
	if err := errors.Join(err, known.save()); err != nil {
		return nil, fmt.Errorf("verify images: %w", err)
	}
	var bad []BadImage
	for i, reason := range reasons {
		if reason != "" {
			bad = append(bad, BadImage{Index: i, Name: ds.Name(i), Reason: reason})
		}
	}
	return bad, nil
}

// decode says why image i cannot be decoded, "" if it can. The error is of the operating system.
func decode(ds Dataset, i int) (reason string, err error) {
	_, err = ds.Image(i)
	var failed *fs.PathError
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &failed) && !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	return err.Error(), nil
}

// WithoutBad leaves out images that Verify found in ds; without any, it is ds itself. No image left is an error.
func WithoutBad(ds Dataset, bad []BadImage) (Dataset, error) {
	if len(bad) == 0 {
		return ds, nil
	}
	leave := map[int]bool{}
	for _, image := range bad {
		leave[image.Index] = true
	}
	var keep []int
	for i := range ds.Len() {
		if !leave[i] {
			keep = append(keep, i)
		}
	}
	if len(keep) == 0 {
		return nil, fmt.Errorf("none of the %d images can be decoded; the first: %s", ds.Len(), bad[0].Reason)
	}
	return NewSubset(ds, keep)
}
