package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/models/recognizers"
	"transfera/models/weights"
)

const paper = "../../experiments/paper"

// paperClasses are those of the miniature ImageNet; halves of them have two each.
const paperClasses = 4

// photographs returns n photographs as JPEG files: ImageNet's own where the shared data is there, drawn ones elsewhere.
func photographs(t *testing.T, n int) [][]byte {
	t.Helper()
	archive, err := os.Open("../../../shared/data/imagenet-samples.tar")
	if errors.Is(err, os.ErrNotExist) {
		t.Log("no imagenet-samples.tar: the pictures are drawn")
		return drawn(t, n)
	}
	require.NoError(t, err)
	defer archive.Close()
	var files [][]byte
	for in := tar.NewReader(archive); len(files) < n; {
		header, err := in.Next()
		require.NoError(t, err)
		if strings.EqualFold(filepath.Ext(header.Name), ".jpeg") || strings.EqualFold(filepath.Ext(header.Name), ".jpg") {
			file, err := io.ReadAll(in)
			require.NoError(t, err)
			files = append(files, file)
		}
	}
	return files
}

func drawn(t *testing.T, n int) [][]byte {
	t.Helper()
	var files [][]byte
	for k := range n {
		m := image.NewRGBA(image.Rect(0, 0, 320+k, 260))
		for i := range m.Bounds().Dx() * 260 {
			x, y := i%m.Bounds().Dx(), i/m.Bounds().Dx()
			m.Set(x, y, color.RGBA{uint8(x + 7*k), uint8(y * (k + 1)), uint8(x * y >> 6), 255})
		}
		var file bytes.Buffer
		require.NoError(t, jpeg.Encode(&file, m, nil))
		files = append(files, file.Bytes())
	}
	return files
}

// greyscale encodes a picture with a single channel, as some of ImageNet's are.
func greyscale(t *testing.T, file []byte) []byte {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	grey := image.NewGray(m.Bounds())
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			grey.Set(x, y, m.At(x, y))
		}
	}
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, grey, nil))
	return out.Bytes()
}

// published are torchvision's names of the weights that the paper's suite takes, by architecture.
var published = map[string]string{
	"resnet18": "resnet18-f37072fd.pth", "resnet50": "resnet50-0676ba61.pth", "resnet101": "resnet101-63fe2227.pth",
	"densenet121": "densenet121-a639ec97.pth", "vgg16_bn": "vgg16_bn-6c64b313.pth", "vgg16": "vgg16-397923af.pth",
}

// miniature makes trees with the layouts of ImageNet, of an ImageFolder and of VOC, and random weights of the architectures
// under torchvision's names, and returns the flags that name them.
func miniature(t *testing.T, architectures ...string) []string {
	t.Helper()
	root := t.TempDir()
	imagenet, other, weightsFolder := filepath.Join(root, "imagenet"), filepath.Join(root, "other"), filepath.Join(root, "weights")
	files := photographs(t, 3*paperClasses)
	miniatureVOC(t, filepath.Join(root, "voc"), files[0])
	for class := range paperClasses {
		wnid := fmt.Sprintf("n0000000%d", class)
		write(t, filepath.Join(imagenet, "train", wnid, wnid+"_1.JPEG"), string(files[3*class]))
		write(t, filepath.Join(imagenet, "val", wnid, "ILSVRC2012_val_1.JPEG"), string(files[3*class+1]))
		write(t, filepath.Join(other, "train", fmt.Sprint(class%2), fmt.Sprint(class, ".jpg")), string(files[3*class+2]))
		write(t, filepath.Join(other, "val", fmt.Sprint(class%2), fmt.Sprint(class, ".jpg")), string(files[3*class]))
	}
	write(t, filepath.Join(imagenet, "train", "n00000000", "n00000000_2.JPEG"), string(greyscale(t, files[2])))
	write(t, filepath.Join(imagenet, "val", "n00000001", "ILSVRC2012_val_2.JPEG"), string(files[5][:len(files[5])/3])) // truncated
	require.NoError(t, os.MkdirAll(weightsFolder, 0o777))
	for _, arch := range architectures {
		architecture, err := recognizers.Named(arch)
		require.NoError(t, err)
		require.NoError(t, weights.SaveSafetensors(filepath.Join(weightsFolder, published[arch]), architecture.New(1, paperClasses, nil).Dict(), nil))
	}
	return []string{"--data", "imagenet=" + imagenet, "--data", "other=" + other, "--data", "voc=" + filepath.Join(root, "voc"), "--weights", weightsFolder}
}

