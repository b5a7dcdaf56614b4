package study

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"unicode/utf8"
)

// MaterialVersion is that of material.json; others are refused.
const MaterialVersion = 1

// The pictures of an item besides those of its methods, which are named like the methods.
const (
	// PictureInput is what the methods were given.
	PictureInput = "input"
	// PictureTarget is the original, which the methods try to reach.
	PictureTarget = "target"
)

// Material is what a run publishes of one experiment for a study: the content of material.json.
type Material struct {
	Version    int    `json:"version"`
	Experiment string `json:"experiment"`
	Title      string `json:"title"`
	// Evaluator is the recognizer whose labels are listed, Source the one that methods were trained with.
	Evaluator string `json:"evaluator"`
	Source    string `json:"source"`
	// Lambda is the recognition loss's weight, as results.FormatLambda writes it.
	Lambda string `json:"lambda"`
	Seed   int64  `json:"seed"`
	// Methods are the two that are compared, the base first: plain, ra.
	Methods []string `json:"methods"`
	Items   []Item   `json:"items"`
}

// Item is one image, processed by both methods.
type Item struct {
	// ID names the item within its material: letters, digits, ".", "_" and "-".
	ID   string `json:"id"`
	Task string `json:"task"`
	// Image names the image in its dataset; Truth is its class, empty where it has none.
	Image string `json:"image"`
	Truth string `json:"truth"`
	// Pictures names the PNG file of each method, of PictureTarget and, if there is one, of PictureInput.
	Pictures map[string]string `json:"pictures"`
	// Labels are each method's, the highest score first; without any, nothing is asked of labels.
	Labels map[string][]Label `json:"labels"`
}

// Label is a class that the evaluator considers, with its score in [0,1].
type Label struct {
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

const (
	maxItems     = 10_000
	maxLabels    = 100
	maxNameRunes = 200
)

var (
	idPattern   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	filePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,119}\.png$`)
)

// check refuses what Build could not work with or what no run writes. Errors name the item.
func (m *Material) check() error {
	switch {
	case m.Version != MaterialVersion:
		return fmt.Errorf("version %d of the material; this transfera reads version %d", m.Version, MaterialVersion)
	case !idPattern.MatchString(m.Experiment):
		return fmt.Errorf("experiment %q; expected a name of letters, digits, \".\", \"_\" and \"-\"", m.Experiment)
	case len(m.Methods) != 2 || m.Methods[0] == m.Methods[1]:
		return fmt.Errorf("methods %q; expected two different ones, the base first", m.Methods)
	case len(m.Items) == 0:
		return fmt.Errorf("no items")
	case len(m.Items) > maxItems:
		return fmt.Errorf("%d items; at most %d are read", len(m.Items), maxItems)
	}
	for _, name := range m.Methods {
		if !idPattern.MatchString(name) || name == PictureInput || name == PictureTarget {
			return fmt.Errorf("%q is no name of a method", name)
		}
	}
	for _, text := range []string{m.Title, m.Evaluator, m.Source, m.Lambda} {
		if !plainText(text) {
			return fmt.Errorf("%.40q is not text of at most %d characters", text, maxNameRunes)
		}
	}
	seen := map[string]bool{}
	for i, item := range m.Items {
		if !idPattern.MatchString(item.ID) || seen[item.ID] {
			return fmt.Errorf("item %d: %.40q is no name, or that of an item before", i, item.ID)
		}
		seen[item.ID] = true
		if err := item.check(m.Methods); err != nil {
			return fmt.Errorf("item %s: %w", item.ID, err)
		}
	}
	return nil
}

func (item Item) check(methods []string) error {
	if !idPattern.MatchString(item.Task) {
		return fmt.Errorf("%.40q is no name of a task", item.Task)
	}
	if !plainText(item.Image) || !plainText(item.Truth) {
		return fmt.Errorf("image or truth is not text of at most %d characters", maxNameRunes)
	}
	known := append([]string{PictureInput, PictureTarget}, methods...)
	for role, file := range item.Pictures {
		if !slices.Contains(known, role) {
			return fmt.Errorf("picture of %.40q, which is none of its methods", role)
		}
		if !filePattern.MatchString(file) {
			return fmt.Errorf("picture %.60q; expected a .png file beside material.json", file)
		}
	}
	for _, role := range append([]string{PictureTarget}, methods...) {
		if item.Pictures[role] == "" {
			return fmt.Errorf("no picture of %s", role)
		}
	}
	for method, labels := range item.Labels {
		if !slices.Contains(methods, method) {
			return fmt.Errorf("labels of %.40q, which is none of its methods", method)
		}
		if err := checkLabels(labels); err != nil {
			return fmt.Errorf("labels of %s: %w", method, err)
		}
	}
	return nil
}

func checkLabels(labels []Label) error {
	if len(labels) > maxLabels {
		return fmt.Errorf("%d of them; at most %d are read", len(labels), maxLabels)
	}
	for i, label := range labels {
		if label.Name == "" || !plainText(label.Name) {
			return fmt.Errorf("label %d: %.40q is not text of 1 to %d characters", i, label.Name, maxNameRunes)
		}
		if math.IsNaN(label.Score) || math.IsInf(label.Score, 0) {
			return fmt.Errorf("%s: score %v", label.Name, label.Score)
		}
		if i > 0 && label.Score > labels[i-1].Score {
			return fmt.Errorf("%s follows %s, whose score is lower", label.Name, labels[i-1].Name)
		}
	}
	return nil
}

func plainText(text string) bool {
	return utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxNameRunes
}
