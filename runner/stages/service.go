package stages

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"transfera/aten"
	"transfera/data"
	"transfera/data/imaging"
	"transfera/experiments"
	"transfera/metrics"
	"transfera/results/atomicfile"
	"transfera/runner/blackbox"
	"transfera/runner/dag"
)

// serviceVersion goes up when the code changes what the same answers of a service come to.
const serviceVersion = 1

// answersFile holds what a service said of each image, in the dataset's order.
const answersFile = "answers.json"

// service is a recognizer behind an interface: no stage makes it, and it is asked about the pictures that it judges.
type service struct {
	env     *Environment
	name    string
	spec    experiments.Service
	classes []string       // that it is to tell apart
	meaning map[string]int // the class that a label means
}

// serviceSettings is the part of a key that says what is asked, and how answers are read. Headers may hold secrets and only
// say who asks; how fast is asked does not matter.
type serviceSettings struct {
	Version int                      `json:"version"`
	URL     string                   `json:"url"`
	Method  string                   `json:"method"`
	Service string                   `json:"service"` // its version
	Image   experiments.ServiceImage `json:"image"`
	Body    experiments.ServiceBody  `json:"body"`
	Labels  string                   `json:"labels"`
	Scores  string                   `json:"scores"`
	Classes []string                 `json:"classes"`
	Meaning map[string]int           `json:"meaning"`
}

// newService reads the table of classes of the service called name, which tells the classes of a dataset apart.
func newService(env *Environment, name string, spec experiments.Recognizer, classes []string) (*service, error) {
	s := &service{env: env, name: name, spec: *spec.Service, classes: classes}
	if err := s.described().Validate(); err != nil {
		return nil, err
	}
	var err error
	s.meaning, err = readMeaning(s.spec.Classes, classes)
	return s, err
}

// readMeaning reads a table of labels and classes; without one a label means the class of its name.
func readMeaning(path string, classes []string) (map[string]int, error) {
	meaning := map[string]int{}
	if path == "" {
		for i, class := range classes {
			meaning[class] = i
		}
		return meaning, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("service.classes: %w", err)
	}
	defer file.Close()
	lines := csv.NewReader(file)
	lines.FieldsPerRecord = 2
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("service.classes: %s: %w", path, err)
		}
		line, _ := lines.FieldPos(0)
		label, class := fields[0], slices.Index(classes, fields[1])
		if class < 0 {
			return nil, fmt.Errorf("service.classes: %s:%d: label %q means %q, which is no class of the dataset; its classes are %s",
				path, line, label, fields[1], some(classes))
		}
		if _, twice := meaning[label]; twice {
			return nil, fmt.Errorf("service.classes: %s:%d: label %q is there twice", path, line, label)
		}
		meaning[label] = class
	}
	if len(meaning) == 0 {
		return nil, fmt.Errorf("service.classes: %s is empty; each line is a label of the service, a comma, and a class", path)
	}
	return meaning, nil
}

