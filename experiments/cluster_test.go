package experiments

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestResourcesOfAKindComeOverTheDefault(t *testing.T) {
	e := loaded(t, `
extends: BASE
cluster:
  options: --qos=long
  resources:
    default: {cpus: 2, memory: 512MiB, time: 90m, gpus: 2}
    processor: {memory: 16GiB, gpus: 1, time: 1d2h}
    recognizer: {gpus: 0}
`, Options{Set: []string{"cluster.resources.processor.cpus=8"}})
	gpus := func(n int) *int { return &n }
	assert.Equal(t, []string{"--qos=long"}, e.Cluster.Options)
	assert.Equal(t, Resources{CPUs: 8, Memory: "16GiB", GPUs: gpus(1), Time: "1d2h"}, e.Cluster.ResourcesOf("processor"))
	assert.Equal(t, int64(16<<10), e.Cluster.ResourcesOf("processor").Mebibytes())
	assert.Equal(t, 26*time.Hour, e.Cluster.ResourcesOf("processor").Duration())
	assert.Equal(t, Resources{CPUs: 2, Memory: "512MiB", GPUs: gpus(2), Time: "90m"}, e.Cluster.ResourcesOf("quality"))
	assert.Equal(t, 90*time.Minute, e.Cluster.ResourcesOf("quality").Duration())
	assert.Equal(t, gpus(0), e.Cluster.ResourcesOf("recognizer").GPUs, "none is not the same as not said")
	assert.Equal(t, Resources{CPUs: 1}, loaded(t, "extends: BASE", Options{}).Cluster.ResourcesOf("quality"))
	assert.Zero(t, Resources{}.Mebibytes())
	assert.Zero(t, Resources{}.Duration())
}

func TestMistakesOfAClusterAreNamed(t *testing.T) {
	cases := map[string]struct{ cluster, place, summary, suggestion string }{
		"kind of stage":   {"{resources: {procesor: {cpus: 1}}}", "2:23", `unknown kind of stage "procesor"`, "processor"},
		"key":             {"{partitions: gpu}", "2:11", `unknown key "partitions"`, "partition"},
		"resource":        {"{resources: {default: {memmory: 1GiB}}}", "2:33", `unknown key "memmory"`, "memory"},
		"memory":          {"{resources: {default: {memory: 16GB}}}", "2:41", `"16GB" is no amount of memory`, ""},
		"time":            {"{resources: {default: {time: 1:30}}}", "2:39", `"1:30" is no length of time`, ""},
		"no time":         {"{resources: {default: {time: 0m}}}", "2:39", "a job of no length can compute nothing", ""},
		"cores":           {"{resources: {default: {cpus: 0}}}", "2:39", "cluster.resources.default.cpus must be at least 1, not 0", ""},
		"no option":       {"{options: [qos=long]}", "2:21", `"qos=long" is no option of sbatch`, ""},
		"own option":      {"{options: [--array=0-3]}", "2:21", "--array is set for every job by transfera itself", ""},
		"short option":    {"{options: [-Jname]}", "2:21", "-J is set for every job by transfera itself", ""},
		"option of a key": {"{options: [--mem=4G]}", "2:21", "--mem has a key of its own", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, diags := Load(written(t, "extends: BASE\ncluster: "+c.cluster), testNames(), Options{})
			if assert.Len(t, diags, 1) {
				assert.Equal(t, c.place, place(diags[0]))
				assert.Equal(t, c.summary, diags[0].Summary)
				assert.Equal(t, c.suggestion, diags[0].Suggestion)
			}
		})
	}
}
