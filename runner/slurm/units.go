package slurm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"transfera/experiments"
	"transfera/runner/dag"
)

// unit is what one task computes: a stage, or several of one group.
type unit struct {
	stages []*dag.Stage
	// level is the length of the longest chain of missing stages that ends here.
	level int
	batch *batch
	task  task
	// lost is how often its job ended without a result, and killed how often Slurm gave it up for what it depends on.
	lost, killed int
	running      bool
	began        time.Time
	missed       time.Time // when it was first seen to have left the queue
}

// kind is what the job is called.
func (u *unit) kind() string { return u.stages[0].Kind }

// unitsOf makes units of stages. Stages of a group are one unit if they are equally far down the graph, so that no unit can
// come to wait for itself.
func unitsOf(stages []*dag.Stage) []*unit {
	missing, levels := map[*dag.Stage]bool{}, map[*dag.Stage]int{}
	for _, stage := range stages {
		missing[stage] = true
	}
	type place struct {
		group string
		level int
	}
	groups := map[place]*unit{}
	var units []*unit
	for _, stage := range stages {
		level := 0
		for _, input := range stage.Inputs {
			if missing[input] {
				level = max(level, levels[input]+1)
			}
		}
		levels[stage] = level
		at := place{stage.Group, level}
		if u := groups[at]; u != nil && stage.Group != "" {
			u.stages = append(u.stages, stage)
			continue
		}
		groups[at] = &unit{stages: []*dag.Stage{stage}, level: level}
		units = append(units, groups[at])
	}
	slices.SortStableFunc(units, func(a, b *unit) int { return cmp.Compare(a.level, b.level) })
	return units
}

// array is what becomes one job: tasks that ask for the same and wait for the same, or each for its own task of one other array.
type array struct {
	units   []*unit
	indices []int
	// after are units that all tasks wait for; corresponding is the job of which each task waits for the one with its index.
	after         []*unit
	corresponding string
}

// arrays divides units of one level, of which needs gives what they wait for and request what they ask for.
func arrays(units []*unit, largest int, needs func(*unit) []*unit, request func(*unit) string) []*array {
	var order []string
	same := map[string][]*unit{}
	for _, u := range units {
		key := u.kind() + "\x00" + request(u) + "\x00" + names(needs(u))
		if same[key] == nil {
			order = append(order, key)
		}
		same[key] = append(same[key], u)
	}
	var all []*array
	var single []*unit
	for _, key := range order {
		if len(same[key]) == 1 {
			single = append(single, same[key][0])
			continue
		}
		for part := range slices.Chunk(same[key], largest) {
			all = append(all, numbered(part, needs(part[0])))
		}
	}
	return append(all, corresponding(single, needs, request)...)
}

func numbered(units []*unit, after []*unit) *array {
	a := &array{units: units, after: after}
	for i := range units {
		a.indices = append(a.indices, i)
	}
	return a
}

// corresponding makes arrays of units no two of which wait for the same. Those that differ only in the task of one other array
// become one, task by task.
func corresponding(units []*unit, needs func(*unit) []*unit, request func(*unit) string) []*array {
	dependants := map[*unit]int{}
	for _, u := range units {
		for _, need := range needs(u) {
			dependants[need]++
		}
	}
	var order []string
	same, own := map[string][]*unit{}, map[*unit]*unit{}
	for i, u := range units {
		key := fmt.Sprint(i)
		if all := needs(u); len(all) > 0 {
			// what the fewest wait for is what is this unit's own
			own[u] = slices.MinFunc(all, func(a, b *unit) int { return cmp.Compare(dependants[a], dependants[b]) })
			key = u.kind() + "\x00" + request(u) + "\x00" + own[u].task.Job + "\x00" + names(without(all, own[u]))
		}
		if same[key] == nil {
			order = append(order, key)
		}
		same[key] = append(same[key], u)
	}
	var all []*array
	for _, key := range order {
		members := same[key]
		if len(members) == 1 {
			all = append(all, numbered(members, needs(members[0])))
			continue
		}
		slices.SortFunc(members, func(a, b *unit) int { return cmp.Compare(own[a].task.Index, own[b].task.Index) })
		a := &array{units: members, after: without(needs(members[0]), own[members[0]]), corresponding: own[members[0]].task.Job}
		for _, u := range members {
			a.indices = append(a.indices, own[u].task.Index)
		}
		all = append(all, a)
	}
	return all
}

func without(units []*unit, one *unit) []*unit {
	return slices.DeleteFunc(slices.Clone(units), func(u *unit) bool { return u == one })
}

// names are the tasks of units, in order.
func names(units []*unit) string {
	var all []string
	for _, u := range units {
		all = append(all, u.task.String())
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// dependency is sbatch's option that makes an array wait, "" if it need not.
func (a *array) dependency() string {
	var conditions []string
	if a.corresponding != "" {
		conditions = append(conditions, "aftercorr:"+a.corresponding)
	}
	waited := map[*batch][]string{}
	var order []*batch
	for _, u := range a.after {
		if waited[u.batch] == nil {
			order = append(order, u.batch)
		}
		waited[u.batch] = append(waited[u.batch], u.task.String())
	}
	for _, b := range order {
		if len(waited[b]) == len(b.Tasks) { // all of it
			waited[b] = []string{b.Job}
		}
		conditions = append(conditions, "afterok:"+strings.Join(waited[b], ":"))
	}
	return strings.Join(conditions, ",")
}

// ranges writes the array's indices as sbatch takes them.
func (a *array) ranges(limit int) string {
	var parts []string
	for i := 0; i < len(a.indices); {
		last := i
		for last+1 < len(a.indices) && a.indices[last+1] == a.indices[last]+1 {
			last++
		}
		if part := fmt.Sprint(a.indices[i]); last == i {
			parts = append(parts, part)
		} else {
			parts = append(parts, fmt.Sprintf("%s-%d", part, a.indices[last]))
		}
		i = last + 1
	}
	text := strings.Join(parts, ",")
	if limit > 0 {
		text += fmt.Sprintf("%%%d", limit)
	}
	return text
}

// request are the options of sbatch for what a unit asks for: of each resource the most that one of its stages does.
func request(c *experiments.Cluster, kinds []string) []string {
	var most experiments.Resources
	gpus := 0
	for _, kind := range kinds {
		r := c.ResourcesOf(kind)
		most.CPUs = max(most.CPUs, r.CPUs)
		if r.GPUs != nil {
			gpus = max(gpus, *r.GPUs)
		}
		if r.Mebibytes() > most.Mebibytes() {
			most.Memory = r.Memory
		}
		if r.Duration() > most.Duration() {
			most.Time = r.Time
		}
	}
	args := []string{"--nodes=1", "--ntasks=1", fmt.Sprintf("--cpus-per-task=%d", most.CPUs)}
	if most.Memory != "" {
		args = append(args, fmt.Sprintf("--mem=%dM", most.Mebibytes()))
	}
	if gpus > 0 {
		args = append(args, fmt.Sprintf("--gres=gpu:%d", gpus))
	}
	if most.Time != "" {
		args = append(args, fmt.Sprintf("--time=%d", int(most.Duration().Minutes())))
	}
	if c == nil {
		return args
	}
	if c.Partition != "" {
		args = append(args, "--partition="+c.Partition)
	}
	if c.Account != "" {
		args = append(args, "--account="+c.Account)
	}
	return append(args, c.Options...)
}
