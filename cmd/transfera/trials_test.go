package main

import "testing"

// trial says how a command of the documents is given: with words replaced and flags added, and what it then says; or by a
// function; or why it is not.
type trial struct {
	words []string // pairs, as strings.NewReplacer takes them
	more  string
	says  string // a regular expression
	alone bool   // in a process of its own: the limit on memory is about all that a process has
	by    func(t *testing.T, r *reader, command string)
	not   string
}

const (
	// quick makes every training of a P one step.
	quick = "--device cpu --set training.steps=1 --set training.epochs=0 --set training.schedule=[] --set training.batch=1 "
	// quickShapes does so with what the embedded suite's lambda needs before.
	quickShapes = quick + "--set datasets.shapes.options.train=40 --set datasets.shapes.options.val=20 " +
		"--set recognizers.resnet-s.train.epochs=1 --set recognizers.resnet-s.train.schedule=[] " +
		"--set recognizers.vgg-s.train.epochs=1 --set recognizers.vgg-s.train.schedule=[]"
	// quickObjects lets generated scenes be the blood cells.
	quickObjects = quick + "--set datasets.bccd.options.short_side=96 --set tasks=[dn] " +
		"--set datasets.bccd.options.class_list=circle-horizontal,circle-vertical,square-horizontal,square-vertical,triangle-horizontal," +
		"triangle-vertical,cross-horizontal,cross-vertical,star-horizontal,star-vertical " +
		"--set recognizers.detector-s.train.epochs=1 --set recognizers.detector-s.train.schedule=[] " +
		"--set recognizers.detector-m.train.epochs=1 --set recognizers.detector-m.train.schedule=[]"
)

// quickCIFAR judges few images by recognizers of one step.
var quickCIFAR = func() string {
	flags := quick + "--set seeds=[0] --set tasks=[dn] --set datasets.cifar10.limit.train=4 --set datasets.cifar10.limit.val=2 " +
		"--set datasets.cifar100.limit.train=4 --set datasets.cifar100.limit.val=2 "
	for _, name := range []string{"resnet20", "resnet20-100", "resnet56-100"} {
		for _, value := range []string{"batch=4", "steps=1", "epochs=0", "schedule=[]"} {
			flags += "--set recognizers." + name + ".train." + value + " "
		}
	}
	return flags
}()

// suite is what SUITE stands for: the one that has run.
var suite = []string{"SUITE", "smoke"}

