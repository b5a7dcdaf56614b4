package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/data"
	"transfera/experiments"
	"transfera/models/nn"
	"transfera/models/weights"
)

// recipes train 7 steps, of which the third and the sixth end an epoch, with smaller batches.
var recipes = map[string]experiments.Training{
	"sgd": {
		Optimizer: "sgd", LearningRate: 0.1, Momentum: 0.9, Nesterov: true, WeightDecay: 1e-3, Batch: 8, Steps: 7, CheckpointEvery: 2,
		Schedule: []experiments.Milestone{{After: 4, Factor: 0.1}},
	},
	"adam": {Optimizer: "adam", LearningRate: 1e-2, Betas: []float64{0.9, 0.999}, Batch: 8, Steps: 7, CheckpointEvery: 2},
}

// trial is a training of a small network with everything that has a state: BatchNorm, dropout, noise and augmentation. Its
// hooks see the number of the step, from 1 on.
type trial struct {
	t          *testing.T
	recipe     experiments.Training
	checkpoint string
	workers    int
	width      int
	seed       uint64
	group      *aten.Group
	sync       bool
	trained    weights.Dict
	lag        int
	loss       func(step int, logits, loss aten.Tensor) aten.Tensor // what to make of the loss
	spoil      func(b *data.Batch)                                  // what to make of a batch
	done       func(step int)
	steps      []int // that were done
	said       []string
}

func newTrial(t *testing.T, recipe experiments.Training) *trial {
	return &trial{t: t, recipe: recipe, checkpoint: filepath.Join(t.TempDir(), "checkpoint"), workers: 1, width: 4, seed: 1}
}

func (x *trial) network() *nn.Network {
	return nn.New(x.seed, func(b nn.Builder) nn.Layer {
		return nn.Sequential{
			b.ConvBN("conv", "norm", 3, x.width, 3, nn.Same(3).WithoutBias()), nn.Func(aten.ReLU), b.Dropout(0.3),
			nn.Func(func(x aten.Tensor) aten.Tensor { return aten.Mean(x, 2, 3) }), b.Linear("fc", x.width, 10),
		}
	})
}

func (x *trial) rank() int {
	if x.group == nil {
		return 0
	}
	return x.group.Rank
}

func (x *trial) ranks() int {
	if x.group == nil {
		return 1
	}
	return x.group.Size
}

// outcome is what a training came to, bit for bit.
type outcome struct {
	weights string
	course  string
	err     error
}

func (x *trial) run(ctx context.Context) outcome {
	x.t.Helper()
	aten.SetThreads(1)
	images, err := data.NewShapes(data.GeneratedOptions{Size: 16, Count: 20})
	require.NoError(x.t, err)
	noise, err := data.NewDegradation("dn", map[string]any{"sigma": 0.1})
	require.NoError(x.t, err)
	loader, err := data.NewLoader(images, noise, data.LoaderOptions{
		Batch: x.recipe.Batch, Workers: x.workers, Seed: 5, Shuffle: true, Flip: true, Shift: 2,
		Rank: x.rank(), Ranks: x.ranks(),
	})
	require.NoError(x.t, err)
	network := x.network()
	x.steps, x.said = nil, nil
	fit := &Fit{
		Recipe: x.recipe, Networks: []Network{{"net", network}}, Device: aten.CPU, Loader: loader,
		Terms: []string{"cross-entropy", "every other step"},
		Loss: func(s *aten.Scope, b *data.Batch) (aten.Tensor, []aten.Tensor) {
			if x.spoil != nil {
				x.spoil(b)
			}
			input := aten.FromFloats(s, b.Input, b.N, 3, b.InputHeight, b.InputWidth)
			logits := network.Forward(input)
			loss := aten.CrossEntropy(logits, aten.FromLongs(s, b.Labels, b.N))
			terms := []aten.Tensor{loss, {}}
			if b.Step%2 == 0 {
				terms[1] = loss
			}
			if x.loss != nil {
				loss = x.loss(b.Step+1, logits, loss)
			}
			return loss, terms
		},
		ImageName:  images.Name,
		Checkpoint: x.checkpoint,
		lag:        x.lag,
		Progress: func(share float64, words string) {
			x.said = append(x.said, words)
			if step := int(math.Round(share * 7)); step > 0 {
				x.steps = append(x.steps, step)
				if x.done != nil {
					x.done(step)
				}
			}
		},
	}
	fit.Group, fit.SyncBatchNorm = x.group, x.sync
	course, err := fit.Run(ctx)
	x.trained = network.Dict()
	got := outcome{weights: network.Dict().Checksum(), err: err}
	if course != nil {
		for i, values := range course.Values {
			got.course += course.Terms[i] + ":"
			for _, v := range values {
				got.course += fmt.Sprintf(" %08x", math.Float32bits(v))
			}
			got.course += "\n"
		}
	}
	return got
}