// miniatureVOC writes one image into each of the sets that the paper's suite asks for.
func miniatureVOC(t *testing.T, folder string, file []byte) {
	t.Helper()
	size, err := jpeg.DecodeConfig(bytes.NewReader(file))
	require.NoError(t, err)
	for _, set := range []struct{ year, name, id string }{
		{"VOC2007", "trainval", "000005"}, {"VOC2007", "test", "000001"}, {"VOC2012", "trainval", "2008_000002"},
	} {
		write(t, filepath.Join(folder, set.year, "ImageSets", "Main", set.name+".txt"), set.id+"\n")
		write(t, filepath.Join(folder, set.year, "JPEGImages", set.id+".jpg"), string(file))
		write(t, filepath.Join(folder, set.year, "Annotations", set.id+".xml"), fmt.Sprintf(`<annotation>
	<filename>%s.jpg</filename>
	<size><width>%d</width><height>%d</height><depth>3</depth></size>
	<object><name>dog</name><difficult>0</difficult><bndbox><xmin>20</xmin><ymin>30</ymin><xmax>%d</xmax><ymax>%d</ymax></bndbox></object>
	<object><name>person</name><difficult>1</difficult><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>60</xmax><ymax>90</ymax></bndbox></object>
</annotation>
`, set.id, size.Width, size.Height, size.Width/2, size.Height-5))
	}
}

// oneStep makes every training of the paper's suite one step on one image.
func oneStep() []string {
	set := []string{"training.batch=1", "training.steps=1", "training.epochs=0", "training.schedule=[]"}
	detectors := []string{"faster-rcnn-resnet18", "faster-rcnn-resnet50", "faster-rcnn-resnet101", "faster-rcnn-vgg16"}
	for _, name := range append([]string{"resnet18-a", "resnet18-b", "resnet18-other", "resnet50-other"}, detectors...) {
		for _, value := range []string{"batch=1", "steps=1", "epochs=0", "schedule=[]"} {
			set = append(set, "recognizers."+name+".train."+value)
		}
	}
	var flags []string
	for _, value := range set {
		flags = append(flags, "--set", value)
	}
	return append(flags, anyWeights()...)
}

// anyWeights takes weights whatever their checksums, for they are random.
func anyWeights() (flags []string) {
	for _, name := range []string{
		"resnet18", "resnet50", "resnet101", "densenet121", "vgg16_bn",
		"faster-rcnn-resnet18", "faster-rcnn-resnet50", "faster-rcnn-resnet101", "faster-rcnn-vgg16",
	} {
		flags = append(flags, "--set", "recognizers."+name+".sha256=null")
	}
	return flags
}

