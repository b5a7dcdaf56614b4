package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"transfera/data"
	"transfera/runner/progress"
)

// writtenQuality is libjpeg's quality of the pictures that generate writes.
const writtenQuality = 95

func newGenerate() *cobra.Command {
	var out string
	var given map[string]string
	c := &cobra.Command{
		Use:   "generate KIND",
		Short: "Write a built-in detection dataset as PASCAL VOC",
		Long: `generate draws both splits of a built-in detection dataset, such as shapes-detection, and writes them into a new folder
in the layout of PASCAL VOC: training images as the set trainval, validation images as the set test, the pictures as JPEG
of quality 95. Then it says how a spec describes the folder.`,
		Example: `  transfera generate shapes-detection --out DIR
  transfera generate shapes-detection --out DIR --option train=500 --option val=100`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			options, err := data.ParseOptions(args[0], given)
			if err != nil {
				return err
			}
			train, val, err := data.OpenBoth(c.Context(), data.Description{Kind: args[0], Name: args[0], Options: options})
			if err != nil {
				return err
			}
			if !data.IsDetection(train.Dataset) {
				return fmt.Errorf("%s has no objects to detect, which the layout of VOC is for; generate shapes-detection", args[0])
			}
			sets := []data.VOCSet{{Name: "trainval", Images: train.Dataset}, {Name: "test", Images: val.Dataset}}
			count := progress.NewCount(c.ErrOrStderr(), isTerminal(c.ErrOrStderr()))
			write := func(done, total int) { count.Progress("write images", done, total) }
			if err := data.WriteVOC(c.Context(), out, sets, writtenQuality, write); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %d images in the set trainval, %d in test\n"+
				"in a spec: {kind: voc, path: %s, options: {train: \".:trainval\", val: \".:test\", class_list: %q}}\n",
				out, train.Dataset.Len(), val.Dataset.Len(), out, strings.Join(train.Dataset.Classes(), ","))
			return err
		},
	}
	c.Flags().StringVar(&out, "out", "", "new folder to write")
	c.Flags().StringToStringVar(&given, "option", nil, "option of the dataset, as in train=500 (repeatable)")
	if err := c.MarkFlagRequired("out"); err != nil {
		panic(err) // the flag is declared above
	}
	return c
}
