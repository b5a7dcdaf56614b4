package report

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"transfera/results"
)

// Experiment is what one experiment asked, as its resolved spec in the
// manifest says it.
type Experiment struct {
	Name, Title string
	// Paper names the paper's table or figure that it reproduces, if any.
	Paper string
	// Dataset is what P was trained on.
	Dataset string
	// Tasks are with their definitions, as in "sr (scale=2)".
	Tasks, Methods, Sources, Evaluators, Seeds []string
	// Lambdas of each method that has any, as the spec writes them.
	Lambdas map[string][]string
	// Finished is false where no cell of it is there.
	Finished bool

	definitions map[string]string // of each task, such as "scale=2"
}

// specText is what a report reads of a spec; it leaves judging a spec's other
// keys to those who run it.
type specText struct {
	Title        string
	Paper        string
	Dataset      string
	Tasks        words
	Methods      words
	Sources      words
	Evaluators   words
	Seeds        words
	Lambda       map[string]words
	Degradations map[string]struct{ Options map[string]any }
}

// words is a list of scalars, or the keys of a mapping, as text.
type words []string

// UnmarshalYAML takes any of the forms that lists have in specs.
func (w *words) UnmarshalYAML(node *yaml.Node) error {
	switch node.Kind {
	case yaml.ScalarNode:
		*w = words{node.Value}
	case yaml.SequenceNode:
		for _, item := range node.Content {
			if item.Kind == yaml.ScalarNode {
				*w = append(*w, item.Value)
			}
		}
	case yaml.MappingNode:
		for i := 0; i < len(node.Content); i += 2 {
			*w = append(*w, node.Content[i].Value)
		}
	}
	return nil
}

// experiments are those of the specs, then those that only the cells know.
func experiments(specs []results.SpecFile, cells []results.Cell) ([]Experiment, error) {
	var list []Experiment
	for _, file := range specs {
		var text specText
		if err := yaml.Unmarshal([]byte(file.Text), &text); err != nil {
			return nil, fmt.Errorf("spec %s: %w", file.Name, err)
		}
		base := path.Base(file.Name)
		list = append(list, text.experiment(strings.TrimSuffix(base, path.Ext(base))))
	}
	for _, c := range cells {
		i := slices.IndexFunc(list, func(e Experiment) bool { return e.Name == c.Experiment })
		if i < 0 {
			i = len(list)
			list = append(list, Experiment{Name: c.Experiment, Title: c.Experiment})
		}
		list[i].Finished = true
	}
	return list, nil
}

func (t specText) experiment(name string) Experiment {
	e := Experiment{
		Name: name, Title: t.Title, Paper: t.Paper, Dataset: t.Dataset, Sources: t.Sources, Evaluators: t.Evaluators,
		Methods: t.Methods, Seeds: t.Seeds,
		Lambdas: map[string][]string{}, definitions: map[string]string{},
	}
	for i, name := range e.Evaluators {
		if name == "source" {
			e.Evaluators[i] = "the source itself"
		}
	}
	if e.Title == "" {
		e.Title = name
	}
	for _, task := range t.Tasks {
		var options []string
		for _, option := range slices.Sorted(maps.Keys(t.Degradations[task].Options)) {
			options = append(options, fmt.Sprintf("%s=%v", option, t.Degradations[task].Options[option]))
		}
		e.definitions[task] = strings.Join(options, " ")
		e.Tasks = append(e.Tasks, qualified(task, e.definitions[task]))
	}
	for _, method := range t.Methods {
		e.Lambdas[method] = t.Lambda[method]
	}
	return e
}

// Strengths are the methods with their lambdas, as in "ra (lambda 0.001)".
func (e Experiment) Strengths() []string {
	var list []string
	for _, method := range e.Methods {
		lambda := strings.Join(e.Lambdas[method], ", ")
		if lambda != "" {
			lambda = "lambda " + lambda
		}
		list = append(list, qualified(method, lambda))
	}
	return list
}

// together is what the experiments of a suite ask in all.
func together(experiments []Experiment) Experiment {
	all := Experiment{Lambdas: map[string][]string{}}
	for _, e := range experiments {
		all.Tasks = union(all.Tasks, e.Tasks)
		all.Methods = union(all.Methods, e.Methods)
		all.Sources = union(all.Sources, e.Sources)
		all.Evaluators = union(all.Evaluators, e.Evaluators)
		all.Seeds = union(all.Seeds, e.Seeds)
		for _, method := range e.Methods {
			all.Lambdas[method] = union(all.Lambdas[method], e.Lambdas[method])
			slices.SortStableFunc(all.Lambdas[method], byValue)
		}
	}
	return all
}

func union(list, more []string) []string {
	for _, value := range more {
		if !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	return list
}

// byValue orders numbers by their size, and leaves others as they are.
func byValue(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX != nil || errY != nil {
		return 0
	}
	return cmp.Compare(x, y)
}

// qualified is a name with what is known of it behind it.
func qualified(name, more string) string {
	if more == "" {
		return name
	}
	return name + " (" + more + ")"
}
