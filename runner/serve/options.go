// Package serve puts a recognizer behind an HTTP API: POST /v1/classify takes an image and answers with labels and scores,
// GET /healthz says what is served.
//
// Pictures are prepared as transfera evaluate prepares them and recognized one by one, so that an image's scores never depend
// on who else asks.
package serve

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"transfera/runner/classifier"
)

// Options say what is served, and to whom.
type Options struct {
	// Settings of the recognizer. What is left open comes from the weights' metadata.
	classifier.Settings
	// Labels is a file with the names of the classes, one a line or a JSON list.
	Labels string
	// Data is a folder whose sub-folders are named as the classes. Without it and Labels the names are those in the
	// weights' metadata, else 0, 1, ...
	Data         string
	Resize, Crop int // as of transfera evaluate
	Top          int // labels of an answer unless the request says how many; 0 is all
	// Listen is host:port; port 0 is any free one. Hosts other than this machine need Public and TokenEnv.
	Listen string
	Public bool
	// TokenEnv is the environment variable whose value callers send as Authorization: Bearer; "" asks for none.
	TokenEnv string
	// Verbose says one line for each request to Log.
	Verbose bool
	Log     io.Writer // told of the address, requests and failures; nil is nobody
	Limits  Limits    // zero fields are those of DefaultLimits
}

// Limits bound what callers can make the server hold or wait for.
type Limits struct {
	Body        int64         // bytes of a request
	Pixels      int           // that the network is shown
	Queue       int           // requests that are being answered or wait for it; more are refused with 503
	Connections int           // open at once; more wait
	Read        time.Duration // for a whole request
	Drain       time.Duration // for requests being answered when the server stops
}

// DefaultLimits let a photograph of a camera through, and keep a small machine alive.
var DefaultLimits = Limits{
	Body: 10 << 20, Pixels: 4 << 20, Queue: 64, Connections: 128, Read: 30 * time.Second, Drain: 10 * time.Second,
}

func (l Limits) completed() Limits {
	d := DefaultLimits
	return Limits{
		Body: orDefault(l.Body, d.Body), Pixels: orDefault(l.Pixels, d.Pixels), Queue: orDefault(l.Queue, d.Queue),
		Connections: orDefault(l.Connections, d.Connections), Read: orDefault(l.Read, d.Read), Drain: orDefault(l.Drain, d.Drain),
	}
}

func orDefault[N int | int64 | time.Duration](given, otherwise N) N {
	if given == 0 {
		return otherwise
	}
	return given
}

// check refuses options that contradict each other.
func (o Options) check() error {
	switch {
	case o.Weights == "":
		return errors.New("--weights is missing; name the file of a recognizer")
	case o.Labels != "" && o.Data != "":
		return errors.New("--labels and --data both name the classes; leave one out")
	case o.Resize < 0 || o.Crop < 0:
		return errors.New("--resize and --crop cannot be negative")
	case o.Resize > 0 && o.Crop > o.Resize:
		return fmt.Errorf("a crop of %d does not fit images resized to %d", o.Crop, o.Resize)
	case o.Top < 0:
		return fmt.Errorf("--top %d: use 1 or more, or 0 for all labels", o.Top)
	}
	return o.checkAddress()
}

// checkAddress refuses to serve other machines by mistake or without a token.
func (o Options) checkAddress() error {
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return fmt.Errorf("--listen %s: write host:port, as in 127.0.0.1:8080", o.Listen)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	if !o.Public || o.TokenEnv == "" {
		return fmt.Errorf("--listen %s serves other machines; that needs --public and a token: --token-env NAME, with the token in the environment variable NAME", o.Listen)
	}
	return nil
}

// token is what callers must send, "" if nothing.
func (o Options) token() (string, error) {
	if o.TokenEnv == "" {
		return "", nil
	}
	token := os.Getenv(o.TokenEnv)
	if token == "" || strings.TrimSpace(token) != token {
		return "", fmt.Errorf("--token-env %s: the environment variable %s is unset, empty or has space around it; set it to the token that callers send", o.TokenEnv, o.TokenEnv)
	}
	return token, nil
}
