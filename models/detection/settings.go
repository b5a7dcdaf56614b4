package detection

import (
	"math"

	"transfera/models"
)

// settings are the options of a Faster R-CNN, decoded.
type settings struct {
	anchors                 Anchors
	beforeTrain, afterTrain int
	beforeTest, afterTest   int
	proposalOverlap         float64
	anchorSample, boxSample sampler
	anchorMatch, boxMatch   matcher
	roiSize, sampling       int
	maximum                 bool
	threshold, overlap      float64
	limit                   int
}

// options declares the settings that all architectures share; the anchors, counts and RoI size differ between them.
func options(anchorSize, before, after, afterTest, sample, roi int) []models.Option {
	return []models.Option{
		{Name: "anchor_size", Default: anchorSize, Min: 1, Max: 4096, Doc: "Side of the smallest square anchor, in pixels."},
		{Name: "anchor_scales", Default: 3, Min: 1, Max: 8, Doc: "Anchor sizes; each doubles the one before."},
		{Name: "anchor_ratios", Default: 3, Min: 1, Max: 7, Doc: "Aspect ratios, height / width, around 1 in factors of 2: 3 are 1/2, 1, 2."},
		{Name: "rpn_pre_nms_train", Default: before, Min: 1, Max: 100000, Doc: "Best anchors that become proposals in training."},
		{Name: "rpn_post_nms_train", Default: after, Min: 1, Max: 100000, Doc: "Proposals after suppression in training."},
		{Name: "rpn_pre_nms_test", Default: before / 2, Min: 1, Max: 100000, Doc: "Best anchors that become proposals in detection."},
		{Name: "rpn_post_nms_test", Default: afterTest, Min: 1, Max: 100000, Doc: "Proposals after suppression in detection."},
		{Name: "rpn_nms", Default: 0.7, Min: 0, Max: 1, Doc: "Overlap above which a proposal suppresses a weaker one."},
		{Name: "rpn_foreground", Default: 0.7, Min: 0, Max: 1, Doc: "Overlap with an object from which an anchor is one."},
		{Name: "rpn_background", Default: 0.3, Min: 0, Max: 1, Doc: "Overlap with all objects below which an anchor is background."},
		{Name: "rpn_batch", Default: 256, Min: 1, Max: 100000, Doc: "Anchors per image that the losses count, at most half with an object."},
		{Name: "box_foreground", Default: 0.5, Min: 0, Max: 1, Doc: "Overlap with an object from which a proposal is one."},
		{Name: "box_background", Default: 0.5, Min: 0, Max: 1, Doc: "Overlap with all objects below which a proposal is background."},
		{Name: "box_batch", Default: sample, Min: 1, Max: 100000, Doc: "Proposals per image that the losses count, at most a quarter with an object."},
		{Name: "roi_size", Default: roi, Min: 1, Max: 64, Doc: "Bins per side of a region's features."},
		{Name: "roi_sampling", Default: 2, Min: 0, Max: 16, Doc: "Points per bin and direction of RoIAlign; 0 adapts to the region."},
		{Name: "roi_pool", Default: 0, Min: 0, Max: 1, Doc: "1 is RoIPool, 0 RoIAlign."},
		{Name: "score_threshold", Default: 0.05, Min: 0, Max: 1, Doc: "Score above which a box is a detection."},
		{Name: "nms", Default: 0.5, Min: 0, Max: 1, Doc: "Overlap above which a detection suppresses a weaker one of its class."},
		{Name: "detections", Default: 100, Min: 1, Max: 100000, Doc: "Detections per image at most."},
	}
}

func settingsOf(o models.Options) settings {
	s := settings{
		beforeTrain: o.Int("rpn_pre_nms_train"), afterTrain: o.Int("rpn_post_nms_train"),
		beforeTest: o.Int("rpn_pre_nms_test"), afterTest: o.Int("rpn_post_nms_test"),
		proposalOverlap: o.Float("rpn_nms"),
		anchorSample:    sampler{size: o.Int("rpn_batch"), fraction: 0.5},
		boxSample:       sampler{size: o.Int("box_batch"), fraction: 0.25},
		anchorMatch: matcher{
			foreground: float32(o.Float("rpn_foreground")), background: float32(o.Float("rpn_background")), everyObject: true,
		},
		boxMatch: matcher{foreground: float32(o.Float("box_foreground")), background: float32(o.Float("box_background"))},
		roiSize:  o.Int("roi_size"), sampling: o.Int("roi_sampling"), maximum: o.Int("roi_pool") == 1,
		threshold: o.Float("score_threshold"), overlap: o.Float("nms"), limit: o.Int("detections"),
	}
	for i := range o.Int("anchor_scales") {
		s.anchors.Sizes = append(s.anchors.Sizes, float32(o.Int("anchor_size")<<i))
	}
	ratios := o.Int("anchor_ratios")
	for i := range ratios {
		s.anchors.Ratios = append(s.anchors.Ratios, float32(math.Pow(2, float64(i)-float64(ratios-1)/2)))
	}
	return s
}
