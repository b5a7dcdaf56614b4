package experiments

// The keys of a spec. Each field carries three tags:
//
//	yaml:"name"   the key
//	doc:"..."     what an editor shows for it; goes into the JSON Schema
//	check:"..."   comma-separated rules, see rules.go, for decoder and schema alike
//	default:"..." the value of an absent key, as YAML

// Document is one file: a Spec and the keys that say how it comes about.
type Document struct {
	// Extends is the file that this one is merged over, relative to this one.
	Extends string `yaml:"extends,omitempty" doc:"File that this one is merged over, relative to this one: mappings merge, lists and values replace, null deletes."`
	// DefaultProfile is the profile that applies when none is asked for.
	DefaultProfile string `yaml:"default_profile,omitempty" doc:"Profile that applies when --profile is not given." check:"of=profile"`
	// Profiles are named overrides of anything in the Spec.
	Profiles map[string]Spec `yaml:"profiles,omitempty" doc:"Named overrides; --profile NAME merges one over the rest of the spec." check:"keys=name,partial"`

	Spec `yaml:",inline"`
}

// Spec is an experiment after inheritance, profile and overrides.
type Spec struct {
	// Title heads the tables; default the file's name.
	Title string `yaml:"title,omitempty" doc:"Heading of the tables; default the file's name."`
	// Paper says which table or figure of the paper this reproduces.
	Paper string `yaml:"paper,omitempty" doc:"Table or figure of the paper that this reproduces, such as Table 2."`

	// Datasets by name.
	Datasets map[string]Dataset `yaml:"datasets,omitempty" doc:"Datasets by name." check:"keys=name"`
	// Degradations by task name: what Tasks picks from.
	Degradations map[string]Degradation `yaml:"degradations,omitempty" doc:"Degradations by task name; tasks picks from these." check:"keys=name"`
	// Recognizers by name: what Sources and Evaluators pick from.
	Recognizers map[string]Recognizer `yaml:"recognizers,omitempty" doc:"Recognizers (R) by name; sources and evaluators pick from these." check:"keys=name"`
	// Processors by name: what Processor and Transformer pick from.
	Processors map[string]Processor `yaml:"processors,omitempty" doc:"Image-to-image networks by name; processor (P) and transformer (T) pick from these." check:"keys=name"`

	// Dataset that P is trained on, and judged on unless Evaluation says otherwise.
	Dataset string `yaml:"dataset,omitempty" doc:"Dataset that P is trained on, and judged on unless evaluation says otherwise." check:"required,of=dataset"`
	// CrossDataset states that recognizers of another dataset than that of the images that they see are meant.
	CrossDataset bool `yaml:"cross_dataset,omitempty" doc:"States that recognizers of another dataset than that of the images they see are meant; without it they draw a warning."`
	// Processor is P; needed as soon as a method trains one.
	Processor string `yaml:"processor,omitempty" doc:"The processor P that the methods train." check:"of=processor"`
	// Transformer is T; needed by ra-transformer only.
	Transformer string `yaml:"transformer,omitempty" doc:"The transformer T between P and R; needed by ra-transformer." check:"of=processor"`
	// Training is how P (and T) are trained; nil if no method trains.
	Training *Training `yaml:"training,omitempty" doc:"How P (and T) are trained."`
	// Evaluation is how processed images are judged.
	Evaluation Evaluation `yaml:"evaluation,omitempty" doc:"How processed images are judged."`

	// Tasks are names of Degradations, in the order of the tables' rows.
	Tasks []string `yaml:"tasks,omitempty" doc:"Tasks (names of degradations), in the tables' order." check:"required,nonempty,unique,of=degradation"`
	// Methods in the order of the tables' rows.
	Methods []string `yaml:"methods,omitempty" doc:"Methods, in the tables' order." check:"required,nonempty,unique,of=method"`
	// Lambda holds the weights of the recognition loss per method, each >= 0; an
	// absent method has its default. Several values give one processor each.
	Lambda map[string][]float64 `yaml:"lambda,omitempty" doc:"Weight of the recognition loss per method: a number, or a list for a sweep; default the paper's." check:"keys=lambda-method,scalar,nonempty,unique,>=0"`
	// PerTask holds settings that differ for one task.
	PerTask map[string]TaskSettings `yaml:"per_task,omitempty" doc:"Settings that differ for one task, merged over the experiment's own." check:"keys=degradation"`
	// Sources are the recognizers inside the recognition loss.
	Sources []string `yaml:"sources,omitempty" doc:"Recognizers inside the recognition loss." check:"scalar,unique,of=recognizer"`
	// Evaluators are the recognizers that judge, or the one word "source": each
	// source judges its own processors. See [Spec.EvaluatorsOf].
	Evaluators []string `yaml:"evaluators,omitempty" doc:"Recognizers that judge the processed images, or the word source: each source judges its own processors." check:"scalar,unique,of=evaluator"`
	// Seeds of initial weights and data order, one full run each.
	Seeds []int64 `yaml:"seeds,omitempty" doc:"Seeds of initial weights and data order; one run each." check:"scalar,nonempty,unique,>=0" default:"[0]"`
	// Metrics that are measured for every cell.
	Metrics []string `yaml:"metrics,omitempty" doc:"Metrics to measure." check:"required,scalar,nonempty,unique,of=metric"`

	// Boundary is how the decision boundaries of sources and evaluators are compared; nil compares none.
	Boundary *Boundary `yaml:"boundary,omitempty" doc:"How the decision boundaries of sources and evaluators are compared; without it they are not."`

	// Study is which pictures are left for people to compare; nil leaves none.
	Study *Study `yaml:"study,omitempty" doc:"Which pictures, with an evaluator's labels, are left for a user study; without it none are."`

	// Cluster is what stages ask for on a cluster; nil asks for nothing in particular.
	Cluster *Cluster `yaml:"cluster,omitempty" doc:"What the stages ask for when a cluster computes them (--executor slurm); changes no result."`

	// Tables to make from the cells.
	Tables []Table `yaml:"tables,omitempty" doc:"Tables to make from the cells."`
	// Figures to make from the cells.
	Figures []Figure `yaml:"figures,omitempty" doc:"Figures to make from the cells."`
}

