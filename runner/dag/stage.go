// Package dag computes stages that depend on each other: each once, found again by the hash of all that its result depends
// on, several side by side, and a failed one without harm to those that do not need it. It knows nothing of what stages do.
package dag

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Stage is one step of a plan. Its result is a set of files in the store.
type Stage struct {
	// Kind names the sort of stage, such as "processor"; Name tells this one from others of its kind, for people.
	Kind, Name string
	// Key is the hash of Kind, its version, the settings and the inputs' keys.
	Key      string
	Settings json.RawMessage
	Inputs   []*Stage
	// Group, if not empty, marks stages that are cheaper together: those that are ready at once are computed by one call.
	Group string
	// Work is the amount of computation, in a unit of which stages of one Rate take equally long.
	Work float64
	Rate string
	// Files that the stage leaves in its working folder, and Bytes, about how large they are together.
	Files []string
	Bytes int64
	// Compute makes the files of every stage of the job, which are this one and perhaps others of its group.
	Compute func(ctx context.Context, job *Job) error
	// Probe, unless nil, times a little of the stage's work without its inputs and returns the seconds per unit.
	Probe func(ctx context.Context) (float64, error)
}

// Definition is what a kind of stage says to New.
type Definition struct {
	Kind, Name string
	// Version goes up when the code changes what the same settings give.
	Version  int
	Settings any // encoded as JSON; must hold everything that the result depends on besides the inputs
	Inputs   []*Stage
	Group    string
	Work     float64
	Rate     string
	Files    []string
	Bytes    int64
	Compute  func(ctx context.Context, job *Job) error
	Probe    func(ctx context.Context) (float64, error)
}

// New makes a stage and its key.
func New(d Definition) *Stage {
	settings, err := json.Marshal(d.Settings)
	if err != nil {
		panic(fmt.Sprintf("dag: settings of a %s cannot be written: %v", d.Kind, err))
	}
	identity := struct {
		Kind     string
		Version  int
		Settings json.RawMessage
		Inputs   []string
	}{d.Kind, d.Version, settings, keys(d.Inputs)}
	text, err := json.Marshal(identity)
	if err != nil {
		panic(fmt.Sprintf("dag: identity of a %s cannot be written: %v", d.Kind, err))
	}
	sum := sha256.Sum256(text)
	return &Stage{
		Kind: d.Kind, Name: d.Name, Key: hex.EncodeToString(sum[:16]), Settings: settings, Inputs: d.Inputs,
		Group: d.Group, Work: d.Work, Rate: d.Rate, Files: d.Files, Bytes: d.Bytes, Compute: d.Compute, Probe: d.Probe,
	}
}

func keys(stages []*Stage) []string {
	list := make([]string, len(stages))
	for i, s := range stages {
		list[i] = s.Key
	}
	return list
}

func (s *Stage) String() string { return s.Kind + " " + s.Name }

// Graph is the stages of a plan, each once, inputs before what needs them.
type Graph struct {
	Stages []*Stage
	byKey  map[string]*Stage
}

// Find returns the stage of a key.
func (g *Graph) Find(key string) (*Stage, bool) {
	s, ok := g.byKey[key]
	return s, ok
}

// Add puts a stage into the graph and returns it, or the equal one that is there already.
func (g *Graph) Add(s *Stage) *Stage {
	if g.byKey == nil {
		g.byKey = map[string]*Stage{}
	}
	if known, ok := g.byKey[s.Key]; ok {
		return known
	}
	for _, input := range s.Inputs {
		if g.byKey[input.Key] != input {
			panic(fmt.Sprintf("dag: %s was added before its input %s", s, input))
		}
	}
	g.byKey[s.Key] = s
	g.Stages = append(g.Stages, s)
	return s
}
