package runner

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"transfera/aten"
	"transfera/experiments"
	"transfera/results"
	"transfera/results/atomicfile"
	"transfera/results/study"
	"transfera/runner/dag"
	"transfera/runner/stages"
	"transfera/runner/store"
)

// publish copies tables and figures into the output folder and removes those of earlier runs that this one does not have.
func (p *Prepared) publish(files map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data, err := os.ReadFile(files[name])
		if err != nil {
			return err
		}
		if err := atomicfile.Write(filepath.Join(p.options.Out, name), data); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(p.options.Out)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") && strings.HasSuffix(entry.Name(), ".tmp") { // left by a killed run
			if err := os.Remove(filepath.Join(p.options.Out, entry.Name())); err != nil {
				return err
			}
		}
	}
	for _, folder := range []string{"tables", "figures", study.Folder} {
		entries, err := os.ReadDir(filepath.Join(p.options.Out, folder))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, entry := range entries {
			_, wanted := files[folder+"/"+entry.Name()]
			if !wanted && !entry.IsDir() { // a folder holds what people voted
				if err := os.Remove(filepath.Join(p.options.Out, folder, entry.Name())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// manifest says how the results came about.
func (p *Prepared) manifest(outcomes []dag.Outcome) (results.Manifest, error) {
	m := results.Manifest{
		Suite: p.suite.Name, Command: p.options.Command, Overrides: p.options.Overrides,
		Code: results.CurrentCode("."), Libraries: results.Libraries(), Data: p.Plan.Sources,
		Device:  results.Device{Name: p.device(), Threads: p.options.Threads, Stages: p.options.Jobs},
		Started: p.started, Finished: time.Now(), Warnings: p.Plan.Warnings,
	}
	m.Libraries["libtorch"] = aten.LibtorchVersion()
	for _, e := range p.suite.Experiments {
		m.Profile = e.Profile
		m.Specs = append(m.Specs, results.NewSpecFile(e.File, e.Resolved))
		for _, seed := range e.Seeds {
			if !slices.Contains(m.Seeds, seed) {
				m.Seeds = append(m.Seeds, seed)
			}
		}
	}
	records := map[*dag.Stage]dag.Outcome{}
	for _, o := range outcomes {
		records[o.Stage] = o
		stage := results.Stage{Key: o.Stage.Key, Kind: o.Stage.Kind, Name: o.Stage.Name, Cached: o.Cached}
		for _, input := range o.Stage.Inputs {
			stage.Inputs = append(stage.Inputs, input.Key)
		}
		if o.Record != nil {
			stage.Seconds = o.Record.Seconds
			stage.Weights = weightsOf(o.Record)
		}
		if o.Err != nil {
			stage.Error = o.Err.Error()
		}
		m.Stages = append(m.Stages, stage)
	}
	for _, r := range p.Plan.Recognizers {
		if records[r.Clean].Record == nil {
			continue
		}
		clean, err := stages.Measured(p.env.Store, r.Clean)
		if err != nil {
			return m, err
		}
		recognizer := results.Recognizer{
			Name: r.Name, Architecture: cmp.Or(r.Spec.Arch, "service"), Dataset: r.Dataset, Weights: origin(r.Spec), Clean: clean,
		}
		if record := records[r.Stage].Record; record != nil {
			recognizer.Checksum = record.Files[stages.WeightsFile]
		}
		m.Recognizers = append(m.Recognizers, recognizer)
	}
	return m, nil
}

// weightsOf lists the networks among a result's files with their checksums.
func weightsOf(record *store.Record) map[string]string {
	if record.Kind != "recognizer" && record.Kind != "processor" {
		return nil
	}
	weights := map[string]string{}
	for file, sum := range record.Files {
		if filepath.Ext(file) == ".safetensors" {
			weights[file] = sum
		}
	}
	return weights
}

// origin says where a recognizer's weights are from.
func origin(spec experiments.Recognizer) string {
	if spec.Service != nil {
		return "asked at " + spec.Service.URL
	}
	if spec.Train != nil {
		return "trained here"
	}
	return filepath.Base(spec.Weights)
}
