package training

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"transfera/aten"
	"transfera/data"
)

// broken names a tensor of the networks that holds infinities or what is no number: a weight or a running statistic.
func (f *Fit) broken() (name string, found bool) {
	var names []string
	var values []aten.Tensor
	for _, n := range f.Networks {
		for _, e := range n.Entries() {
			names, values = append(names, n.Name+"."+e.Name), append(values, e.Value)
		}
	}
	if first := aten.FirstNotFinite(values...); first >= 0 {
		return names[first], true
	}
	return "", false
}

// broken also looks at what the optimizer remembers: a weight whose mean square of gradients is infinite never moves again.
func (s *state) broken() (name string, found bool) {
	if name, found := s.fit.broken(); found {
		return name, true
	}
	memory := s.optimizer.State()
	names := slices.Sorted(maps.Keys(memory))
	values := make([]aten.Tensor, len(names))
	for i, name := range names {
		values[i] = memory[name]
	}
	if first := aten.FirstNotFinite(values...); first >= 0 {
		return optimizerPrefix + names[first], true
	}
	return "", false
}

// causes are the images of a batch whose own loss is not finite. There may be none: it can take several to break a loss. The
// training is over, so that running statistics and random streams may move.
func (f *Fit) causes(batch *data.Batch) (names []string) {
	if batch.Idle {
		return nil
	}
	for _, n := range f.Networks {
		n.SetShare(nil) // each process is alone with its images
	}
	for k, index := range batch.Indices {
		finite := true
		s := aten.NewScope()
		native := aten.Catch(func() { // a BatchNorm may refuse a single value
			aten.NoGrad(func() {
				objective, _ := f.loss(s, batch.Image(k))
				finite = objective.Finite()
			})
		})
		s.Close()
		if native == nil && !finite {
			names = append(names, f.ImageName(index))
		}
	}
	return names
}

// blame is what the images of a step have to do with its end.
type blame struct{ Images, Causes []string }

// blame is that of this process's images and the others'.
func (f *Fit) blame(batch *data.Batch, causes []string) (all blame, err error) {
	own := blame{Causes: causes}
	if !batch.Idle {
		for _, i := range batch.Indices {
			own.Images = append(own.Images, f.ImageName(i))
		}
	}
	if f.Group == nil {
		return own, nil
	}
	text, err := json.Marshal(own)
	if err != nil {
		return own, err
	}
	parts, err := f.Group.Gather(text)
	if err != nil {
		return own, err
	}
	for _, text := range parts {
		var part blame
		if err := json.Unmarshal(text, &part); err != nil {
			return own, err
		}
		all.Images, all.Causes = append(all.Images, part.Images...), append(all.Causes, part.Causes...)
	}
	return all, nil
}

// named is how many images an error names.
const named = 32

func list(names []string) string {
	if more := len(names) - named; more > 0 {
		return fmt.Sprintf("%s, %d more", strings.Join(names[:named], ", "), more)
	}
	return strings.Join(names, ", ")
}

// diverged says where and on what a training broke. All processes of a group have to call it.
func (f *Fit) diverged(batch *data.Batch, what string, causes []string) error {
	b, err := f.blame(batch, causes)
	if err != nil {
		return fmt.Errorf("%s in step %d (epoch %d): %w", what, batch.Step+1, batch.Epoch+1, err)
	}
	images, advice := "images "+list(b.Images), "lower learning_rate or lambda"
	if few := len(b.Causes); few > 0 && few < len(b.Images) {
		images = fmt.Sprintf("%d images, of which these alone make it so: %s", len(b.Images), list(b.Causes))
		advice += ", or leave these images out"
	}
	kept := "there is no checkpoint yet"
	if _, err := os.Stat(f.Checkpoint); err == nil {
		kept = "the last checkpoint is kept"
	}
	return fmt.Errorf("%s in step %d (epoch %d; %s): %s; %s", what, batch.Step+1, batch.Epoch+1, images, advice, kept)
}
