package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// matchup is a way to measure a step: how both programs do it, and what the other one is called.
type matchup struct {
	name, peer string
	ours, its  mode
}

// best is the fastest that specs can ask for.
var best = mode{Precision: "bf16", ChannelsLast: true, CUDAGraph: true}

var matchups = []matchup{
	{"default", "PyTorch", mode{}, mode{}},
	{"float32", "PyTorch fp32", mode{}, mode{Precision: "fp32"}},
	{"eager", "PyTorch fp32", best, mode{Precision: "fp32"}},
	{"tf32", "PyTorch tf32", best, mode{Precision: "tf32"}},
	{"bf16", "PyTorch bf16 channels-last", best, mode{Precision: "bf16", ChannelsLast: true}},
	{"compile", "torch.compile bf16 channels-last", best, mode{Precision: "bf16", ChannelsLast: true, Compile: true}},
}

func modeNames() (names []string) {
	for _, m := range matchups {
		names = append(names, m.name)
	}
	return names
}

// peer names the program that the problem is measured beside.
func (p problem) peer() string {
	for _, m := range matchups {
		if m.its == p.PeerMode {
			return m.peer
		}
	}
	return "PyTorch"
}

// chosen lists the problems that the options ask for: each step for every size of batch and mode, the others for every size.
func (o options) chosen() (list []problem, err error) {
	sizes := strings.Split(o.batches, ",")
	for _, text := range sizes {
		batch, err := strconv.Atoi(text)
		if err != nil || batch < 1 {
			return nil, fmt.Errorf("batch %q is no number of images", text)
		}
		works, err := choose(problems(o.size, batch), o.works)
		if err != nil {
			return nil, err
		}
		for _, p := range works {
			if len(sizes) > 1 {
				p.Work = fmt.Sprintf("%s batch %d", p.Work, batch)
			}
			if p.Kind != "step" {
				list = append(list, p)
				continue
			}
			for name := range strings.SplitSeq(o.modes, ",") {
				i := slices.IndexFunc(matchups, func(m matchup) bool { return m.name == name })
				if i < 0 {
					return nil, fmt.Errorf("no mode %q; known are %s", name, strings.Join(modeNames(), ", "))
				}
				p := p
				p.Mode, p.PeerMode = matchups[i].ours, matchups[i].its
				p.Mode.CUDAGraph = p.Mode.CUDAGraph && o.device != "cpu"
				list = append(list, p)
			}
		}
	}
	return list, nil
}

// images is how many images one run works on, 0 where that makes no sense.
func (p problem) images() int {
	switch {
	case p.Kind == "step":
		return p.Batch
	case p.Kind == "loader" && p.Images == "":
		return generatedImages
	}
	return 0
}

// speed is how many images per second we train on.
func (r result) speed() string {
	if r.Images == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", float64(r.Images)/r.Ours)
}
