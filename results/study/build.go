package study

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// BuildOptions say what to ask.
type BuildOptions struct {
	// Seed draws the items of a study that is smaller than its material.
	Seed uint64
	// Questions are the kinds to ask; none means all.
	Questions []string
	// Size is the largest number of comparisons, spread evenly over kinds of question and tasks; 0 asks everything.
	Size int
	// Progress is told about pictures; nil for nobody.
	Progress func(done, total int)
}

// Build makes a study at path out of a material, whole or not at all. What stands at path is replaced only if it is a study
// without votes that nobody serves. The seed determines which comparisons are made, and nothing else: sides, names and orders
// follow from a new random secret.
func Build(a *Archive, path string, o BuildOptions) (*Study, error) {
	if len(o.Questions) == 0 {
		o.Questions = Questions
	}
	for _, q := range o.Questions {
		if !slices.Contains(Questions, q) {
			return nil, fmt.Errorf("question %q; there is %s", q, strings.Join(Questions, ", "))
		}
	}
	if o.Size < 0 {
		return nil, fmt.Errorf("size %d; expected 0, for everything, or more", o.Size)
	}
	release, err := replaceable(path)
	if err != nil {
		return nil, err
	}
	defer release()
	b := &builder{archive: a, options: o, study: &Study{Path: path}, decoded: map[string]*image.NRGBA{}}
	chosen, err := b.choose()
	if err != nil {
		return nil, err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(filepath.Clean(path)), ".study-*.tmp")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temporary)
	if err := b.write(temporary, chosen); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(path); err != nil {
		return nil, err
	}
	return b.study, os.Rename(temporary, path)
}

// question is one kind asked about one item.
type question struct {
	kind string
	item Item
}

type builder struct {
	archive *Archive
	options BuildOptions
	study   *Study
	decoded map[string]*image.NRGBA
}

// choose draws the questions to ask and counts the items that give none.
func (b *builder) choose() ([]question, error) {
	var groups [][]question // by kind and task
	b.study.Key.LeftOut = []LeftOut{}
	for _, kind := range Questions {
		if !slices.Contains(b.options.Questions, kind) {
			continue
		}
		byTask := map[string]int{}
		for _, item := range b.archive.Items {
			why, err := b.useless(kind, item)
			if err != nil {
				return nil, err
			}
			if why != "" {
				b.leaveOut(kind, why)
				continue
			}
			at, known := byTask[item.Task]
			if !known {
				at = len(groups)
				byTask[item.Task] = at
				groups = append(groups, nil)
			}
			groups[at] = append(groups[at], question{kind, item})
		}
	}
	if len(groups) == 0 {
		return nil, fmt.Errorf("no item gives a comparison: %s", describeLeftOut(b.study.Key.LeftOut))
	}
	rng := rand.New(rand.NewPCG(b.options.Seed, 0x73747564792d3031)) // the stream "study-01"
	for _, group := range groups {
		slices.SortFunc(group, func(x, y question) int { return cmp.Compare(x.item.ID, y.item.ID) })
		rng.Shuffle(len(group), func(i, j int) { group[i], group[j] = group[j], group[i] })
	}
	var chosen []question
	for round := 0; ; round++ { // one of each group in turn
		before := len(chosen)
		for _, group := range groups {
			if round < len(group) && (b.options.Size == 0 || len(chosen) < b.options.Size) {
				chosen = append(chosen, group[round])
			}
		}
		if len(chosen) == before {
			return chosen, nil
		}
	}
}

// useless says why an item gives no comparison of a kind, empty if it gives one.
func (b *builder) useless(kind string, item Item) (string, error) {
	methods := b.archive.Methods
	if kind == QuestionLabels {
		first, second := labelNames(item.Labels[methods[0]]), labelNames(item.Labels[methods[1]])
		switch {
		case len(first) == 0 || len(second) == 0:
			return "no labels", nil
		case slices.Equal(first, second):
			return "the two lists are equal", nil
		}
		return "", nil
	}
	var pictures [2]*image.NRGBA
	for i, method := range methods {
		var err error
		if pictures[i], err = b.picture(item.Pictures[method]); err != nil {
			return "", err
		}
	}
	if pictures[0].Rect == pictures[1].Rect && bytes.Equal(pictures[0].Pix, pictures[1].Pix) {
		return "the two pictures are equal", nil
	}
	return "", nil
}

