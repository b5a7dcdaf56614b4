package stages

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"transfera/aten"
	"transfera/data"
	"transfera/metrics"
	"transfera/models/weights"
	"transfera/runner/dag"
	"transfera/runner/methods"
)

// galleryVersion goes up when the code changes what the same settings give.
const galleryVersion = 1

const galleryFile = "gallery.safetensors"

// gallery is the stage that makes pictures to look at: images that plain loses and ra wins, as every method leaves them, with
// what each evaluator says of them. The images are chosen by rule: those of which ra's output is recognized by most evaluators
// more than plain's, and of equal ones the first.
type gallery struct {
	*dag.Stage
	env        *Environment
	images     *split
	processors []*processor  // of the columns between input and target, in order
	judges     []*recognizer // classifiers
	// plain and ra are the recognition stages of both outputs, by evaluator.
	plain, ra []*dag.Stage
	count     int
}

// shown is what is known of the pictures of a gallery.
type shown struct {
	Images []shownImage `json:"images"`
}

// shownImage is one image with the answers of each evaluator in each column: input, processors, target.
type shownImage struct {
	Name    string     `json:"name"`
	Label   int64      `json:"label"`
	Answers [][]answer `json:"answers"`
	// PSNR of each column against the target, in dB.
	PSNR []float64 `json:"psnr"`
}

// answer is the class with the highest logit, and its softmax.
type answer struct {
	Class      int     `json:"class"`
	Confidence float64 `json:"confidence"`
}

func (g *gallery) stage(name string) *dag.Stage {
	var inputs []*dag.Stage
	for _, p := range g.processors {
		inputs = append(inputs, p.Stage)
	}
	for _, r := range g.judges {
		inputs = append(inputs, r.Stage)
	}
	inputs = slices.Concat(inputs, g.plain, g.ra)
	return dag.New(dag.Definition{
		Kind: "pictures", Name: name, Version: galleryVersion, Inputs: inputs, Files: []string{galleryFile}, Rate: "pictures",
		Settings: map[string]any{"shape": g.images.shape(), "degradation": g.processors[0].settings.Degradation, "count": g.count},
		Compute:  g.env.compute(g.compute),
	})
}

func (g *gallery) compute(ctx context.Context, job *dag.Job) error {
	places, err := g.choose()
	if err != nil {
		return err
	}
	var pixels []byte
	var all shown
	shape := []int64{int64(len(places)), int64(len(g.processors) + 2), 3, 0, 0}
	if len(places) > 0 {
		if all, pixels, err = g.make(ctx, places, shape); err != nil {
			return err
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	work, err := job.Work(job.Stages[0])
	if err != nil {
		return err
	}
	dict := weights.Dict{{Name: "pictures", DType: weights.U8, Shape: shape, Data: pixels}}
	return weights.SaveSafetensors(filepath.Join(work, galleryFile), dict, map[string]string{"shown": string(text)})
}

// choose applies the rule; there may be fewer such images than asked for, and none.
func (g *gallery) choose() ([]int, error) {
	won := make([]float64, g.images.Len())
	for i := range g.plain {
		for sign, stage := range map[float64]*dag.Stage{-1: g.plain[i], 1: g.ra[i]} {
			m, err := readMeasurements(g.env.Store.File(stage.Key, measurementsFile))
			if err != nil {
				return nil, err
			}
			one, ok := m.of("top1")
			if !ok || len(one.perImage) != len(won) {
				return nil, fmt.Errorf("%s holds no answers for each image", stage)
			}
			for k, right := range one.perImage {
				won[k] += sign * right / 100
			}
		}
	}
	var places []int
	for i, w := range won {
		if w > 0 {
			places = append(places, i)
		}
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(won[b], won[a]) })
	return places[:min(g.count, len(places))], nil
}

// make computes the columns of each image and fills in their size.
func (g *gallery) make(ctx context.Context, places []int, shape []int64) (all shown, pixels []byte, err error) {
	var judges []methods.Classifier
	for _, r := range g.judges {
		network, err := r.trained(g.env)
		if err != nil {
			return all, nil, err
		}
		judges = append(judges, r.frozen(g.env, network, 0).(methods.Classifier))
	}
	chosen, err := data.NewSubset(g.images.Dataset, places)
	if err != nil {
		return all, nil, err
	}
	columns := columns{g.env, &split{Dataset: chosen, prepare: g.images.prepare}, g.processors}
	err = columns.show(ctx, func(b *data.Batch, list []column) error {
		shape[3], shape[4] = int64(b.ValidHeight), int64(b.ValidWidth)
		image := shownImage{Name: chosen.Name(b.Indices[0]), Label: b.Labels[0]}
		target := list[len(list)-1].picture
		for _, c := range list {
			compared, err := metrics.PSNR(c.picture, target)
			if err != nil {
				return err
			}
			image.PSNR = append(image.PSNR, compared[0])
			pixels = append(pixels, quantized(c.picture)...)
			var answers []answer
			for i, judge := range judges {
				logits := judge.Forward(c.seen)
				if aten.FirstNotFinite(logits) >= 0 {
					return fmt.Errorf("%s: recognizer %s: the network's outputs are no finite numbers; its weights may be damaged", image.Name, g.judges[i].name)
				}
				answers = append(answers, answerOf(logits.Floats()))
			}
			image.Answers = append(image.Answers, answers)
		}
		all.Images = append(all.Images, image)
		return nil
	})
	return all, pixels, err
}

// quantized is pixels in [0,1] as bytes.
func quantized(picture aten.Tensor) []byte {
	values := picture.Floats()
	bytes := make([]byte, len(values))
	for i, v := range values {
		bytes[i] = uint8(math.Floor(float64(min(max(v, 0), 1))*255 + 0.5))
	}
	return bytes
}

func answerOf(logits []float32) answer {
	best, sum := 0, 0.0
	for class, logit := range logits {
		if logit > logits[best] {
			best = class
		}
	}
	for _, logit := range logits {
		sum += math.Exp(float64(logit) - float64(logits[best]))
	}
	return answer{best, 1 / sum}
}

// readGallery reads the pictures, (images,columns,3,H,W) of bytes, and what was said of them.
func readGallery(path string) (all shown, pictures weights.Tensor, err error) {
	file, err := weights.Load(path)
	if err != nil {
		return all, pictures, err
	}
	pictures, _ = file.Tensors.Get("pictures")
	return all, pictures, json.Unmarshal([]byte(file.Metadata["shown"]), &all)
}