var trials = map[string]trial{
	"apt-get install make":              {not: "changes the machine"},
	"scripts/setup.sh --python python3": {not: "builds against another libtorch, under the feet of all tests"},
	"scripts/setup.sh --help":           {by: shell("--python PYTHON")},

	"transfera doctor":                               {says: `ok +libtorch`},
	"transfera run experiments/smoke":                {more: "--device cpu", says: `11 stages computed, 0 cached`},
	"transfera plan experiments/embedded":            {more: "--no-probe", says: `438 stages: 0 cached`},
	"transfera run experiments/embedded/lambda.yaml": {more: quickShapes, says: `results in results/out/lambda`},
	"transfera report results/snapshots/embedded":    {says: `^results/snapshots/embedded/report.html`},
	"source <(transfera completion bash)":            {by: completes},

	"transfera plan experiments/smoke":                                                          {more: "--no-probe", says: `11 stages: 11 cached`},
	"transfera check experiments/smoke":                                                         {says: `1 experiments are right`},
	"transfera report results/out/smoke":                                                        {says: `^results/out/smoke/report.html`},
	"transfera evaluate --arch cifar-resnet20 --weights resnet20.th --data cifar10/test":        {says: `^10 images: top-1`},
	"transfera models":                                                                          {says: `squeezenet1_1`},
	"transfera models srresnet":                                                                 {says: `end_kernel`},
	"transfera weights inspect resnet20.th":                                                     {says: `layer3.2.bn2.weight`},
	"transfera weights convert resnet20.th resnet20.safetensors":                                {says: `^resnet20.safetensors: \d+ tensors`},
	"transfera generate shapes-detection --out scenes":                                          {more: "--option train=2,val=2,size=96", says: `2 images in the set trainval`},
	"transfera serve --weights weights.safetensors":                                             {by: serves},
	"transfera cache list":                                                                      {says: `recognizer +resnet-s`},
	"transfera cache prune experiments/smoke":                                                   {says: `^removed \d+ results`},
	"transfera cache copy KEY trained/dn-ra":                                                    {says: `^trained/dn-ra/`},
	"transfera process --model trained/dn-ra/processor.safetensors --in photos --out processed": {alone: true, says: `(?m)^4 pictures processed into processed`},
	"transfera export --model trained/dn-ra/processor.safetensors --out denoiser":               {says: `denoiser/run.py`},
	"transfera study build results/out/SUITE --out STUDY --seed 1":                              {by: buildsStudy},
	"transfera doctor experiments/smoke":                                                        {says: `1 experiments are right`},
	"transfera cancel":                                                                          {not: "needs a cluster; slurm_test.go gives it where there is one"},
	"transfera schema":                                                                          {says: `"\$schema"`},

	"transfera evaluate --arch resnet18 --weights weights/mine.pth --data photos/val --resize 256 --crop 224": {says: `^2 images: top-1`},
	"transfera check mine.yaml --data photos=photos --weights weights":                                        {says: `dataset photos, val: 2 images`},
	"transfera run mine.yaml --data photos=photos --weights weights":                                          {more: quick, says: `results in results/out/mine`},

	"transfera weights convert weights/mine.pth mine.safetensors --arch resnet18 --classes 2": {says: `^mine.safetensors: \d+ tensors`},

	"transfera check experiments/paper": {by: saysWhatIsMissing},
	"transfera plan experiments/paper/quality.yaml --data imagenet=DIR --weights DIR --set 'tasks=[dn]'": {by: atFullScale(trial{more: "--no-probe", says: `\d+ stages: 0 cached`})},
	"transfera run experiments/paper/quality.yaml --data imagenet=DIR --weights DIR --set 'tasks=[dn]'":  {by: atFullScale(trial{more: quick + "--set methods=[plain,ra] --set datasets.imagenet.limit.val=1", says: `results in results/out/quality`})},
	"transfera plan experiments/paper --data imagenet=DIR --data other=DIR --data voc=DIR --weights DIR --gpus 8": {
		not: "takes all published weights: TestPaperRunsOnAMiniatureImageNet gives it, and compares what the README says"},
	"transfera run experiments/paper --data imagenet=DIR --data other=DIR --data voc=DIR --weights DIR": {
		not: "takes minutes even on a miniature: TestPaperRunsOnAMiniatureImageNet and TestPaperDetectsOnAMiniatureVOC give it"},
	"TRANSFERA_BENCH_MEMORY=1 go test -timeout 25m ./models/detection -run '^TestStepsFitIntoMemory$' -v": {not: "takes minutes"},
	"scripts/gpu-check.sh --prepare": {not: "packs a toolchain for minutes"},

	"transfera run experiments/cifar10 --data cifar10=DIR --weights DIR": {
		words: []string{"cifar10=DIR", "cifar10=cifar10", "--weights DIR", "--weights weights", "experiments/cifar10 ", "experiments/cifar10/sr.yaml "},
		more:  quick, says: `results in results/out/sr`},
	"transfera run experiments/bccd --data bccd=DIR":                                                {words: []string{"bccd=DIR", "bccd=scenes"}, more: quickObjects, says: `results in results/out/bccd`},
	"transfera run experiments/cifar-transfer --data cifar10=DIR --data cifar100=DIR":               {words: []string{"DIR", "black"}, more: quickCIFAR, says: `results in results/out/cifar-transfer`},
	"transfera run experiments/smoke --executor slurm":                                              {not: "needs a cluster; slurm_test.go gives it where there is one"},
	"go run ./scripts/faults --faults kill --share 0.05 -- --executor slurm":                        {not: "needs a cluster; scripts/faults has a test without one"},
	"scripts/fuzz.sh --memcheck":                                                                    {not: "takes minutes; make test replays the corpora and decodes mutations without valgrind"},
	"TRANSFERA_BENCH_LEAKS=10000 go test -timeout 40m ./runner/stages -run '^TestNothingStays$' -v": {not: "takes a quarter of an hour; make test has its short form"},

	"transfera cache list | grep 'processor.*dn ra'":              {by: filters},
	"python3 denoiser/run.py noisy.png clean.png":                 {by: runsElsewhere},
	"transfera study serve STUDY":                                 {by: servesStudy},
	"transfera study analyze STUDY --into results/out/SUITE":      {words: suite, says: `1 participant`},
	"transfera study invite STUDY ann bob --url http://HOST:8765": {says: `(?m)^bob\s+http://HOST:8765/join`},
	"perf record bench --alone --works ra-step":                   {not: "needs perf; scripts/bench has the program"},
	"go test ./cmd/transfera -run ImportsGoOneWay":                {not: "is one of these tests"},
}
