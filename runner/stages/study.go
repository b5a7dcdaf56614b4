package stages

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"transfera/aten"
	"transfera/data"
	"transfera/data/imaging"
	"transfera/experiments"
	"transfera/results"
	"transfera/results/study"
	"transfera/runner/classifier"
	"transfera/runner/dag"
	"transfera/runner/methods"
)

// studyVersion goes up when the code changes what the same settings give.
const studyVersion = 1

// StudyFile is the file of a study's stage.
const StudyFile = "study.zip"

// comparisons is the stage that makes what people compare in a study: the outputs of plain and of ra for the same images, with
// what one evaluator, a network or a service, says of each.
type comparisons struct {
	*dag.Stage
	env      *Environment
	spec     experiments.Study
	images   *split
	tasks    []comparedTask
	network  *recognizer // exactly one of network and service is set
	service  *service
	material study.Material // without its items
}

// comparedTask is a task with its two processors.
type comparedTask struct {
	name      string
	plain, ra *processor
}

// study adds the stage of the experiment's study.
func (x *experiment) study() error {
	source := x.Sources[0]
	c := &comparisons{
		env: x.env, spec: *x.Study, network: x.recognizers[x.Study.Evaluator], service: x.services[x.Study.Evaluator],
		material: study.Material{
			Version: study.MaterialVersion, Experiment: x.Name, Title: x.Title, Evaluator: x.Study.Evaluator, Source: source,
			Seed: x.Seeds[0], Methods: []string{results.MethodPlain, methodRA},
		},
	}
	var err error
	if c.images, err = x.judged[x.Dataset].limited(x.ctx, x.Study.Images); err != nil {
		return err
	}
	var lambdas []string
	for _, task := range x.Tasks {
		plain, ra := x.plainAndRA(task, source)
		if plain == nil || ra == nil {
			return fmt.Errorf("study: task %s has no outputs of %s and %s", task, results.MethodPlain, methodRA)
		}
		c.tasks = append(c.tasks, comparedTask{task, plain, ra})
		if lambda := results.FormatLambda(x.LambdasFor(task, methodRA)[0]); !slices.Contains(lambdas, lambda) {
			lambdas = append(lambdas, lambda)
		}
	}
	c.material.Lambda = strings.Join(lambdas, ", ") // tasks may have their own
	c.Stage = x.plan.Graph.Add(c.stage())
	x.plan.Studies = append(x.plan.Studies, Study{x.Name, c.Stage})
	return nil
}

func (c *comparisons) stage() *dag.Stage {
	settings := map[string]any{"shape": c.images.shape(), "material": c.material, "labels": c.spec.Labels}
	var inputs []*dag.Stage
	var tasks []string
	for _, t := range c.tasks {
		tasks = append(tasks, t.name)
		inputs = append(inputs, t.plain.Stage, t.ra.Stage)
	}
	settings["tasks"] = tasks
	if c.service != nil {
		settings["service"] = c.service.settings()
	} else {
		inputs = append(inputs, c.network.Stage)
	}
	return dag.New(dag.Definition{
		Kind: "study", Name: c.material.Experiment, Version: studyVersion, Settings: settings, Inputs: inputs,
		Files: []string{StudyFile}, Rate: "study", Compute: c.env.compute(c.compute),
	})
}

func (c *comparisons) compute(ctx context.Context, job *dag.Job) error {
	judge, err := c.judge(ctx)
	if err != nil {
		return err
	}
	pictures := map[string][]byte{}
	material := c.material
	for _, t := range c.tasks {
		shown := columns{c.env, c.images, []*processor{t.plain, t.ra}}
		err := shown.show(ctx, func(b *data.Batch, list []column) error {
			place := b.Indices[0]
			item := study.Item{
				ID: fmt.Sprintf("%s-%04d", t.name, place), Task: t.name, Image: c.images.Name(place),
				Truth: c.images.Classes()[b.Labels[0]], Pictures: map[string]string{}, Labels: map[string][]study.Label{},
			}
			for i, role := range []string{study.PictureInput, results.MethodPlain, methodRA, study.PictureTarget} {
				image := pictureOf(list[i].picture)
				file, err := image.EncodePNG()
				if err != nil {
					return err
				}
				name := item.ID + "-" + role + ".png"
				item.Pictures[role], pictures[name] = name, file
				if role == results.MethodPlain || role == methodRA {
					if item.Labels[role], err = judge(list[i].seen); err != nil {
						return err
					}
				}
			}
			material.Items = append(material.Items, item)
			job.Progress(float64(len(material.Items))/float64(len(c.tasks)*c.images.Len()), fmt.Sprintf("%s, image %d of %d", t.name, place+1, c.images.Len()))
			return nil
		})
		if err != nil {
			return err
		}
	}
	work, err := job.Work(job.Stages[0])
	if err != nil {
		return err
	}
	return study.WriteMaterial(filepath.Join(work, StudyFile), &material, pictures)
}

// judge says what the evaluator calls a picture (1,3,H,W): its first few labels, best first.
func (c *comparisons) judge(ctx context.Context) (func(seen aten.Tensor) ([]study.Label, error), error) {
	if c.service != nil {
		client, err := c.service.client()
		if err != nil {
			return nil, err
		}
		return func(seen aten.Tensor) ([]study.Label, error) {
			answer, err := client.Ask(ctx, pictureOf(seen))
			if err != nil {
				return nil, err
			}
			var labels []study.Label
			for _, l := range answer.Labels[:min(c.spec.Labels, len(answer.Labels))] {
				label := study.Label{Name: l.Name}
				if !math.IsNaN(l.Score) { // else the order alone is known
					label.Score = l.Score
				}
				labels = append(labels, label)
			}
			return labels, nil
		}, nil
	}
	network, err := c.network.trained(c.env)
	if err != nil {
		return nil, err
	}
	frozen := c.network.frozen(c.env, network, 0).(methods.Classifier)
	return func(seen aten.Tensor) ([]study.Label, error) {
		guesses, err := classifier.Ranked(frozen.Forward(seen).Floats())
		if err != nil {
			return nil, fmt.Errorf("recognizer %s: %w", c.network.name, err)
		}
		var labels []study.Label
		for _, g := range guesses[:min(c.spec.Labels, len(guesses))] {
			labels = append(labels, study.Label{Name: c.network.classes[g.Class], Score: g.Score})
		}
		return labels, nil
	}, nil
}

// pictureOf is a picture (1,3,H,W) in [0,1] in 8 bits.
func pictureOf(x aten.Tensor) *imaging.Image {
	shape := x.Shape()
	return imaging.FromPlanar(x.Floats(), shape[3], shape[2])
}
