package main

import (
	"github.com/spf13/cobra"

	"transfera/runner/serve"
)

func newServe() *cobra.Command {
	var o serve.Options
	c := &cobra.Command{
		Use:   "serve --weights FILE [--arch NAME]",
		Short: "Put a recognizer behind an HTTP API",
		Long: `serve answers POST /v1/classify with the classes of an image, and GET /healthz with what it serves. It stops at Ctrl-C.

A request is a JPEG or PNG file (Content-Type image/jpeg or image/png), a form (multipart/form-data) with the file in the
field image, or {"image": "..."} as application/json with the file in base64. ?top=3 or ?top=all says how many labels the
answer has:

  {"labels": [{"name": "cat", "score": 0.93}, ...]}

Scores are softmax probabilities in descending order. Failures are {"error": "..."} with a status of 4xx or 5xx; 503 means
too many requests at once. Images are prepared as by transfera evaluate, and recognized one by one.

Weights of recognizers that transfera trained say which network they are, how to normalize and what the classes are called:
then --weights is enough. Other machines are served with --public and --token-env only; callers then send the token as
Authorization: Bearer TOKEN. There is no TLS: put a proxy that has it in front.`,
		Example: `  transfera serve --weights weights.safetensors
  transfera serve --arch cifar-resnet20 --weights resnet20.th --labels cifar10.txt --listen 127.0.0.1:8080
  curl -H 'Content-Type: image/png' --data-binary @cat.png 'http://127.0.0.1:8080/v1/classify?top=3'`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.Log = c.ErrOrStderr()
			return serve.Run(c.Context(), o)
		},
	}
	flags := c.Flags()
	flags.StringVar(&o.Weights, "weights", "", "weights of the recognizer: .pth, .th or .safetensors")
	flags.StringVar(&o.Arch, "arch", "", "its architecture (default what the weights say)")
	flags.StringToStringVar(&o.Options, "option", nil, "option of the architecture, as in width=16 (repeatable; default what the weights say)")
	flags.Float64SliceVar(&o.Mean, "mean", nil, "mean of R, G, B that it was trained with (default what the weights say, else ImageNet's)")
	flags.Float64SliceVar(&o.Std, "std", nil, "standard deviation of R, G, B likewise")
	flags.StringVar(&o.Device, "device", "auto", "auto, cpu, cuda or cuda:N")
	flags.StringVar(&o.Labels, "labels", "", "file with the names of the classes, one a line or a JSON list")
	flags.StringVar(&o.Data, "data", "", "folder whose sub-folders are named as the classes, instead of --labels")
	flags.IntVar(&o.Resize, "resize", 0, "resize the shorter side to so many pixels first, and refuse images more than 32 times as long as short; 0 keeps the size")
	flags.IntVar(&o.Crop, "crop", 0, "cut a square of so many pixels from the centre; 0 cuts nothing")
	flags.IntVar(&o.Top, "top", 5, "labels of an answer unless the request says how many; 0 is all")
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:8080", "host:port to listen at; port 0 is any free one")
	flags.BoolVar(&o.Public, "public", false, "allow --listen to serve other machines")
	flags.StringVar(&o.TokenEnv, "token-env", "", "environment variable with the token that callers must send")
	flags.BoolVar(&o.Verbose, "verbose", false, "print a line for each request")
	return c
}