func (b *builder) leaveOut(kind, why string) {
	list := &b.study.Key.LeftOut
	i := slices.IndexFunc(*list, func(l LeftOut) bool { return l.Question == kind && l.Why == why })
	if i < 0 {
		i = len(*list)
		*list = append(*list, LeftOut{Question: kind, Why: why})
	}
	(*list)[i].N++
}

func describeLeftOut(list []LeftOut) string {
	var parts []string
	for _, l := range list {
		parts = append(parts, fmt.Sprintf("%s: %d items left out, %s", l.Question, l.N, l.Why))
	}
	return strings.Join(parts, "; ")
}

func labelNames(labels []Label) []string {
	var names []string
	for _, label := range labels {
		names = append(names, label.Name)
	}
	return names
}

// picture decodes to pixels alone, so that nothing else of the file is served.
func (b *builder) picture(name string) (*image.NRGBA, error) {
	if len(b.decoded) > 8 { // enough for one item
		clear(b.decoded)
	}
	if m := b.decoded[name]; m != nil {
		return m, nil
	}
	data, err := b.archive.Picture(name)
	if err != nil {
		return nil, fmt.Errorf("picture %s: %w", name, err)
	}
	decoded, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("picture %s: %w; run the suite again to write it anew", name, err)
	}
	m := image.NewNRGBA(image.Rect(0, 0, decoded.Bounds().Dx(), decoded.Bounds().Dy()))
	draw.Draw(m, m.Rect, decoded, decoded.Bounds().Min, draw.Src)
	b.decoded[name] = m
	return m, nil
}

// write fills the folder of the new study.
func (b *builder) write(folder string, chosen []question) error {
	s := b.study
	s.Design = Design{Version: MaterialVersion, Seed: b.options.Seed}
	s.Key.Secret, s.Key.Sides = newSecret(), map[string]Sides{}
	s.Key.Material = *b.archive.Material
	s.Key.Material.Items = nil
	if err := os.Mkdir(filepath.Join(folder, pictureFolder), 0o777); err != nil {
		return err
	}
	for i, q := range chosen {
		c, err := b.comparison(filepath.Join(folder, pictureFolder), q)
		if err != nil {
			return err
		}
		s.Comparisons = append(s.Comparisons, c)
		if b.options.Progress != nil {
			b.options.Progress(i+1, len(chosen))
		}
	}
	// In the order of their random names: the order of the choice would tell the task.
	slices.SortFunc(s.Comparisons, func(x, y Comparison) int { return strings.Compare(x.ID, y.ID) })
	if err := writeJSON(filepath.Join(folder, designFile), s.Design, 0o666); err != nil {
		return err
	}
	return writeJSON(filepath.Join(folder, keyFile), s.Key, 0o600)
}

// comparison writes the pictures of a question and says what to serve. A coin of the secret decides which method is first.
func (b *builder) comparison(folder string, q question) (Comparison, error) {
	secret, item := b.study.Key.Secret, q.item
	c := Comparison{ID: secret.Name("comparison", q.kind, item.ID), Question: q.kind}
	first, second := b.archive.Methods[0], b.archive.Methods[1]
	if secret.bit("first", c.ID) {
		first, second = second, first
	}
	b.study.Key.Sides[c.ID] = Sides{Item: item.ID, Task: item.Task, First: first}
	if q.kind == QuestionLabels {
		c.First.Labels, c.Second.Labels = labelNames(item.Labels[first]), labelNames(item.Labels[second])
		var err error
		c.Target, err = b.publish(folder, c.ID, PictureTarget, item.Pictures[PictureTarget])
		return c, err
	}
	var err error
	if c.First.Picture, err = b.publish(folder, c.ID, "first", item.Pictures[first]); err != nil {
		return c, err
	}
	c.Second.Picture, err = b.publish(folder, c.ID, "second", item.Pictures[second])
	return c, err
}

func (b *builder) publish(folder, comparison, role, name string) (*Picture, error) {
	m, err := b.picture(name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		return nil, err
	}
	served := b.study.Key.Secret.Name("picture", comparison, role) + ".png"
	return &Picture{served, m.Rect.Dx(), m.Rect.Dy()}, writeNew(filepath.Join(folder, served), out.Bytes(), 0o666)
}

func writeJSON(path string, value any, mode os.FileMode) error {
	data, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err
	}
	return writeNew(path, append(data, '\n'), mode)
}

// writeNew writes a file of a folder that takes its name only when all are there.
func writeNew(path string, data []byte, mode os.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// BuildFile is Build of the material at a path.
func BuildFile(material, path string, o BuildOptions) (*Study, error) {
	a, err := OpenMaterial(material)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return Build(a, path, o)
}
