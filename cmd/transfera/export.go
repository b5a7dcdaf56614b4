package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"transfera/runner/export"
)

func newExport() *cobra.Command {
	var o export.Options
	c := &cobra.Command{
		Use:   "export --model FILE --out DIR",
		Short: "Write a trained processor with a Python program that runs it",
		Long: `export writes a folder for people who have PyTorch and not transfera: the processor's file as it is, run.py, which builds
the network and runs it on a picture, and README.txt, which says what it is made for and where it comes from. run.py
needs PyTorch, Pillow and NumPy. Where the processor's method judges pictures behind a transformer, that is part of it.`,
		Example: `  transfera export --model processor.safetensors --out denoiser
  python3 denoiser/run.py noisy.png clean.png`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			paths, err := export.Write(o)
			for _, path := range paths {
				fmt.Fprintln(c.OutOrStdout(), path)
			}
			return err
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.Model, "model", "", "processor.safetensors of a processor, or transformer.safetensors")
	flags.StringVar(&o.Transformer, "transformer", "", "transformer that runs behind it (default the one beside it, where its method has one)")
	flags.BoolVar(&o.NoTransformer, "no-transformer", false, "export the processor alone")
	flags.StringVar(&o.Out, "out", "", "new folder, or one of an earlier export")
	for _, name := range []string{"model", "out"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag was just defined
		}
	}
	return c
}