// some lists the first few names.
func some(names []string) string {
	const few = 10
	if len(names) > few {
		return strings.Join(names[:few], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}

// described is the service as the client knows it.
func (s *service) described() blackbox.Service {
	return blackbox.Service{
		Name: s.name, URL: s.spec.URL, Method: s.spec.Method, Headers: s.spec.Headers, Version: s.spec.Version,
		Image:  blackbox.Encoding{Format: s.spec.Image.Format, Quality: s.spec.Image.Quality},
		Body:   blackbox.Body{Kind: s.spec.Body.Kind, Field: s.spec.Body.Field, Fields: s.spec.Body.Fields, Template: s.spec.Body.Template},
		Labels: s.spec.Labels, Scores: s.spec.Scores, Rate: s.spec.Rate, Concurrent: s.spec.Concurrent,
		Timeout: time.Duration(s.spec.Timeout * float64(time.Second)), Retries: s.spec.Retries, Budget: s.spec.Budget,
	}
}

// settings is the service's part of a key.
func (s *service) settings() serviceSettings {
	return serviceSettings{
		serviceVersion, s.spec.URL, s.spec.Method, s.spec.Version, s.spec.Image, s.spec.Body, s.spec.Labels, s.spec.Scores, s.classes, s.meaning,
	}
}

// client opens the service's answers in the store.
func (s *service) client() (*blackbox.Client, error) {
	return blackbox.Open(filepath.Join(s.env.Store.Root(), "answers"), s.described())
}

// ranked are the classes that an answer means, best first, each once. Labels that mean none are passed over: what a service
// knows beyond our classes says nothing about them.
func (s *service) ranked(answer blackbox.Answer) []int {
	var classes []int
	for _, label := range answer.Labels {
		if class, ok := s.meaning[label.Name]; ok && !slices.Contains(classes, class) {
			classes = append(classes, class)
		}
	}
	return classes
}

// said is what a service said of one image, best first.
type said struct {
	Image  string      `json:"image"`
	Labels []saidLabel `json:"labels"`
}

// saidLabel has no score where the service gives none.
type saidLabel struct {
	Name  string   `json:"name"`
	Score *float64 `json:"score,omitempty"`
}

// asked plans what a service makes of the pictures.
func (p *pictures) asked(s *service) *dag.Stage {
	d := p.definition("recognition", p.name+" judged by "+s.name, "service "+s.spec.URL)
	d.Settings = struct {
		Pictures picturesSettings `json:"pictures"`
		Service  serviceSettings  `json:"service"`
	}{p.settings(), s.settings()}
	d.Group = "" // a service that fails concerns nobody else
	d.Files = append(d.Files, answersFile)
	d.Bytes += 500 * int64(p.val.Len())
	d.Compute = p.env.compute(func(ctx context.Context, job *dag.Job) error { return p.ask(ctx, job, s) })
	return dag.New(d)
}

// ask makes the pictures and asks about each.
func (p *pictures) ask(ctx context.Context, job *dag.Job, s *service) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	inquiry := &Inquiry{service: s, client: client, ctx: ctx, Ranking: metrics.NewRanking(p.val.Len()), said: make([]said, p.val.Len())}
	if err := p.show(ctx, []Measurer{inquiry}, func(done int) {
		used := client.Usage()
		job.Progress(float64(done)/float64(p.val.Len()), fmt.Sprintf("image %d of %d, %d calls", done, p.val.Len(), used.Calls))
	}); err != nil {
		return err
	}
	found, err := inquiry.measurements()
	if err != nil {
		return err
	}
	work, err := job.Work(job.Stages[0])
	if err != nil {
		return err
	}
	for i := range inquiry.said {
		inquiry.said[i].Image = p.val.Name(i)
	}
	text, err := json.MarshalIndent(inquiry.said, "", " ")
	if err != nil {
		return err
	}
	if err := atomicfile.Write(filepath.Join(work, answersFile), append(text, '\n')); err != nil {
		return err
	}
	return found.save(work)
}

// Inquiry measures what a service makes of the pictures, each rounded to 8 bits and encoded as the spec says.
type Inquiry struct {
	*service
	*metrics.Ranking
	client *blackbox.Client
	ctx    context.Context // of the stage
	said   []said
	meant  bool // some label so far means a class
}

// Add asks about a batch, several pictures at once.
func (q *Inquiry) Add(b *data.Batch, _, seen, _ aten.Tensor) error {
	shape, values := seen.Shape(), seen.Floats()
	size := 3 * shape[2] * shape[3]
	guesses := make([][]int, b.N)
	var group errgroup.Group // one that fails does not take back the others' calls, which are paid for
	for i := range b.N {
		picture := imaging.FromPlanar(values[i*size:(i+1)*size], shape[3], shape[2])
		group.Go(func() error {
			answer, err := q.client.Ask(q.ctx, picture)
			if err != nil {
				return err
			}
			for _, l := range answer.Labels {
				label := saidLabel{Name: l.Name}
				if !math.IsNaN(l.Score) {
					label.Score = &l.Score
				}
				q.said[b.Indices[i]].Labels = append(q.said[b.Indices[i]].Labels, label)
			}
			guesses[i] = q.ranked(answer)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if q.meant = q.meant || slices.ContainsFunc(guesses, func(g []int) bool { return len(g) > 0 }); !q.meant {
		if err := q.foreign(b); err != nil {
			return err
		}
	}
	return q.AddRanked(b.Indices, guesses, b.Labels)
}

// foreign refuses to go on where all that was said so far means none of our classes: the rest would be paid for nothing.
func (q *Inquiry) foreign(b *data.Batch) error {
	for _, i := range b.Indices {
		if labels := q.said[i].Labels; len(labels) > 0 {
			return fmt.Errorf("service %s: no label of the first images means a class of ours, such as %q; the classes are %s: name a table of labels and classes with service.classes. What was answered is kept, and read again at no cost",
				q.name, labels[0].Name, some(q.classes))
		}
	}
	return nil // nothing was recognized
}

func (q *Inquiry) measurements() (*measurements, error) { return perImageMeasurements(q.Summaries()) }