// Dataset is a set of labelled images with a training and a validation split.
type Dataset struct {
	// PartOf is the dataset that this one is a part or a variant of, "" for none. As loaded, everything that was absent
	// here is as it is there, and [Suite.Bind] gives both the same Path.
	PartOf string `yaml:"part_of,omitempty" doc:"Dataset that this one is merged over and whose files it shares: give only what differs, such as options: {classes: first-half}." check:"of=dataset"`
	// Kind names the reader or generator.
	Kind string `yaml:"kind" doc:"Reader or generator of the images." check:"required,or=part_of,of=dataset-kind"`
	// Path of the files, for kinds that need one. As loaded: relative to the
	// spec file's folder; [Suite.Bind] makes it absolute or replaces it.
	Path string `yaml:"path,omitempty" doc:"Folder of the files, relative to this spec; --data NAME=PATH replaces it."`
	// Download says, to people, where the files are from and how they are laid out.
	Download string `yaml:"download,omitempty" doc:"Where to get the files and how to lay them out; shown where they are missing."`
	// Options of the kind, complete: absent ones have their defaults.
	Options Values `yaml:"options,omitempty" doc:"Options of the kind." check:"options=kind"`
	// Limit keeps only so many images of each split, evenly over the classes, the
	// same ones in every experiment.
	Limit Limit `yaml:"limit,omitempty" doc:"Keep only so many images of each split, evenly over the classes; 0 keeps all."`
}

// Limit is a number of images per split; 0 means all.
type Limit struct {
	// Train is the most training images, 0 = all.
	Train int `yaml:"train,omitempty" doc:"Most training images; 0 takes all." check:">=0"`
	// Val is the most validation images, 0 = all.
	Val int `yaml:"val,omitempty" doc:"Most validation images; 0 takes all." check:">=0"`
}

