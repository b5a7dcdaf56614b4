package experiments

// testNames stand for what the runner gives: the words of the shipped suites.
func testNames() Names {
	at := func(x float64) *float64 { return &x }
	count := func(n int, doc string) Option { return Option{Default: n, Doc: doc, Min: at(1)} }
	width := count(16, "Channels of the first of three stages.")
	cifar := Kind{Doc: "ResNet for 32x32 images."}
	return Names{
		Datasets: map[string]Kind{
			"shapes": {Doc: "Generated images of striped shapes.", Options: map[string]Option{
				"seed":  {Default: 1, Doc: "Seed of the images.", Min: at(0)},
				"size":  {Default: 32, Doc: "Side in pixels.", Min: at(8)},
				"train": count(4000, "Training images."),
				"val":   count(1000, "Validation images."),
			}},
			"scenes": {Doc: "Generated objects in boxes.", Objects: true},
			"image-folder": {Doc: "One folder per class.", NeedsPath: true, Options: map[string]Option{
				"train":  {Default: "train", Doc: "Folder of the training images."},
				"val":    {Default: "val", Doc: "Folder of the validation images."},
				"resize": {Default: 0, Doc: "Shorter side in pixels; 0 keeps it.", Min: at(0)},
				"crop":   {Default: 0, Doc: "Side of the crop in pixels; 0 takes all.", Min: at(0)},
				"flip":   {Default: true, Doc: "Mirror training images every other time."},
			}},
		},
		Degradations: map[string]Kind{
			"sr":   {Doc: "Bicubic downscaling.", Options: map[string]Option{"scale": {Default: 4, Doc: "Factor.", Choices: []any{2, 4, 8}}}},
			"dn":   {Doc: "Gaussian noise.", Options: map[string]Option{"sigma": {Default: 0.1, Doc: "Standard deviation in [0,1].", Min: at(0), Max: at(1)}}},
			"jpeg": {Doc: "JPEG compression.", Options: map[string]Option{"quality": {Default: 10, Doc: "libjpeg's quality.", Min: at(1), Max: at(100)}}},
		},
		Recognizers: map[string]Kind{
			"cifar-resnet20": cifar, "cifar-resnet32": cifar, "cifar-resnet44": cifar, "cifar-resnet56": cifar, "cifar-resnet110": cifar,
			"shapes-resnet":  {Doc: "Small ResNet.", Options: map[string]Option{"width": width, "blocks": count(1, "Blocks per stage.")}},
			"shapes-vgg":     {Doc: "Small VGG.", Options: map[string]Option{"width": width, "depth": count(2, "Convolutions per stage.")}},
			"small-detector": {Doc: "Small detector.", Objects: true},
			"shapes-densenet": {Doc: "Small DenseNet.", Options: map[string]Option{
				"growth": count(12, "Channels per layer."), "layers": count(3, "Layers per block."),
			}},
		},
		Processors: map[string]Kind{
			"srresnet": {Doc: "SRResNet.", Scales: []int{1, 2, 4, 8}, Options: map[string]Option{
				"channels": count(64, "Channels."), "blocks": count(5, "Residual blocks."), "end_kernel": count(9, "Kernel of the ends."),
			}},
			"srdensenet": {Doc: "SRDenseNet.", Scales: []int{4}, Options: map[string]Option{
				"growth": count(16, "Channels per layer."), "blocks": count(8, "Dense blocks."), "layers": count(8, "Layers per block."),
			}},
			"resnet-generator": {Doc: "pix2pix generator.", Scales: []int{1}, Options: map[string]Option{
				"channels": count(64, "Channels."), "blocks": count(6, "Residual blocks."),
			}},
		},
		Figures: map[string]Kind{
			"lambda-curve": {Doc: "Metrics against lambda.", Keys: []string{"x", "y", "series", "panels", "images"}},
			"bars":         {Doc: "Bars of a metric.", Keys: []string{"x", "y", "series"}},
		},
		Optimizers: map[string]Optimizer{
			"adam": {Doc: "Adam.", Settings: []string{"betas"}},
			"sgd":  {Doc: "Stochastic gradient descent.", Settings: []string{"momentum", "nesterov"}},
		},
		Methods: []Method{
			{Name: "none", Doc: "No processing."},
			{Name: "plain", Doc: "Image loss only.", Trains: true},
			{Name: "ra", Doc: "With the recognition loss.", Trains: true, NeedsRecognizer: true, DefaultLambda: 1e-3},
			{Name: "ra-unsupervised", Doc: "Without labels.", Trains: true, NeedsRecognizer: true, NeedsClassifier: true, DefaultLambda: 10},
			{Name: "ra-transformer", Doc: "With T between P and R.", Trains: true, NeedsRecognizer: true, NeedsTransformer: true, DefaultLambda: 1e-2},
		},
		Stages: []string{"recognizer", "processor", "quality"},
		Metrics: []Metric{
			{Name: "psnr", Doc: "Mean of per-image PSNR in dB."}, {Name: "psnr_batch", Doc: "Mean of per-batch PSNR in dB."},
			{Name: "ssim", Doc: "Structural similarity."},
			{Name: "top1", Doc: "Accuracy in percent.", NeedsEvaluator: true}, {Name: "top5", Doc: "Top-5 accuracy in percent.", NeedsEvaluator: true},
			{Name: "map07", Doc: "Mean average precision in percent.", NeedsEvaluator: true, Objects: true},
		},
	}
}
