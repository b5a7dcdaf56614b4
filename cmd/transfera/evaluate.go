package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"transfera/runner"
	"transfera/runner/classifier"
	"transfera/runner/progress"
)

func newEvaluate() *cobra.Command {
	var o runner.EvaluateOptions
	var asJSON bool
	c := &cobra.Command{
		Use:   "evaluate --arch NAME --weights FILE --data DIR",
		Short: "Judge the images of a folder by one recognizer",
		Long: `evaluate counts how many images of an ImageFolder split (one sub-folder per class) a recognizer gets right.
The folder's classes, in the order of their names, are the network's outputs.`,
		Example: "  transfera evaluate --arch cifar-resnet20 --weights resnet20.th --data cifar10/test --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.Progress = progress.NewCount(c.ErrOrStderr(), isTerminal(c.ErrOrStderr())).Progress
			result, err := runner.Evaluate(c.Context(), o)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(result)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%d images: top-1 %.2f %% (%d), top-5 %.2f %% (%d), cross-entropy %.6f\n",
				result.N, result.Percent(result.Top1Correct), result.Top1Correct, result.Percent(result.Top5Correct),
				result.Top5Correct, result.CrossEntropy)
			return err
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.Arch, "arch", "", "architecture of the recognizer")
	flags.StringVar(&o.Weights, "weights", "", "its weights: .pth, .th or .safetensors")
	flags.StringVar(&o.Data, "data", "", "folder with one sub-folder of images per class")
	flags.Float64SliceVar(&o.Mean, "mean", classifier.ImageNetMean, "mean of R, G, B that the recognizer was trained with")
	flags.Float64SliceVar(&o.Std, "std", classifier.ImageNetStd, "standard deviation of R, G, B likewise")
	flags.StringToStringVar(&o.Options, "option", nil, "option of the architecture, as in width=16 (repeatable)")
	flags.IntVar(&o.Resize, "resize", 0, "resize the shorter side to so many pixels first; 0 keeps the size")
	flags.IntVar(&o.Crop, "crop", 0, "cut a square of so many pixels from the centre; 0 cuts nothing")
	flags.IntVar(&o.Batch, "batch", 100, "images per pass")
	flags.StringVar(&o.Device, "device", "auto", "auto, cpu, cuda or cuda:N")
	flags.BoolVar(&asJSON, "json", false, "print n, top1_correct, top5_correct and cross_entropy as JSON")
	for _, name := range []string{"arch", "weights", "data"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag was just defined
		}
	}
	return c
}
