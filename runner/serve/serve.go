package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"transfera/aten"
	"transfera/models/weights"
)

// Server answers requests by one recognizer.
type Server struct {
	options  Options
	limits   Limits
	arch     string
	names    []string // of the classes
	token    string
	engine   *engine
	queue    chan struct{} // one for each request being answered
	decoding chan struct{} // one for each image being decoded
	stopping atomic.Bool
	log      *log.Logger
}

// Run loads the recognizer, says where it listens, and serves until ctx ends; then it answers what it has begun and returns
// nil.
func Run(ctx context.Context, o Options) error {
	s, err := Open(o)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		s.engine.stop()
		return fmt.Errorf("--listen %s: %w", o.Listen, err)
	}
	s.log.Printf("%s, %d classes, at http://%s/v1/classify", s.arch, len(s.names), listener.Addr())
	return s.Serve(ctx, listener)
}

// Open loads the recognizer. Serve ends what it holds.
func Open(o Options) (*Server, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	token, err := o.token()
	if err != nil {
		return nil, err
	}
	file, err := weights.Load(o.Weights)
	if err != nil {
		return nil, err
	}
	settings, stored, err := o.Settings.Completed(file)
	if err != nil {
		return nil, err
	}
	plan, err := settings.Plan()
	if err != nil {
		return nil, err
	}
	classes := 0
	if err := aten.Catch(func() { classes = plan.Classes(file) }); err != nil {
		return nil, err
	}
	names, err := o.names(classes, stored)
	if err != nil {
		return nil, err
	}
	engine, err := startEngine(plan, file, classes)
	if err != nil {
		return nil, err
	}
	out := o.Log
	if out == nil {
		out = io.Discard
	}
	limits := o.Limits.completed()
	return &Server{
		options: o, limits: limits, arch: settings.Arch, names: names, token: token, engine: engine,
		queue: make(chan struct{}, limits.Queue), decoding: make(chan struct{}, min(runtime.NumCPU(), 4)),
		log: log.New(out, "serve: ", 0),
	}, nil
}

// Serve answers requests until ctx ends, closes the listener, answers what it has begun and frees the recognizer. It can be
// called once.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	defer s.engine.stop()
	server := &http.Server{
		Handler: s, ErrorLog: s.log, MaxHeaderBytes: 64 << 10,
		ReadHeaderTimeout: s.limits.Read, ReadTimeout: s.limits.Read, WriteTimeout: s.limits.Read + 5*time.Minute, IdleTimeout: time.Minute,
	}
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		s.stopping.Store(true)
		drain, cancel := context.WithTimeout(context.Background(), s.limits.Drain)
		defer cancel()
		ended <- server.Shutdown(drain)
	})
	err := server.Serve(netutil.LimitListener(listener, s.limits.Connections))
	if stop() { // the listener broke
		return errors.Join(err, server.Close())
	}
	if err := <-ended; err != nil { // whoever is not done by now is cut off
		_ = server.Close()
		return fmt.Errorf("requests were cut off when the server stopped: %w", err)
	}
	return nil
}