// Degradation is what a task undoes.
type Degradation struct {
	// Kind names the degradation.
	Kind string `yaml:"kind" doc:"What is done to the image." check:"required,of=degradation-kind"`
	// Options of the kind, complete.
	Options Values `yaml:"options,omitempty" doc:"Strength of the degradation." check:"options=kind"`
}

// Recognizer is a frozen network that recognizes images, or a service that does. Exactly one of Weights,
// Train and Service is set.
type Recognizer struct {
	// Service is where a recognizer is asked whose network is not at hand; nil for networks. Besides it, only Dataset is set.
	Service *Service `yaml:"service,omitempty" doc:"Service that is asked, instead of a network: it can be an evaluator, not a source."`
	// Arch names the architecture.
	Arch string `yaml:"arch,omitempty" doc:"Architecture." check:"required,or=service,of=recognizer-arch"`
	// Options of the architecture, complete.
	Options Values `yaml:"options,omitempty" doc:"Options of the architecture." check:"options=arch"`
	// Dataset whose classes it tells apart, and on which it was or is trained.
	Dataset string `yaml:"dataset" doc:"Dataset whose classes it tells apart and on which it was, or is, trained." check:"required,of=dataset"`
	// Normalize maps [0,1] pixels to what the network was trained on.
	Normalize Normalization `yaml:"normalize,omitempty" doc:"Mean and standard deviation, per channel, of the [0,1] pixels that it was trained on." check:"required,or=service"`
	// Weights is a .pth, .th or .safetensors file. As loaded: as written;
	// [Suite.Bind] finds the file and makes it absolute.
	Weights string `yaml:"weights,omitempty" doc:"File of trained weights (.pth, .th, .safetensors), relative to --weights or to this spec; instead of train."`
	// Backbone is the classifier from which the training of a detector starts: the name of another recognizer, or a file of
	// weights, found as Weights are; "" for initial values. See [Spec.BackboneOf].
	Backbone string `yaml:"backbone,omitempty" doc:"Classifier from which a detector's training starts: another recognizer by name, or a file of weights (.pth, .th, .safetensors), such as ImageNet's; with train."`
	// Download says, to people, where Weights or Backbone are from.
	Download string `yaml:"download,omitempty" doc:"Where to get the weights or the backbone; shown where they are missing or damaged."`
	// SHA256 is the beginning, in hexadecimal, of the SHA-256 of the file Weights or Backbone; "" checks nothing.
	SHA256 string `yaml:"sha256,omitempty" doc:"First digits of the SHA-256 of the file of weights or backbone; another file is refused." check:"of=hex"`
	// Seed of initial weights and data order when trained here.
	Seed int64 `yaml:"seed,omitempty" doc:"Seed of initial weights and data order when trained here." check:">=0"`
	// Train is how it is trained here; nil if Weights is set.
	Train *RecognizerTraining `yaml:"train,omitempty" doc:"How it is trained here; instead of weights."`
}

// Normalization is (pixel - Mean) / Std per channel R, G, B of pixels in [0,1].
type Normalization struct {
	// Mean of each channel, length 3.
	Mean []float64 `yaml:"mean,flow" doc:"Mean of R, G and B." check:"required,len=3"`
	// Std of each channel, length 3, each > 0.
	Std []float64 `yaml:"std,flow" doc:"Standard deviation of R, G and B." check:"required,len=3,>0"`
}

// Processor is an image-to-image network, used as P or as T.
type Processor struct {
	// Arch names the architecture.
	Arch string `yaml:"arch" doc:"Architecture." check:"required,of=processor-arch"`
	// Options of the architecture, complete.
	Options Values `yaml:"options,omitempty" doc:"Options of the architecture." check:"options=arch"`
}

