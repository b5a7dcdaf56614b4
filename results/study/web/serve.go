package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"transfera/results/study"
)

// ServeOptions say where, and to whom.
type ServeOptions struct {
	Options
	// Listen is host:port. Without Public the host must be this machine's loopback.
	Listen string
	// Out is told the address and of failures.
	Out io.Writer
}

// Serve serves a study until ctx ends, and then finishes what is being answered. It is the study's only server, and the only
// one that may write to it.
func Serve(ctx context.Context, s *study.Study, o ServeOptions) (err error) {
	if err := checkListen(o.Listen, o.Public); err != nil {
		return err
	}
	votes, err := study.OpenLog(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, votes.Close()) }()
	if n := votes.Torn(); n > 0 {
		fmt.Fprintf(o.Out, "a crash left %d bytes of a vote that was not confirmed; they were cut off\n", n)
	}
	handler, closeHandler, err := New(s, votes, o.Options, func(err error) { fmt.Fprintln(o.Out, "failure:", err) })
	if err != nil {
		return err
	}
	defer closeHandler()
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "http://%s/ serves %d comparisons; %d votes of %d participants are there; Ctrl-C stops\n",
		listener.Addr(), len(s.Comparisons), votes.Votes(), votes.Participants())
	server := newServer(handler)
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		return server.Close() // what was confirmed is on the disk
	}
	return nil
}

// newServer bounds what a slow or greedy client may take.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: log.New(io.Discard, "", 0),
	}
}

func checkListen(address string, public bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("--listen %s: %w; write HOST:PORT", address, err)
	}
	if !public && !loopbackHost(host) {
		return fmt.Errorf("--listen %s: others could reach this address; add --public, which asks every participant for an invitation", address)
	}
	return nil
}
