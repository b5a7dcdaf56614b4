// Package data turns pictures into batches: datasets (folders of image files, ImageNet, CIFAR, PASCAL VOC, and the generated
// shapes, sketches and scenes), parts of them by class or number, the degradations that processors are trained to undo, and a
// loader that prepares batches in parallel, ahead of the step that needs them. DatasetKinds and DegradationKinds list what a
// spec can name; Open and NewDegradation make it.
//
// Everything random in this package is a pure function of a seed, of a name and of numbers such as the epoch and the
// index of the image (see stream), never of time, of the order in which goroutines run, or of how many there are. A run
// that resumes at step s therefore sees the batches that an uninterrupted one would have seen, without replaying any.
package data