// Training is a recipe. Exactly one of Steps and Epochs is positive.
type Training struct {
	// Optimizer by name.
	Optimizer string `yaml:"optimizer" doc:"Optimizer." check:"of=optimizer" default:"adam"`
	// LearningRate before any milestone, > 0.
	LearningRate float64 `yaml:"learning_rate" doc:"Learning rate before the first milestone of schedule." check:"required,>0"`
	// Betas of Adam: decay of the first and second moment; 0.9, 0.999 if absent.
	Betas []float64 `yaml:"betas,omitempty,flow" doc:"Adam's decay rates of the first and second moment; default 0.9, 0.999." check:"len=2,>=0,<1"`
	// Momentum of SGD.
	Momentum float64 `yaml:"momentum,omitempty" doc:"SGD's momentum." check:">=0,<1"`
	// Nesterov turns SGD's momentum into Nesterov's.
	Nesterov bool `yaml:"nesterov,omitempty" doc:"Nesterov's form of SGD's momentum."`
	// WeightDecay is the L2 penalty's factor, added to the gradient.
	WeightDecay float64 `yaml:"weight_decay" doc:"Factor of the weights that is added to their gradient (L2)." check:">=0"`
	// Batch is the number of images per step.
	Batch int `yaml:"batch" doc:"Images per step." check:"required,>=1"`
	// Steps of the optimizer in all; 0 if Epochs counts.
	Steps int `yaml:"steps" doc:"Length in optimizer steps; give this or epochs (0 is as absent)." check:">=0"`
	// Epochs in all; 0 if Steps counts.
	Epochs int `yaml:"epochs" doc:"Length in passes over the training images; give this or steps (0 is as absent)." check:">=0"`
	// Schedule lists milestones of the learning rate, After ascending.
	Schedule []Milestone `yaml:"schedule,flow" doc:"Milestones of the learning rate, in order. The paper's six epochs: [{after: 4, factor: 0.1}, {after: 5, factor: 0.01}]." default:"[]"`
	// SyncBatchNorm makes BatchNorm's statistics those of the whole batch where several processes share it. It is not part of
	// the key of a result: with it, and in one process, the number of processes changes rounding only.
	SyncBatchNorm bool `yaml:"sync_batchnorm" json:"-" doc:"Several processes compute BatchNorm's statistics over the whole batch, as one process does; false: each over its part, which is faster and changes results." default:"true"`
	// CheckpointEvery so many steps the state is written; 0 = only at the end.
	CheckpointEvery int `yaml:"checkpoint_every" doc:"Steps between checkpoints, from which a killed run goes on; 0 writes none before the end." check:">=0" default:"200"`
	// Precision is what convolutions and matrix products compute in: "tf32", "bf16", or "" for float32, which a file may also
	// call fp32. Weights, losses and metrics are float32 always.
	Precision string `yaml:"precision,omitempty" json:",omitempty" doc:"What convolutions and matrix products compute in: fp32 (default), tf32 (NVIDIA GPUs only; of the whole process while this trains) or bf16 (autocast). Weights, losses and metrics are fp32 always." check:"of=precision"`
	// ChannelsLast lays images and weights out as (N,H,W,C) in memory, which GPUs are fastest with.
	ChannelsLast bool `yaml:"channels_last,omitempty" json:",omitempty" doc:"Lay images and weights out as (N,H,W,C) in memory, which is fastest on GPUs with bf16."`
	// CUDAGraph launches all kernels of a step at once.
	CUDAGraph bool `yaml:"cuda_graph,omitempty" json:",omitempty" doc:"Capture a training step of Adam as a CUDA graph, which spares the launches of its kernels; where that is impossible, steps run as usual."`
}

// precisions are the words of precision.
var precisions = []string{"fp32", "tf32", "bf16"}

// Speed says in words how t differs from what is computed by default, for what is timed; "" for the default.
func (t Training) Speed() string {
	words := ""
	if t.Precision != "" {
		words += " " + t.Precision
	}
	if t.ChannelsLast {
		words += " channels_last"
	}
	if t.CUDAGraph {
		words += " cuda_graph"
	}
	return words
}