// Every spec goes through the code that full ImageNet takes: its layout, crops of 224 pixels, every network in its real size,
// every table. Super-resolution, on small inputs, stands for the other tasks, which have one source here: with five, a
// variable TRANSFERA_PAPER=all, they take a quarter of an hour (and -timeout 60m).
func TestPaperRunsOnAMiniatureImageNet(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: every spec of the paper's suite")
	}
	p := newPlace(t)
	trees := miniature(t, slices.Sorted(maps.Keys(published))...)
	whole := slices.Concat([]string{"plan", paper, "--no-probe", "--gpus", "8"}, anyWeights(), trees, newPlace(t).flags("--set", "datasets.imagenet.options.on_bad_image=skip"))
	planned := transfera(t, whole...)
	require.NoError(t, planned.err, planned.stderr)
	isAsTheReadmeSays(t, planned.stdout)

	flags := append(oneStep(), trees...)
	flags = append(flags, "--cache", p.cache, "--out", p.out, "--device", "cpu", "--set", "datasets.voc.options.short_side=120")
	refused := transfera(t, append([]string{"run", paper + "/quality.yaml", "--set", "methods=[none]", "--set", "tasks=[sr]"}, flags...)...)
	require.Error(t, refused.err, "a picture is truncated, and the policy is fail")
	assert.Contains(t, refused.stderr, "ILSVRC2012_val_2.JPEG")

	flags = append(flags, "--set", "datasets.imagenet.options.on_bad_image=skip")
	checked := transfera(t, append([]string{"check", paper}, flags...)...)
	require.NoError(t, checked.err, checked.stderr)
	assert.Contains(t, checked.stdout, "dataset imagenet, val: 4 images")
	assert.Contains(t, checked.stdout, "left out n00000001/ILSVRC2012_val_2.JPEG")

	full := os.Getenv("TRANSFERA_PAPER") == "all"
	tasks := []string{"sr", "dn", "jpeg"}
	if !full {
		flags = append(flags, "--set", "tasks=[dn, jpeg]")
		got := transfera(t, append([]string{"run", paper + "/architectures.yaml", "--set", "sources=[resnet18]"}, flags...)...)
		require.NoError(t, got.err, got.stderr)
		for _, task := range []string{"dn", "jpeg"} {
			for _, method := range []string{"ra,0.001", "ra-unsupervised,10", "ra-transformer,0.01"} {
				assert.Contains(t, p.read(t, "cells.csv"), "\narchitectures,0,"+task+","+method+",resnet18,vgg16_bn,imagenet,top1,")
			}
		}
		tasks = []string{"sr"}
		flags = append(flags, "--set", "tasks=[sr]") // the last one counts
	}
	planned = transfera(t, append([]string{"plan", paper, "--no-probe"}, flags...)...)
	require.NoError(t, planned.err, planned.stderr)
	assert.Regexp(t, `(?m)^estimate: .* of disk for the results$`, planned.stdout)

	got := transfera(t, append([]string{"run", part(t, func(file string) bool { return !detects(file) })}, flags...)...)
	require.NoError(t, got.err, got.stderr)
	assert.Contains(t, got.stdout, "P trained against ResNet-18")
	assert.Contains(t, p.read(t, "run.log"), "left out n00000001/ILSVRC2012_val_2.JPEG")
	cells := p.read(t, "cells.csv")
	for _, task := range tasks {
		for _, cell := range []string{
			"architectures,0," + task + ",ra-transformer,0.01,vgg16_bn,densenet121,imagenet,top1,",
			"categories-a,0," + task + ",ra,0.001,resnet18-a,resnet18-b,imagenet-b,top1,",
			"categories-b,0," + task + ",plain,0,,resnet18-a,imagenet-a,top1,",
			"datasets,0," + task + ",ra-unsupervised,10,resnet18,resnet50-other,other,top5,",
		} {
			assert.Contains(t, cells, "\n"+cell)
		}
	}
	assert.Contains(t, cells, "\nprocessors,0,sr,ra,0.001,resnet18,,imagenet,psnr,")
	table := p.read(t, "tables/architectures.txt")
	assert.Contains(t, table, "61.8", "the published number stands beside ours")
}

// detects tells whether a spec of the paper's suite needs detectors.
func detects(file string) bool { return strings.Contains(file, "detection") }

// part is a folder with the specs of the paper's suite that are kept, and what they share. Comparisons of boundaries are
// not among them: there is no image that networks with random weights all recognize.
func part(t *testing.T, keep func(file string) bool) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "paper")
	files, err := filepath.Glob(paper + "/*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		name := filepath.Base(file)
		if !strings.HasPrefix(name, "base") && (name == "boundary.yaml" || !keep(name)) {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		write(t, filepath.Join(folder, name), string(text))
	}
	return folder
}

