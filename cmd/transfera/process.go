package main

import (
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	own "transfera/runner/process" // the tests of commands have a function process
	"transfera/runner/progress"
)

// memoryFlag is a size in bytes, written such as 2GiB.
type memoryFlag struct{ bytes *uint64 }

func (f memoryFlag) Set(text string) (err error) {
	*f.bytes, err = own.ParseMemory(text)
	return err
}

func (f memoryFlag) String() string {
	if f.bytes == nil {
		return ""
	}
	return humanize.IBytes(*f.bytes)
}

func (memoryFlag) Type() string { return "size" }

func newProcess() *cobra.Command {
	o := own.Options{Memory: own.DefaultMemory()}
	c := &cobra.Command{
		Use:   "process --model FILE --in DIR|FILE --out DIR",
		Short: "Run a trained processor over pictures of your own",
		Long: `process runs a processor that transfera trained over JPEG and PNG pictures of any size. What the processor does, and by
how much it enlarges, is told by its file, processor.safetensors. Where its method judges pictures behind a transformer,
the transformer.safetensors beside it runs as well; --transformer names another one, --no-transformer takes the
processor's pictures.

The pictures are taken as what the processor was trained to repair: small, noisy or compressed ones. --degrade makes
them so first, to compare.

Large pictures are cut into tiles so that the process stays under --memory; the result is that of one pass. Names and
folders are kept. Pictures are turned upright by their EXIF orientation and written without metadata, with 8 bits per
channel. What cannot be read is skipped and listed; that is an error only if no picture is left. An existing result is
replaced; an interrupted run keeps what it finished.

--compare writes compare.html, which shows every picture before and after, with what each --recognizer sees in it:
classifiers that transfera trained or loaded, prepared as for their usual evaluation.`,
		Example: `  transfera process --model processor.safetensors --in photos --out processed
  transfera process --model processor.safetensors --in photos --out compared --degrade --compare \
      --recognizer resnet=weights.safetensors --labels classes.txt`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.Progress = progress.NewCount(c.ErrOrStderr(), isTerminal(c.ErrOrStderr())).Progress
			o.Say = func(line string) { fmt.Fprintln(c.ErrOrStderr(), line) }
			result, err := own.Run(c.Context(), o)
			if result != nil {
				listProcessed(c.OutOrStdout(), c.ErrOrStderr(), o.Out, result)
			}
			return err
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.Model, "model", "", "processor.safetensors of a processor, or transformer.safetensors")
	flags.StringVar(&o.Transformer, "transformer", "", "transformer that runs behind it (default the one beside it, where its method has one)")
	flags.BoolVar(&o.NoTransformer, "no-transformer", false, "run the processor alone")
	flags.StringVar(&o.In, "in", "", "folder of pictures, with those below, or one picture")
	flags.StringVar(&o.Out, "out", "", "folder of the results")
	flags.StringVar(&o.Format, "format", own.PNG, "png, jpeg, or same as the input's name says")
	flags.IntVar(&o.Quality, "quality", 95, "quality of JPEG, 1 to 100")
	flags.Var(memoryFlag{&o.Memory}, "memory", "what the process may hold (default half of the machine's, at most 4 GiB)")
	flags.StringVar(&o.Device, "device", "auto", "auto, cpu, cuda or cuda:N")
	flags.BoolVar(&o.Degrade, "degrade", false, "apply the degradation that the processor was trained for first")
	flags.BoolVar(&o.Compare, "compare", false, "write compare.html with the pictures side by side")
	flags.StringArrayVar(&o.Recognizers, "recognizer", nil, "FILE or NAME=FILE of a recognizer for --compare (repeatable)")
	flags.StringVar(&o.Labels, "labels", "", "file with one class name per line, for recognizers that do not name theirs")
	flags.Lookup("memory").DefValue = "" // it depends on the machine
	for _, name := range []string{"model", "in", "out"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag was just defined
		}
	}
	return c
}

// listProcessed says what became of the pictures: results to out, what else to know to log.
func listProcessed(out, log io.Writer, folder string, r *own.Result) {
	for _, remark := range r.Remarks {
		fmt.Fprintln(log, "remark:", remark)
	}
	for _, s := range r.Skipped {
		fmt.Fprintf(log, "skipped %s: %s\n", s.Name, s.Reason)
	}
	fmt.Fprintf(out, "%d pictures processed into %s, %d skipped", len(r.Done), folder, len(r.Skipped))
	if r.Ignored > 0 {
		fmt.Fprintf(out, ", %d other files ignored", r.Ignored)
	}
	fmt.Fprintln(out)
	if r.Page != "" {
		fmt.Fprintln(out, r.Page)
	}
}