// Milestone changes the learning rate. Once After units are done (steps if the
// training counts steps, epochs if it counts epochs), the learning rate is
// LearningRate x Factor, until the next milestone. Factors do not accumulate:
// x0.1 in epoch 5 and x0.01 in epoch 6 are {4, 0.1}, {5, 0.01}.
type Milestone struct {
	// After so many steps or epochs, >= 1.
	After int `yaml:"after" doc:"Steps (or epochs, if the training counts epochs) done before this holds." check:"required,>=1"`
	// Factor of the initial learning rate, > 0.
	Factor float64 `yaml:"factor" doc:"Factor of the initial learning rate from here on; factors do not accumulate." check:"required,>0"`
}

// RecognizerTraining is a Training with augmentation.
type RecognizerTraining struct {
	Training `yaml:",inline"`
	// Augment of the training images.
	Augment Augmentation `yaml:"augment,omitempty" doc:"Random changes of the training images."`
}

// Augmentation is drawn anew for every image of every epoch.
type Augmentation struct {
	// Flip mirrors horizontally with probability 1/2.
	Flip bool `yaml:"flip,omitempty" doc:"Mirror horizontally every other time."`
	// Shift moves by up to so many pixels each way, zero-padded.
	Shift int `yaml:"shift,omitempty" doc:"Shift by up to so many pixels each way, padding with zeros." check:">=0"`
}

// Evaluation says how processed images are judged.
type Evaluation struct {
	// Dataset whose validation images are judged, or the one word "evaluator": each evaluator judges those of its own
	// dataset; "" is the experiment's. See [Spec.JudgedBy].
	Dataset string `yaml:"dataset,omitempty" doc:"Dataset whose validation images are judged, default the experiment's; or the word evaluator: each evaluator judges those of its own dataset." check:"of=judged-dataset"`
	// Batch is the number of images per pass. It changes rounding only: psnr_batch
	// regroups the images into the reference's batches of 20, whatever it is.
	Batch int `yaml:"batch" doc:"Images per pass; psnr_batch has the reference's batches of 20 whatever this is." check:">=1" default:"20"`
	// Limit judges only so many validation images, evenly over the classes, the
	// same ones in every experiment; 0 = all.
	Limit int `yaml:"limit" doc:"Judge only so many validation images, evenly over the classes; 0 judges all." check:">=0"`
}

// Boundary says how the decision boundaries of an experiment's sources and evaluators, all classifiers of one dataset, are
// compared: by their distances from images, and by the regions into which they divide planes.
type Boundary struct {
	// Images is how many validation images the sample has, all of which every recognizer classifies correctly.
	Images int `yaml:"images" doc:"Validation images of the sample, all of which every recognizer classifies correctly." check:">=2" default:"200"`
	// Maximum is the distance in L2, over all values of an image in [0,1], beyond which a boundary is not sought.
	Maximum float64 `yaml:"maximum" doc:"Distance (L2 over the values of an image in [0,1]) beyond which no boundary is sought: such rays are reported as censored." check:">0" default:"30"`
	// Planes is the number of planes through three images on which regions are compared.
	Planes int `yaml:"planes" doc:"Planes through three images on which the regions of recognizers are compared." check:">=2" default:"500"`
	// Resolution is the number of points along each side of such a plane.
	Resolution int `yaml:"resolution" doc:"Points along each side of such a plane." check:">=2" default:"50"`
	// Sections is the number of planes through one image each, along the first source's gradient.
	Sections int `yaml:"sections" doc:"Planes through one image each, along the gradient of the first source; the first one can be drawn." check:">=1" default:"1"`
	// Reach is how far such a plane reaches from its image, in grey levels (root mean square).
	Reach float64 `yaml:"reach" doc:"How far such a plane reaches from its image, in grey levels (root mean square)." check:">0" default:"60"`
	// Points is the number of points along each of its sides.
	Points int `yaml:"points" doc:"Points along each of its sides." check:">=2" default:"101"`
	// Batch is the number of images per pass.
	Batch int `yaml:"batch" doc:"Images per pass; a CPU is fastest with few, a GPU with many." check:">=1" default:"64"`
}

