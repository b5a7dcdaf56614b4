package training

import (
	"fmt"

	"transfera/aten"
	"transfera/experiments"
)

// steps is the length of a recipe in optimizer steps.
func steps(recipe experiments.Training, perEpoch int) int {
	if recipe.Steps > 0 {
		return recipe.Steps
	}
	return recipe.Epochs * perEpoch
}

// learningRate is that of step, counted from 0.
func learningRate(recipe experiments.Training, step, perEpoch int) float64 {
	done := step
	if recipe.Epochs > 0 {
		done = step / perEpoch
	}
	rate := recipe.LearningRate
	for _, milestone := range recipe.Schedule {
		if done >= milestone.After {
			rate = recipe.LearningRate * milestone.Factor
		}
	}
	return rate
}

// newOptimizer makes the recipe's optimizer of all networks' parameters.
func (f *Fit) newOptimizer() (*aten.Optimizer, error) {
	var parameters []aten.Tensor
	for _, n := range f.Networks {
		parameters = append(parameters, n.Parameters()...)
	}
	r := f.Recipe
	switch r.Optimizer {
	case "adam":
		adam := aten.NewAdam(parameters, r.LearningRate, r.Betas[0], r.Betas[1], r.WeightDecay)
		if !f.Device.IsCPU() {
			adam.SetAdamWay(aten.AdamFused)
		}
		return adam, nil
	case "sgd":
		return aten.NewSGD(parameters, r.LearningRate, r.Momentum, r.WeightDecay, r.Nesterov), nil
	}
	return nil, fmt.Errorf("no optimizer %q", r.Optimizer)
}

// Optimizers are the optimizers of recipes, for specs.
var Optimizers = map[string]experiments.Optimizer{
	"adam": {Doc: "Adam (Kingma and Ba 2015), epsilon 1e-8.", Settings: []string{"betas"}},
	"sgd":  {Doc: "Stochastic gradient descent.", Settings: []string{"momentum", "nesterov"}},
}
