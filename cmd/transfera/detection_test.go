package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const objects = "testdata/objects"

// scenes makes a folder of generated scenes in the layout of VOC and returns the flag that names it.
func scenes(t *testing.T) []string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "scenes")
	got := transfera(t, "generate", "shapes-detection", "--out", dir, "--option", "size=70", "--option", "train=5", "--option", "val=4")
	require.NoError(t, got.err, got.stderr)
	return []string{"--data", "files=" + dir}
}

// Every task and method with a detector as source, files that need padding, and both directions between classification and
// detection.
func TestDetectorsAreRecognizersLikeOthers(t *testing.T) {
	flags := scenes(t)
	first := newPlace(t)
	got := first.run(t, objects, flags...)
	require.NoError(t, got.err, got.stderr)
	cells := first.read(t, "cells.csv")
	for _, task := range []string{"sr,none,,", "dn,plain,0,", "jpeg,ra,1,detector-s", "dn,ra-transformer,1,detector-s"} {
		for _, evaluator := range []string{"detector-s", "detector-m"} {
			for _, metric := range []string{"map07", "map"} {
				assert.Contains(t, cells, "\ndetection,0,"+task+","+evaluator+",objects,"+metric+",")
			}
		}
		assert.Contains(t, cells, "\ndetection,0,"+task+",,objects,psnr,")
	}
	for _, cell := range []string{
		"files,0,sr,ra,1,detector-f,detector-f,files,map07,", "files,0,dn,ra-transformer,1,detector-f,,files,ssim,",
		"from-detector,0,dn,ra,1,detector-s,resnet-s,shapes,top1,", "from-detector,0,dn,ra,1,detector-s,detector-s,objects,map07,",
		"from-classifier,0,dn,plain,0,,detector-s,objects,map07,", "from-classifier,0,dn,ra-transformer,1,resnet-s,detector-s,objects,map07,",
	} {
		assert.Contains(t, cells, "\n"+cell)
	}
	gains := first.read(t, "gains.csv")
	for _, gain := range []string{
		"detection,sr,ra,1,detector-s,detector-m,objects,map07,", "files,dn,ra,1,detector-f,detector-f,files,map07,",
		"from-detector,dn,ra-transformer,1,detector-s,resnet-s,shapes,top1,", "from-classifier,dn,ra,1,resnet-s,detector-s,objects,map07,",
	} {
		assert.Contains(t, gains, "\n"+gain)
	}
	for _, line := range strings.Split(strings.TrimSpace(cells), "\n")[1:] {
		fields := strings.Split(line, ",")
		images := map[string]string{"objects": "6", "files": "4", "shapes": "30"}[fields[7]]
		assert.Equal(t, images, fields[len(fields)-2], line)
	}

	second := newPlace(t)
	got = second.run(t, objects, append(flags, "--jobs", "2", "--loader-workers", "3")...)
	require.NoError(t, got.err, got.stderr)
	for _, name := range []string{"cells.csv", "gains.csv", "tables/detection.txt"} {
		assert.Equal(t, first.read(t, name), second.read(t, name), name)
	}
}

func TestMistakesWithObjectsAreFoundBeforeAnythingRuns(t *testing.T) {
	flags := scenes(t)
	for want, set := range map[string]string{
		"recognizer detector-f: train.batch: the images have different sizes, which a batch of 2 cannot hold; set it to 1":     "recognizers.detector-f.train.batch=2",
		"training.batch: the images have different sizes, which a batch of 3 cannot hold; set it to 1":                         "training.batch=3",
		"source detector-f tells other classes apart than those of dataset objects, on which P is trained: method ra needs to": "dataset=objects",
	} {
		p := newPlace(t)
		got := p.run(t, objects+"/files.yaml", append(flags, "--set", set, "--set", "datasets.objects.options.classes=first-half", "--set", "cross_dataset=true")...)
		require.Error(t, got.err, set)
		assert.Contains(t, got.stderr, want)
		assert.Empty(t, filesBelow(t, p.out))
	}
}
