package results

// Metric says how a metric is written and what convention its numbers follow.
type Metric struct {
	Name string
	// Unit is "%", "dB" or empty.
	Unit string
	// Decimals shown in tables.
	Decimals int
	// Convention is what another program must do to get the same number.
	Convention string
	// HigherIsBetter is false for metrics this package does not know, whose
	// direction it does not guess: no best value is marked then.
	HigherIsBetter bool
}

// metrics are those of the output contract.
var metrics = []Metric{
	{"top1", "%", 1, "share of images whose class has the highest score, in percent", true},
	{"top5", "%", 1, "share of images whose class is among the five highest scores, in percent", true},
	{"map07", "%", 1, "VOC 07 mean average precision, 11 points, overlap above 0.5, difficult objects ignored, in percent", true},
	{"map", "%", 1, "VOC mean average precision, area under the curve, overlap above 0.5, difficult objects ignored, in percent", true},
	{"psnr", "dB", 2, "mean over images of per-image PSNR in dB, RGB, data range 1, no border crop", true},
	{"psnr_batch", "dB", 2, "the reference code's convention: 10 log10(1/(MSE of the batch + 1e-9)) in dB of every 20 images in the " +
		"dataset's order, mean weighted by batch size, RGB, no border crop", true},
	{"ssim", "", 4, "11x11 Gaussian of sigma 1.5, zero-padded, biased covariance, data range 1, " +
		"mean over pixels and RGB channels", true},
	{"min_dist", "", 2, "distance of the source's boundary from the image, mean, in L2 over all values in [0,1]", false},
	{"median_min_dist", "", 2, "", false},
	{"inter_dist", "", 2, "distance between the boundaries of source and evaluator along the same ray, mean", false},
	{"ratio", "", 3, "inter_dist / min_dist", false},
	{"inter_less_min", "", 2, "inter_dist - min_dist, paired by image", false},
	{"n", "", 0, "", false},
	{"censored_source", "", 0, "rays that do not reach the source's boundary within the maximum", false},
	{"censored_evaluator", "", 0, "", false},
	{"skipped", "", 0, "images without a direction", false},
	{"score", "", 3, "share of points of planes through three images that both give the same class (Somepalli et al. 2022)", false},
	{"kappa", "", 3, "the same beyond chance (Cohen)", false},
	{"iou", "", 3, "overlap of the true class's regions in planes through one image, along the first source's gradient", false},
	{"spearman", "", 3, "rank correlation of similarity and ra's gain over plain, over pairs of source and another evaluator", false},
	{"p", "", 4, "", false},
	{"p_holm", "", 4, "", false},
	{"share", "%", 1, "share of the votes, in percent", false},
	{"low", "%", 1, "", false},
	{"high", "%", 1, "", false},
	{"votes", "", 0, "", false},
	{"alpha", "", 3, "agreement of participants beyond chance (Krippendorff, nominal): 1 is always, 0 is chance", false},
}

// LookupMetric describes a metric by name; an unknown one has no convention.
func LookupMetric(name string) Metric {
	for _, m := range metrics {
		if m.Name == name {
			return m
		}
	}
	return Metric{Name: name, Decimals: 3}
}

// Label is the metric's name with its unit, as in "psnr [dB]".
func (m Metric) Label() string {
	if m.Unit == "" {
		return m.Name
	}
	return m.Name + " [" + m.Unit + "]"
}