// whole trains without interruption.
func whole(t *testing.T, recipe experiments.Training) outcome {
	t.Helper()
	got := newTrial(t, recipe).run(t.Context())
	require.NoError(t, got.err)
	return got
}

func TestTrainingStoppedAtAnyStepEndsInTheSameBits(t *testing.T) {
	for name, recipe := range recipes {
		t.Run(name, func(t *testing.T) {
			want := whole(t, recipe)
			for stop := 1; stop < 7; stop++ {
				x := newTrial(t, recipe)
				ctx, cancel := context.WithCancelCause(t.Context())
				cause := errors.New("enough")
				x.done = func(step int) {
					if step == stop {
						cancel(cause)
					}
				}
				assert.ErrorIs(t, x.run(ctx).err, cause)
				reached := x.steps[len(x.steps)-1]
				x.done = nil
				assert.Equal(t, want, x.run(t.Context()), "stopped at step %d", stop)
				var left []int // none if the last batch was ready and so done too
				for step := reached + 1; step <= 7; step++ {
					left = append(left, step)
				}
				assert.Equal(t, left, x.steps, "no step is done twice")
			}
		})
	}
}

func TestTrainingKilledAtAnyStepEndsInTheSameBits(t *testing.T) {
	for name, recipe := range recipes {
		t.Run(name, func(t *testing.T) {
			want := whole(t, recipe)
			for kill := 1; kill <= 7; kill++ {
				x := newTrial(t, recipe)
				x.loss = func(step int, _, loss aten.Tensor) aten.Tensor {
					if step == kill {
						panic("killed")
					}
					return loss
				}
				assert.PanicsWithValue(t, "killed", func() { x.run(t.Context()) })
				x.loss = nil
				assert.Equal(t, want, x.run(t.Context()), "killed in step %d", kill)
				assert.Equal(t, (kill-1)/2*2+1, x.steps[0], "from the last checkpoint")
			}
		})
	}
}

func TestResultDoesNotDependOnTheLoadersWorkers(t *testing.T) {
	want := whole(t, recipes["sgd"])
	x := newTrial(t, recipes["sgd"])
	x.workers = 4
	assert.Equal(t, want, x.run(t.Context()))
}

func TestUnusableCheckpointStartsOverWithAMessage(t *testing.T) {
	rewrite := func(change func(file *weights.File)) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			file, err := weights.Load(path)
			require.NoError(t, err)
			change(file)
			file.Metadata["checksum"] = checksum(file.Metadata["step"], file.Tensors)
			require.NoError(t, weights.SaveSafetensors(path, file.Tensors, file.Metadata))
		}
	}
	without := func(prefix string) func(t *testing.T, path string) {
		return rewrite(func(file *weights.File) {
			var kept weights.Dict
			for _, tensor := range file.Tensors {
				if !strings.HasPrefix(tensor.Name, prefix) {
					kept = append(kept, tensor)
				}
			}
			file.Tensors = kept
		})
	}
	damages := map[string]func(t *testing.T, path string){
		"empty":     func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, nil, 0o666)) },
		"truncated": func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 1000)) },
		"with a flipped bit": func(t *testing.T, path string) {
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			content[len(content)-1] ^= 1
			require.NoError(t, os.WriteFile(path, content, 0o666))
		},
		"text": func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, []byte("hello"), 0o666)) },
		"of another network": func(t *testing.T, path string) {
			x := newTrial(t, recipes["adam"])
			x.width, x.checkpoint = 6, path
			stopped(t, x)
		},
		"of another optimizer": func(t *testing.T, path string) {
			x := newTrial(t, recipes["sgd"])
			x.checkpoint = path
			stopped(t, x)
		},
		"without step":   rewrite(func(file *weights.File) { delete(file.Metadata, "step") }),
		"beyond the end": rewrite(func(file *weights.File) { file.Metadata["step"] = "8" }),
		"with a course too long": rewrite(func(file *weights.File) {
			step, err := strconv.Atoi(file.Metadata["step"])
			require.NoError(t, err)
			file.Metadata["step"] = strconv.Itoa(step - 1)
		}),
		"without course":           without("course."),
		"without random stream":    without("stream."),
		"without half the network": without("net.fc"),
	}
	want := whole(t, recipes["adam"])
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			x := newTrial(t, recipes["adam"])
			stopped(t, x)
			damage(t, x.checkpoint)
			assert.Equal(t, want, x.run(t.Context()))
			assert.True(t, strings.HasPrefix(x.said[0], "starting over, for the checkpoint cannot be used: "+x.checkpoint), x.said[0])
			assert.Equal(t, 1, x.steps[0])
		})
	}
}

