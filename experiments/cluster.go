package experiments

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Cluster says what stages ask for when a cluster computes them. It changes no result and is part of no stage's key.
type Cluster struct {
	// Partition and Account that jobs belong to, "" for the cluster's defaults.
	Partition string `yaml:"partition,omitempty" doc:"Partition of the jobs; default the cluster's."`
	Account   string `yaml:"account,omitempty" doc:"Account that the jobs are charged to; default the cluster's."`
	// Options are further options of sbatch.
	Options []string `yaml:"options,omitempty" doc:"Further options of sbatch, such as --qos=long." check:"scalar,unique"`
	// Resources per kind of stage; [Cluster.ResourcesOf] fills in the others.
	Resources map[string]Resources `yaml:"resources,omitempty" doc:"What the stages of a kind ask for; default holds for all that a kind does not say itself." check:"keys=stage"`
}

// Resources are what one job asks for. Zero values ask for nothing in particular, and do not come over a default.
type Resources struct {
	// CPUs are cores.
	CPUs int `yaml:"cpus,omitempty" doc:"CPU cores of a job; default 1." check:">=1"`
	// Memory such as 16GiB.
	Memory string `yaml:"memory,omitempty" doc:"Memory of a job, such as 16GiB; default the cluster's." check:"of=memory"`
	// GPUs of the node that runs the job; nil is not said, which 0 is.
	GPUs *int `yaml:"gpus,omitempty" doc:"GPUs of a job; default none." check:">=0"`
	// Time such as 4h, 90m or 1d12h.
	Time string `yaml:"time,omitempty" doc:"Longest time of a job, such as 90m, 4h or 1d12h; default the cluster's." check:"of=time"`
}

// DefaultResources is the word that stands for every kind of stage.
const DefaultResources = "default"

// ResourcesOf is what stages of a kind ask for: what their kind says, over what default says. A nil cluster asks for one core.
func (c *Cluster) ResourcesOf(kind string) Resources {
	if c == nil {
		return Resources{CPUs: 1}
	}
	own, fallback := c.Resources[kind], c.Resources[DefaultResources]
	return Resources{
		CPUs:   cmp.Or(own.CPUs, fallback.CPUs, 1),
		Memory: cmp.Or(own.Memory, fallback.Memory),
		GPUs:   cmp.Or(own.GPUs, fallback.GPUs),
		Time:   cmp.Or(own.Time, fallback.Time),
	}
}

var (
	memorySize = regexp.MustCompile(`^[1-9][0-9]{0,6}(M|G|T)iB$`)
	longest    = regexp.MustCompile(`^([0-9]{1,4}d)?([0-9]{1,4}h)?([0-9]{1,5}m)?$`)
)

// Mebibytes is Memory in MiB, 0 where none is asked for.
func (r Resources) Mebibytes() int64 {
	if !memorySize.MatchString(r.Memory) {
		return 0
	}
	n, _ := strconv.ParseInt(r.Memory[:len(r.Memory)-3], 10, 64) // the expression holds
	return n << (10 * strings.IndexByte("MGT", r.Memory[len(r.Memory)-3]))
}

// Duration is Time, 0 where none is asked for.
func (r Resources) Duration() time.Duration {
	total := time.Duration(0)
	for i, part := range longest.FindStringSubmatch(r.Time) {
		if i > 0 && part != "" {
			n, _ := strconv.Atoi(part[:len(part)-1]) // the expression holds
			total += time.Duration(n) * [...]time.Duration{24 * time.Hour, time.Hour, time.Minute}[i-1]
		}
	}
	return total
}

// reserved are the options of sbatch that the executor sets itself, or that would lose it the job.
var reserved = []string{
	"--array", "-a", "--chdir", "-D", "--comment", "--dependency", "-d", "--error", "-e", "--hold", "-H", "--job-name", "-J",
	"--kill-on-invalid-dep", "--nodes", "-N", "--ntasks", "-n", "--output", "-o", "--parsable", "--test-only", "--wait", "-W", "--wrap",
	"--clusters", "-M",
}

// inSpec are options that have keys of their own.
var inSpec = map[string]string{
	"--partition": "partition", "-p": "partition", "--account": "account", "-A": "account",
	"--cpus-per-task": "resources", "-c": "resources", "--mem": "resources", "--time": "resources", "-t": "resources",
	"--gpus": "resources", "-G": "resources", "--gres": "resources",
}

// cluster checks the options that are passed on to sbatch, and that jobs have time.
func (c *checker) cluster() {
	if c.e.Cluster == nil {
		return
	}
	for i, option := range c.e.Cluster.Options {
		name, _, _ := strings.Cut(option, "=")
		if strings.HasPrefix(name, "-") && !strings.HasPrefix(name, "--") && len(name) > 2 {
			name = name[:2] // as in -Jname
		}
		switch {
		case !strings.HasPrefix(option, "-"):
			c.fails(fmt.Sprintf("%s is no option of sbatch", quote(option)), "options begin with - and hold their value, as in --qos=long", "cluster", "options", i)
		case slices.Contains(reserved, name):
			c.fails(fmt.Sprintf("%s is set for every job by transfera itself", name), "leave it out", "cluster", "options", i)
		case inSpec[name] != "":
			c.fails(fmt.Sprintf("%s has a key of its own", name), "write it under cluster: "+inSpec[name], "cluster", "options", i)
		}
	}
	for _, kind := range sortedKeys(c.e.Cluster.Resources) {
		if r := c.e.Cluster.Resources[kind]; r.Time != "" && longest.MatchString(r.Time) && r.Duration() == 0 {
			c.fails("a job of no length can compute nothing", "leave time out for the cluster's default", "cluster", "resources", kind, "time")
		}
	}
}