// Detection goes through VOC's layout, the backbones of published classifiers and the real networks, on small images of one
// task. VGG-16 and ResNet-18 stand for all four detectors, unless TRANSFERA_PAPER is all.
func TestPaperDetectsOnAMiniatureVOC(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes: every detection spec of the paper's suite")
	}
	p := newPlace(t)
	flags := append(oneStep(), miniature(t, slices.Sorted(maps.Keys(published))...)...)
	flags = append(flags, "--cache", p.cache, "--out", p.out, "--device", "cpu", "--set", "datasets.voc.options.short_side=120",
		"--set", "datasets.imagenet.options.on_bad_image=skip", "--set", "tasks=[jpeg]",
		"--jobs", "1", "--threads", "2") // two trainings with VGG-16 at once take 10 GB
	run := func(file, cell string, more ...string) {
		t.Helper()
		got := transfera(t, slices.Concat([]string{"run", paper + "/" + file}, flags, more)...)
		require.NoError(t, got.err, got.stderr)
		assert.Contains(t, p.read(t, "cells.csv"), "\n"+cell)
	}
	few := []string{"--set", "sources=[faster-rcnn-resnet18]", "--set", "evaluators=[faster-rcnn-resnet18, faster-rcnn-vgg16]"}
	if os.Getenv("TRANSFERA_PAPER") == "all" {
		few = nil
	}
	run("detection-architectures.yaml", "detection-architectures,0,jpeg,ra-transformer,0.01,faster-rcnn-resnet18,faster-rcnn-vgg16,voc,map07,", few...)
	run("detection-quality.yaml", "detection-quality,0,jpeg,ra,0.001,faster-rcnn-resnet18,,voc,ssim,")
	run("detection-to-classification.yaml", "detection-to-classification,0,jpeg,ra,0.001,faster-rcnn-resnet18,densenet121,imagenet,top1,",
		"--set", "evaluators=[resnet18, densenet121]")
	if few != nil {
		few = few[2:]
	}
	run("classification-to-detection.yaml", "classification-to-detection,0,jpeg,ra,0.001,resnet18,faster-rcnn-vgg16,voc,map,", few...)
	if few == nil {
		run("detection-same-model.yaml", "detection-same-model,0,jpeg,ra,0.001,faster-rcnn-vgg16,faster-rcnn-vgg16,voc,map07,")
	}
}

// isAsTheReadmeSays compares the plan of the whole suite with the README's account of it.
func isAsTheReadmeSays(t *testing.T, said string) {
	t.Helper()
	stages := regexp.MustCompile(`(?m)^(\d+) stages: 0 cached`).FindStringSubmatch(said)
	disk := regexp.MustCompile(`(\d+) MB of disk`).FindStringSubmatch(said)
	require.NotNil(t, stages, said)
	require.NotNil(t, disk, said)
	trained := len(regexp.MustCompile(`(?m)^to compute +processor `).FindAllString(said, -1))
	megabytes, err := strconv.Atoi(disk[1])
	require.NoError(t, err)
	readme := document(t, "README.md")
	assert.Contains(t, readme, fmt.Sprintf("the suite is %s stages, of which %d train a P", stages[1], trained))
	assert.Contains(t, readme, fmt.Sprintf("%.1f GB of networks", float64(megabytes)/1000))
	assert.Contains(t, said, "hours with 8 GPUs")
}

func TestPaperSaysWhatToDownloadAndWhereItGoes(t *testing.T) {
	got := transfera(t, "check", paper)
	require.Error(t, got.err)
	for _, text := range []string{
		"dataset imagenet has no path", "--data imagenet=PATH", "ILSVRC2012_img_train.tar", "DIR/train/<wnid>/*.JPEG",
		"the weights of vgg16_bn are nowhere", "--weights DIR", "https://download.pytorch.org/models/vgg16_bn-6c64b313.pth",
		"--data other=PATH", "--data voc=PATH", "VOCtrainval_11-May-2012.tar", "the backbone of faster-rcnn-vgg16 is nowhere",
	} {
		assert.Contains(t, got.stderr, text)
	}
}
