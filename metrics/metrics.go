// Package metrics measures images and recognition: PSNR, SSIM, top-k accuracy and cross-entropy, one value per image, and
// the mean average precision of detected objects, which is of a whole dataset.
//
// PSNR and SSIM take outputs and targets as float tensors (N,3,H,W), RGB, with values in [0,1], and cross nothing off at
// the borders. They are computed in double precision on the device where the tensors are: in single precision the
// variances inside SSIM cancel, which costs up to 5e-5 on flat pictures. Recognition is computed on the CPU from logits
// (N,classes).
//
// [Quality], [Recognition] and [Detection] collect the images of one evaluation, in any order, and know whether every image
// was counted exactly once. [All] lists the metrics with the conventions that their numbers follow.
//
// Wrong shapes, labels and values that are not finite are errors. What libtorch itself refuses, such as an output and a
// target on different devices, is a panic with an *aten.Error.
package metrics

// Metric says what a number called Name means.
type Metric struct {
	Name string
	// Unit is "dB", "%" or empty.
	Unit string
	// Doc is the convention: what another program must do to get the same number.
	Doc string
	// NeedsEvaluator is true where a recognizer judges the images, false where they are compared with their targets.
	NeedsEvaluator bool
	// Objects is true where that recognizer is a detector, which finds objects, false where it is a classifier.
	Objects bool
}

// All lists the metrics of this package in the order of the output contract.
var All = []Metric{
	{"psnr", "dB", "mean over images of 10 log10(1/(MSE of the image + 1e-9)), RGB, data range 1, no border crop; " +
		"at most 90 dB", false, false},
	{"psnr_batch", "dB", "the reference code's: 10 log10(1/(MSE of the batch + 1e-9)) of every 20 images in the dataset's " +
		"order, mean weighted by batch size, RGB, data range 1, no border crop", false, false},
	{"ssim", "", "mean over images, RGB channels and all pixels, 11x11 Gaussian of sigma 1.5, zero-padded, biased covariance, " +
		"K1 0.01, K2 0.03, data range 1", false, false},
	{"top1", "%", "share of images whose class has the highest logit; of equal logits the lower class index wins", true, false},
	{"top5", "%", "share of images whose class is among the five highest logits; of equal logits the lower class index wins",
		true, false},
	{"map07", "%", "mean over classes of PASCAL VOC 2007's average precision: the highest precision at a recall of at least r, " +
		"mean over r = 0, 0.1 ... 1; a match is an intersection over union above 0.5, difficult objects are ignored, of equal " +
		"scores the earlier image's comes first, classes without objects are left out", true, true},
	{"map", "%", "as map07, but the area under the curve of the highest precision at a recall of at least r (VOC since 2010)",
		true, true},
}

// Summary is one metric of one evaluation.
type Summary struct {
	// Metric is the name of one of [All].
	Metric string
	// Value is in the metric's unit: dB, percent or none.
	Value float64
	// PerImage are the values, in the same unit and in the dataset's order, whose mean Value is, so 0 or 100 for right and
	// wrong answers. It is nil for psnr_batch, map07 and map, which are no means over images.
	PerImage []float64
}
