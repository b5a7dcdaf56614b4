package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/spf13/cobra"

	"transfera/models"
	"transfera/models/processing"
	"transfera/models/recognizers"
)

func newModels() *cobra.Command {
	return &cobra.Command{
		Use:   "models [NAME]",
		Short: "List the architectures, or the options of one",
		Long: `models lists what the key arch of a spec can be: recognizers (classifiers, which find one class per image, and detectors,
which find objects) with their number of parameters (as many classes as
the dataset that they were made for), the images that they were made for, and the normalization of these; and
processors with the factors by which they enlarge. With a NAME it says what that one is and lists its options.`,
		Example: `  transfera models
  transfera models srresnet`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return describeModel(c.OutOrStdout(), args[0])
			}
			if err := listRecognizers(c.OutOrStdout()); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout())
			return listProcessors(c.OutOrStdout())
		},
	}
}

func listRecognizers(w io.Writer) error {
	table := tablewriter.NewTable(w)
	table.Header("recognizer", "finds", "parameters", "classes", "resize", "crop", "mean", "std")
	for _, a := range recognizers.Architectures {
		in := a.Input
		finds := "a class"
		if a.Detects {
			finds = "objects"
		}
		err := table.Append(a.Name, finds, fmt.Sprint(a.Unset(in.Classes, nil).Size()), fmt.Sprint(in.Classes), fmt.Sprint(in.Resize),
			fmt.Sprint(in.Crop), channels(in.Normalization.Mean), channels(in.Normalization.Std))
		if err != nil {
			return err
		}
	}
	return table.Render()
}

func listProcessors(w io.Writer) error {
	table := tablewriter.NewTable(w)
	table.Header("processor", "enlarges by", "parameters")
	for _, a := range processing.Architectures {
		scales, sizes := "1, 2, 4, ...", []int{1, 2, 4}
		if a.Scales != nil {
			scales, sizes = strings.Trim(strings.Join(strings.Fields(fmt.Sprint(a.Scales)), ", "), "[]"), a.Scales
		}
		var counts []string
		for _, scale := range sizes {
			counts = append(counts, fmt.Sprintf("%d (x%d)", a.Unset(scale, nil).Size(), scale))
		}
		if err := table.Append(a.Name, scales, strings.Join(counts, ", ")); err != nil {
			return err
		}
	}
	return table.Render()
}

func channels(values [3]float32) string {
	return fmt.Sprintf("%g %g %g", values[0], values[1], values[2])
}

// describeModel lists the options of the architecture called name.
func describeModel(w io.Writer, name string) error {
	architecture, ok := processing.Find(name)
	if !ok {
		var err error
		if architecture, err = recognizers.Named(name); err != nil {
			return fmt.Errorf("%w; and the processors, see transfera models", err)
		}
	}
	fmt.Fprintf(w, "%s: %s\n", name, architecture.Doc)
	if len(architecture.Options) == 0 {
		_, err := fmt.Fprintln(w, "It has no options.")
		return err
	}
	return listOptions(w, architecture.Options)
}

func listOptions(w io.Writer, options []models.Option) error {
	table := tablewriter.NewTable(w)
	table.Header("option", "default", "from", "to", "meaning")
	for _, o := range options {
		if err := table.Append(o.Name, fmt.Sprint(o.Default), fmt.Sprint(o.Min), fmt.Sprint(o.Max), o.Doc); err != nil {
			return err
		}
	}
	return table.Render()
}
