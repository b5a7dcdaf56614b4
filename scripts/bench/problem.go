package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"transfera/data/imaging"
	"transfera/models"
	"transfera/models/processing"
	"transfera/models/recognition"
	"transfera/models/weights"
)

// problem is what both programs do again and again, in a file that both read.
type problem struct {
	Work        string    `json:"work"`
	Kind        string    `json:"kind"` // step, evaluation, loader, ssim or checkpoint
	Device      string    `json:"device"`
	Mode        mode      `json:"mode"`      // of this program
	PeerMode    mode      `json:"peer_mode"` // of the PyTorch program
	Threads     int       `json:"threads"`
	Batch       int       `json:"batch"` // images per batch
	Size        int       `json:"size"`  // pixels of a target's side
	Scale       int       `json:"scale"` // how many times smaller inputs are
	Batches     int       `json:"batches"`
	Processor   *network  `json:"processor"`
	Recognizers []network `json:"recognizers"`
	Data        string    `json:"data"`        // safetensors: input.K, target.K and labels.K of batch K
	Images      string    `json:"images"`      // an ImageFolder
	Resize      int       `json:"resize"`      // loader: shorter side, 0 for none
	Crop        int       `json:"crop"`        // loader: central square
	Degradation string    `json:"degradation"` // loader: sr or jpeg
	Folder      string    `json:"folder"`      // for scratch files
}

// mode is how a step is computed.
type mode struct {
	Precision    string `json:"precision"` // fp32, tf32 or bf16
	ChannelsLast bool   `json:"channels_last"`
	CUDAGraph    bool   `json:"cuda_graph"` // ours
	Compile      bool   `json:"compile"`    // PyTorch's: torch.compile
}

// network is an architecture with the file of its weights.
type network struct {
	Arch    string         `json:"arch"`
	Size    int            `json:"size"` // enlargement of a processor, classes of a recognizer
	Options models.Options `json:"options"`
	Weights string         `json:"weights"`
}

const classes = 10

// problems lists the known works. size and batch are those of the large ones.
func problems(size, batch int) []problem {
	large := network{Arch: "srresnet", Size: 4, Options: models.Options{"channels": 64, "blocks": 5, "end_kernel": 9}}
	small := network{Arch: "srresnet", Size: 2, Options: models.Options{"channels": 32, "blocks": 3, "end_kernel": 5}}
	judges := func(names ...string) (list []network) {
		for _, name := range names {
			list = append(list, network{Arch: name, Size: classes})
		}
		return list
	}
	paper := judges("resnet18", "resnet50", "resnet101", "densenet121", "vgg16_bn")
	cifar := judges("cifar-resnet20", "cifar-resnet32", "cifar-resnet44", "cifar-resnet56", "cifar-resnet20")
	return []problem{
		{Work: "ra-step", Kind: "step", Batch: batch, Size: size, Scale: 4, Batches: 2, Processor: &large, Recognizers: paper[:1]},
		{Work: "ra-step-small", Kind: "step", Batch: 20, Size: 32, Scale: 2, Batches: 2, Processor: &small, Recognizers: cifar[:1]},
		{Work: "plain-step", Kind: "step", Batch: batch, Size: size, Scale: 4, Batches: 2, Processor: &large},
		{Work: "evaluation", Kind: "evaluation", Batch: batch, Size: size, Scale: 4, Batches: 1, Processor: &large, Recognizers: paper},
		{Work: "evaluation-small", Kind: "evaluation", Batch: 20, Size: 32, Scale: 2, Batches: 2, Processor: &small, Recognizers: cifar},
		{Work: "loader-sr", Kind: "loader", Batch: 20, Scale: 4, Resize: 256, Crop: 224, Degradation: "sr"},
		{Work: "loader-jpeg", Kind: "loader", Batch: 20, Scale: 1, Resize: 256, Crop: 224, Degradation: "jpeg"},
		{Work: "ssim", Kind: "ssim", Batch: 20, Size: 224, Scale: 1, Batches: 1},
		{Work: "checkpoint", Kind: "checkpoint", Batch: 1, Size: 32, Scale: 4, Batches: 1, Processor: &large},
	}
}

// write makes the problem's files in a folder, and returns the file that describes it. Weights are the initial ones of a
// fixed seed, images uniform noise.
func (p problem) write(folder string) (string, error) {
	p.Folder = folder
	random := rand.New(rand.NewPCG(1, 2))
	if p.Processor != nil {
		processor := *p.Processor
		p.Processor = &processor
		if err := processor.write(filepath.Join(folder, "processor.safetensors"), processing.Find); err != nil {
			return "", err
		}
	}
	recognizers := make([]network, len(p.Recognizers))
	for i, r := range p.Recognizers {
		if err := r.write(filepath.Join(folder, fmt.Sprintf("recognizer%d.safetensors", i)), recognition.Find); err != nil {
			return "", err
		}
		recognizers[i] = r
	}
	p.Recognizers = recognizers
	var dict weights.Dict
	for k := range p.Batches {
		noise := func(side int) weights.Tensor {
			values := make([]float32, p.Batch*3*side*side)
			for i := range values {
				values[i] = random.Float32()
			}
			return weights.FromFloats("", []int64{int64(p.Batch), 3, int64(side), int64(side)}, values)
		}
		labels := make([]int64, p.Batch)
		for i := range labels {
			labels[i] = int64(random.IntN(classes))
		}
		for name, t := range map[string]weights.Tensor{
			"input": noise(p.Size / p.Scale), "target": noise(p.Size), "labels": weights.FromLongs("", []int64{int64(p.Batch)}, labels),
		} {
			t.Name = fmt.Sprintf("%s.%d", name, k)
			dict = append(dict, t)
		}
	}
	p.Data = filepath.Join(folder, "data.safetensors")
	if err := weights.SaveSafetensors(p.Data, dict, nil); err != nil {
		return "", err
	}
	if p.Kind == "loader" && p.Images == "" {
		p.Images = filepath.Join(folder, "images")
		if err := writeImages(p.Images, random); err != nil {
			return "", err
		}
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "problem.json")
	return file, os.WriteFile(file, text, 0o666)
}

func (n *network) write(file string, find func(string) (models.Architecture, bool)) error {
	architecture, ok := find(n.Arch)
	if !ok {
		return fmt.Errorf("no architecture %q", n.Arch)
	}
	n.Weights = file
	return weights.SaveSafetensors(file, architecture.New(1, n.Size, n.Options).Dict(), nil)
}

const generatedImages = 20

// writeImages makes an ImageFolder of so many JPEGs of a photograph's usual size: noise, enlarged so that it is smooth.
func writeImages(folder string, random *rand.Rand) error {
	for i := range generatedImages {
		noise := imaging.New(50, 40)
		for k := range noise.Pix {
			noise.Pix[k] = uint8(random.UintN(256))
		}
		jpeg, err := noise.Resize(500, 375, imaging.Bicubic).EncodeJPEG(90)
		if err != nil {
			return err
		}
		class := filepath.Join(folder, fmt.Sprintf("class%d", i%2))
		if err := os.MkdirAll(class, 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(class, fmt.Sprintf("%02d.jpg", i)), jpeg, 0o666); err != nil {
			return err
		}
	}
	return nil
}
