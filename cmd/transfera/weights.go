package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"transfera/models/recognizers"
	"transfera/models/weights"
	"transfera/results/atomicfile"
)

func newWeights() *cobra.Command {
	c := &cobra.Command{Use: "weights", Short: "Look into files of weights, or convert them to safetensors"}
	c.AddCommand(newWeightsInspect(), newWeightsConvert())
	return c
}

// inspected is what weights inspect prints as JSON.
type inspected struct {
	Format   string            `json:"format"`
	SHA256   string            `json:"sha256"`   // of the file
	Checksum string            `json:"checksum"` // of the tensors, whatever the file format
	Metadata map[string]string `json:"metadata,omitempty"`
	Tensors  []tensorLine      `json:"tensors"`
}

type tensorLine struct {
	Name  string  `json:"name"`
	DType string  `json:"dtype"`
	Shape []int64 `json:"shape"`
}

func newWeightsInspect() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "inspect FILE",
		Short: "List the tensors of a file of weights",
		Long: `inspect lists the name, type and shape of every tensor of a .pth, .th or .safetensors file, then two checksums: that of
the file, which a spec can demand with sha256, and that of the tensors, which is the same in every file format.`,
		Example: "  transfera weights inspect resnet18-f37072fd.pth",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := weights.Load(args[0])
			if err != nil {
				return err
			}
			sum, err := atomicfile.Sum(args[0])
			if err != nil {
				return err
			}
			found := inspected{Format: file.Format.String(), SHA256: sum, Checksum: file.Tensors.Checksum(), Metadata: file.Metadata}
			for _, t := range file.Tensors {
				found.Tensors = append(found.Tensors, tensorLine{t.Name, t.DType.String(), t.Shape})
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(found)
			}
			return found.print(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (f inspected) print(w io.Writer) error {
	widest, total := 0, int64(0)
	for _, t := range f.Tensors {
		widest = max(widest, len(t.Name))
	}
	for _, t := range f.Tensors {
		count := int64(1)
		var shape []string
		for _, d := range t.Shape {
			count *= d
			shape = append(shape, fmt.Sprint(d))
		}
		total += count
		fmt.Fprintf(w, "%-*s  %-4s  %s\n", widest, t.Name, t.DType, strings.Join(shape, "x"))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Metadata)) {
		fmt.Fprintf(w, "metadata %s: %s\n", name, f.Metadata[name])
	}
	_, err := fmt.Fprintf(w, "%s, %d tensors, %d values\nsha256 of the file   %s\nchecksum of tensors  %s\n",
		f.Format, len(f.Tensors), total, f.SHA256, f.Checksum)
	return err
}

func newWeightsConvert() *cobra.Command {
	var arch string
	var classes int
	var options map[string]string
	c := &cobra.Command{
		Use:   "convert FILE OUT.safetensors",
		Short: "Write the tensors of a file of weights as safetensors",
		Long: `convert writes the tensors of a .pth or .th file as they are. With --arch it compares them with that recognizer first and
gives them its names: prefixes of data parallelism and names of older versions disappear.`,
		Example: `  transfera weights convert resnet18-f37072fd.pth resnet18.safetensors
  transfera weights convert densenet121-a639ec97.pth densenet121.safetensors --arch densenet121`,
		Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if !strings.HasSuffix(args[1], ".safetensors") {
				return fmt.Errorf("%s: the result is a .safetensors file; name it so", args[1])
			}
			if _, err := os.Stat(args[1]); err == nil {
				return fmt.Errorf("%s exists; name a new file, or remove it first", args[1])
			}
			file, err := weights.Load(args[0])
			if err != nil {
				return err
			}
			tensors := file.Tensors
			if arch != "" {
				if tensors, err = fitted(file, arch, classes, options); err != nil {
					return err
				}
			}
			if err := weights.SaveSafetensors(args[1], tensors, file.Metadata); err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %d tensors, checksum %s\n", args[1], len(tensors), tensors.Checksum())
			return err
		},
	}
	c.Flags().StringVar(&arch, "arch", "", "recognizer that the tensors must fit, see transfera models")
	c.Flags().IntVar(&classes, "classes", 0, "classes that it tells apart (default as many as the architecture was made for)")
	c.Flags().StringToStringVar(&options, "option", nil, "option of the architecture, as in width=16 (repeatable)")
	return c
}

// fitted is the tensors of a file under the names of the architecture, which they must fit.
func fitted(file *weights.File, arch string, classes int, given map[string]string) (weights.Dict, error) {
	architecture, err := recognizers.Named(arch)
	if err != nil {
		return nil, err
	}
	options, err := architecture.ParseOptions(given)
	if err != nil {
		return nil, fmt.Errorf("--option %w", err)
	}
	if classes == 0 {
		classes = architecture.Input.Classes
	}
	return architecture.Unset(classes, options).Fit(file.Path, file.Tensors)
}