// TaskSettings is what differs for one task. As loaded, Training and Lambda are
// complete: merged over the experiment's.
type TaskSettings struct {
	// Processor instead of the experiment's.
	Processor string `yaml:"processor,omitempty" doc:"Processor for this task." check:"of=processor"`
	// Transformer instead of the experiment's.
	Transformer string `yaml:"transformer,omitempty" doc:"Transformer for this task." check:"of=processor"`
	// Training merged over the experiment's, nil if it does not differ.
	Training *Training `yaml:"training,omitempty" doc:"What differs in the training for this task."`
	// Lambda merged over the experiment's, nil if it does not differ.
	Lambda map[string][]float64 `yaml:"lambda,omitempty" doc:"Lambdas for this task." check:"keys=lambda-method,scalar,nonempty,unique,>=0"`
}

// Table arranges cells. Rows and Columns are axes: task, method, lambda, source,
// evaluator, seed, metric, dataset. Seeds that are no axis are averaged; every
// other axis with several values must be one, or be narrowed by Where.
type Table struct {
	// Title of the table; default the experiment's.
	Title string `yaml:"title,omitempty" doc:"Heading; default the experiment's title."`
	// Rows are axes from outer to inner.
	Rows []string `yaml:"rows,flow" doc:"Axes of the rows, outer first." check:"required,scalar,nonempty,unique,of=axis"`
	// Columns are one axis, or two of which one is metric.
	Columns []string `yaml:"columns,flow" doc:"Axis of the columns; with metric beside it, each value has one column per metric." check:"required,scalar,nonempty,unique,of=axis"`
	// Metric shown; several only if metric is an axis, and then default all.
	Metric []string `yaml:"metric,omitempty,flow" doc:"Metric to show; several only where metric is an axis (default all of them)." check:"scalar,unique,of=metric"`
	// Where keeps only the named values of an axis.
	Where map[string][]string `yaml:"where,omitempty" doc:"Keep only these values of an axis." check:"keys=axis,scalar,nonempty,unique,word"`
	// Published names the published numbers to show beside ours, "none" for none;
	// absent, whatever there is of the same cells.
	Published string `yaml:"published,omitempty" doc:"Published numbers to show beside ours, such as transferable-ra; none shows none."`
}

// Figure draws cells.
type Figure struct {
	// Kind names the drawing.
	Kind string `yaml:"kind" doc:"Kind of figure." check:"required,of=figure-kind"`
	// Title of the figure; default the experiment's.
	Title string `yaml:"title,omitempty" doc:"Heading; default the experiment's title."`
	// X is the axis along the abscissa.
	X string `yaml:"x,omitempty" doc:"Axis along the abscissa." check:"of=axis"`
	// Y are the metrics drawn, one panel or one ordinate each.
	Y []string `yaml:"y,omitempty,flow" doc:"Metrics along the ordinate." check:"scalar,unique,of=metric"`
	// Series is the axis that the lines or bars tell apart.
	Series string `yaml:"series,omitempty" doc:"Axis that the lines or bars tell apart." check:"of=axis"`
	// Panels is the axis that the panels tell apart.
	Panels string `yaml:"panels,omitempty" doc:"Axis that the panels tell apart." check:"of=axis"`
	// Images is the number of images of a grid of pictures.
	Images int `yaml:"images,omitempty" doc:"Images of a grid of pictures." check:">=0"`
	// Where keeps only the named values of an axis.
	Where map[string][]string `yaml:"where,omitempty" doc:"Keep only these values of an axis." check:"keys=axis,scalar,nonempty,unique,word"`
}