// stopped leaves a checkpoint of about the third step.
func stopped(t *testing.T, x *trial) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	x.done = func(step int) {
		if step == 3 {
			cancel()
		}
	}
	require.ErrorIs(t, x.run(ctx).err, context.Canceled)
	require.FileExists(t, x.checkpoint)
	x.done = nil
}

func TestDivergedTrainingSaysWhereAndKeepsTheLastGoodCheckpoint(t *testing.T) {
	nan := func(_, loss aten.Tensor) aten.Tensor { return aten.MulScalar(loss, math.NaN()) }
	infinite := func(_, loss aten.Tensor) aten.Tensor { return aten.MulScalar(loss, math.Inf(1)) }
	// The square root of 0 has the value 0 and the derivative infinity: only the weights after the step are broken.
	gradient := func(logits, loss aten.Tensor) aten.Tensor {
		return aten.Add(loss, aten.Sum(aten.Pow(aten.Sub(logits, logits.Detach()), 0.5)))
	}
	// So large a gradient has no square in float32: the mean of squares is broken, and the step 0.
	steep := func(logits, loss aten.Tensor) aten.Tensor {
		return aten.Add(loss, aten.MulScalar(aten.Sum(aten.Sub(logits, logits.Detach())), 1e25))
	}
	cases := map[string]struct {
		spoil    func(logits, loss aten.Tensor) aten.Tensor
		step     int
		want     string
		from     int // the step that a repaired training begins with
		lastStep int
	}{
		"no number":                   {nan, 5, "the loss is NaN in step 5 (epoch 2; images ", 5, 4},
		"infinity":                    {infinite, 4, "the loss is +Inf in step 4 (epoch 2; images ", 3, 3},
		"weights at a checkpoint":     {gradient, 4, "net.conv.weight is no longer finite in step 4 (epoch 2; images ", 3, 3},
		"weights between checkpoints": {gradient, 3, "net.conv.weight is no longer finite in step 3 (epoch 1; images ", 3, 2},
		"weights at the end":          {gradient, 7, "net.conv.weight is no longer finite in step 7 (epoch 3; images ", 7, 6},
		"squares of gradients":        {steep, 4, "optimizer.0.exp_avg_sq is no longer finite in step 4 (epoch 2; images ", 3, 3},
	}
	want := whole(t, recipes["adam"])
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			x := newTrial(t, recipes["adam"])
			x.loss = func(step int, logits, loss aten.Tensor) aten.Tensor {
				if step == c.step {
					return c.spoil(logits, loss)
				}
				return loss
			}
			got := x.run(t.Context())
			require.ErrorContains(t, got.err, c.want)
			assert.Regexp(t, `images (\S+, ){3}(\S+, ){0,4}\S+\): lower learning_rate or lambda; the last checkpoint is kept$`, got.err.Error())
			assert.Equal(t, c.lastStep, x.steps[len(x.steps)-1])
			x.loss = nil
			assert.Equal(t, want, x.run(t.Context()))
			assert.Equal(t, c.from, x.steps[0])
		})
	}
}

