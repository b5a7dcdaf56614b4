package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"transfera/aten"
)

// problem is the error of a request that callers are told.
type problem struct {
	status int
	text   string
	header http.Header
}

func (p *problem) Error() string { return p.text }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	r.Body = http.MaxBytesReader(w, r.Body, s.limits.Body)
	said, err := s.route(r)
	status := http.StatusOK
	if err != nil {
		p := s.problemOf(err)
		status, said = p.status, map[string]string{"error": p.text}
		for name := range p.header {
			w.Header().Set(name, p.header.Get(name))
		}
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(w).Encode(said) // the caller may be gone
	}
	if s.options.Verbose {
		s.log.Printf("%s %.100q %d %v", r.Method, r.URL.Path, status, time.Since(started).Round(time.Microsecond))
	}
}

// problemOf is what callers are told of an error. What is no problem of theirs goes to the log.
func (s *Server) problemOf(err error) *problem {
	var known *problem
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, errStopped) {
		return busy("the server is stopping")
	}
	s.log.Print(err)
	return &problem{status: http.StatusInternalServerError, text: "the server failed; its log says why"}
}

// busy asks the caller to come back.
func busy(text string) *problem {
	return &problem{status: http.StatusServiceUnavailable, text: text, header: http.Header{"Retry-After": {"1"}}}
}

// route compares paths as they are: nothing is cleaned up, redirected or looked up in a file system.
func (s *Server) route(r *http.Request) (any, error) {
	if s.stopping.Load() {
		return nil, errStopped
	}
	switch r.URL.Path {
	case "/healthz":
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			return nil, notAllowed("GET, HEAD")
		}
		return health{Status: "ok", Arch: s.arch, Classes: len(s.names)}, nil
	case "/v1/classify":
		if err := s.authorize(r); err != nil {
			return nil, err
		}
		if r.Method != http.MethodPost {
			return nil, notAllowed("POST")
		}
		return s.classify(r)
	}
	return nil, &problem{status: http.StatusNotFound, text: "there are POST /v1/classify and GET /healthz"}
}

type health struct {
	Status  string `json:"status"`
	Arch    string `json:"arch"`
	Classes int    `json:"classes"`
}

func notAllowed(methods string) *problem {
	return &problem{status: http.StatusMethodNotAllowed, text: "use " + methods, header: http.Header{"Allow": {methods}}}
}

// authorize asks for the token, if there is one, in a time that says nothing of it.
func (s *Server) authorize(r *http.Request) error {
	if s.token == "" {
		return nil
	}
	scheme, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	want, got := sha256.Sum256([]byte(s.token)), sha256.Sum256([]byte(sent))
	if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
		return &problem{status: http.StatusUnauthorized, text: "send the token as Authorization: Bearer TOKEN",
			header: http.Header{"Www-Authenticate": {"Bearer"}}}
	}
	return nil
}

// classify names the classes of the image in a request.
func (s *Server) classify(r *http.Request) (any, error) {
	top, err := topOf(r.URL.Query(), s.options.Top, len(s.names))
	if err != nil {
		return nil, err
	}
	file, err := imageOf(r)
	if err != nil {
		return nil, err
	}
	select {
	case s.queue <- struct{}{}:
		defer func() { <-s.queue }()
	default:
		return nil, busy("too many requests at once")
	}
	shown, err := s.prepare(r.Context(), file)
	if err != nil {
		return nil, gone(r, err)
	}
	logits, err := s.engine.logits(r.Context(), shown)
	var native *aten.Error
	if errors.As(err, &native) { // the weights fit, so it is the image's size
		return nil, &problem{status: http.StatusBadRequest, text: fmt.Sprintf(
			"the network refuses images of %dx%d pixels: %.300s", shown.width, shown.height, native.Error())}
	}
	if err != nil {
		return nil, gone(r, err)
	}
	return answered(logits, s.names, top)
}

// gone is the error of a caller who left, which is nobody's failure.
func gone(r *http.Request, err error) error {
	if r.Context().Err() != nil {
		return &problem{status: http.StatusBadRequest, text: "the caller left"}
	}
	return err
}