// The images are spoiled where they are loaded, in step 4, which has 8 of the 20.
func TestDivergedTrainingNamesTheImagesThatAloneCausedIt(t *testing.T) {
	clean := newTrial(t, recipes["adam"])
	var drawn []int // the images of step 4
	clean.spoil = func(b *data.Batch) {
		if b.Step == 3 {
			drawn = b.Indices
		}
	}
	require.NoError(t, clean.run(t.Context()).err)
	require.Len(t, drawn, 8)
	images, err := data.NewShapes(data.GeneratedOptions{Size: 16, Count: 20})
	require.NoError(t, err)
	names := func(indices ...int) string {
		var list []string
		for _, i := range indices {
			list = append(list, images.Name(i))
		}
		return strings.Join(list, ", ")
	}
	nan, infinite := float32(math.NaN()), float32(math.Inf(1))
	cases := map[string]struct {
		value float32
		of    []int // places in the batch
		want  string
	}{
		"one of them":   {nan, []int{5}, "the loss is NaN in step 4 (epoch 2; 8 images, of which these alone make it so: " + names(drawn[5]) + "): lower learning_rate or lambda, or leave these images out; the last"},
		"two of them":   {infinite, []int{0, 7}, "the loss is NaN in step 4 (epoch 2; 8 images, of which these alone make it so: " + names(drawn[0], drawn[7]) + "): "},
		"all of them":   {nan, []int{0, 1, 2, 3, 4, 5, 6, 7}, "the loss is NaN in step 4 (epoch 2; images " + names(drawn...) + "): lower learning_rate or lambda; the last"},
		"by their size": {1e30, []int{2}, "net.norm.running_var is no longer finite in step 4 (epoch 2; images " + names(drawn...) + "): "},
	}
	want := whole(t, recipes["adam"])
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			x := newTrial(t, recipes["adam"])
			x.spoil = func(b *data.Batch) {
				if b.Step != 3 || b.N == 1 {
					return
				}
				for _, k := range c.of {
					size := len(b.Input) / b.N
					for i := range size {
						b.Input[k*size+i] = c.value
					}
				}
			}
			got := x.run(t.Context())
			require.ErrorContains(t, got.err, c.want)
			x.spoil = nil
			assert.Equal(t, want, x.run(t.Context()), "from the last good checkpoint")
			assert.Equal(t, 3, x.steps[0])
		})
	}
}

func TestTrainingThatBreaksBeforeItsFirstCheckpointSaysSo(t *testing.T) {
	x := newTrial(t, recipes["adam"])
	x.loss = func(_ int, _, loss aten.Tensor) aten.Tensor { return aten.MulScalar(loss, math.Inf(1)) }
	got := x.run(t.Context())
	require.ErrorContains(t, got.err, "in step 1 (epoch 1; ")
	assert.Regexp(t, "; there is no checkpoint yet$", got.err.Error())
}

func TestInterruptionDoesNotSaveBrokenWeights(t *testing.T) {
	x := newTrial(t, recipes["adam"])
	ctx, cancel := context.WithCancel(t.Context())
	x.loss = func(step int, logits, loss aten.Tensor) aten.Tensor {
		if step == 3 {
			cancel()
			return aten.Add(loss, aten.Sum(aten.Pow(aten.Sub(logits, logits.Detach()), 0.5)))
		}
		return loss
	}
	assert.Error(t, x.run(ctx).err)
	x.loss = nil
	assert.Equal(t, whole(t, recipes["adam"]), x.run(t.Context()))
}

func TestNetworksEndInEvaluationMode(t *testing.T) {
	network := newTrial(t, recipes["sgd"]).network()
	fit := &Fit{Recipe: experiments.Training{Optimizer: "sgd", LearningRate: 0.1, Batch: 1, Steps: 1}, Networks: []Network{{"net", network}}}
	images, err := data.NewShapes(data.GeneratedOptions{Size: 16, Count: 2})
	require.NoError(t, err)
	fit.Loader, err = data.NewLoader(images, nil, data.LoaderOptions{Batch: 1})
	require.NoError(t, err)
	fit.Loss = func(s *aten.Scope, b *data.Batch) (aten.Tensor, []aten.Tensor) {
		return aten.Mean(network.Forward(aten.FromFloats(s, b.Target, b.N, 3, b.Height, b.Width))), nil
	}
	fit.Progress = func(float64, string) {}
	fit.Checkpoint = filepath.Join(t.TempDir(), "checkpoint")
	_, err = fit.Run(t.Context())
	require.NoError(t, err)
	s := aten.NewScope()
	defer s.Close()
	x := aten.Full(s, 0.5, 2, 3, 16, 16)
	assert.True(t, aten.Identical(network.Forward(x), network.Forward(x)), "dropout would tell them apart")
}
