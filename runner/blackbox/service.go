// Package blackbox asks recognizers that only an HTTP API reaches.
//
// Every answer is kept before it is interpreted, under a hash of what was asked, so that no image is paid for twice; every
// call is counted before it is made, so that no budget is exceeded. Both hold over all clients and processes that share a
// folder, which must be on a local file system or one with locks.
//
// Secrets come from the environment when a call is made. They are in no file, error or note: where a service repeats one in
// its answer, the name of its variable takes its place.
package blackbox

import "time"

// Service says how a recognizer behind an HTTP API is asked.
type Service struct {
	Name string // for people
	URL  string // http or https, without secrets
	// Method is that of HTTP; "" is POST.
	Method string
	// Headers are sent with every call. A value may hold ${NAME}, taken from the environment when a call is made.
	Headers map[string]string
	// Version is what the user says of the service's version; answers of another one are asked anew.
	Version string
	Image   Encoding
	Body    Body
	// Labels is the JSON path (RFC 9535) of the labels in an answer, such as $.labels[*].name.
	Labels string
	// Scores is the JSON path of as many numbers in the same order; "" if the labels come in descending order.
	Scores string

	Rate       float64       // most calls per second of one client; 0 is no limit
	Concurrent int           // most calls of one client at once, at least 1
	Timeout    time.Duration // of one call, above 0
	Retries    int           // of one image, after the first call
	Budget     int           // most calls ever made to this URL, method and version from this folder; 0 is no limit
}

// The formats that images are sent in.
const (
	PNG  = "png"
	JPEG = "jpeg"
)

// Encoding is the file format that images are sent in.
type Encoding struct {
	Format  string // PNG or JPEG
	Quality int    // of JPEG, 1 to 100; unused by PNG
}

// The kinds of bodies.
const (
	RawBody  = "image" // the image file itself
	FormBody = "form"  // multipart/form-data
	JSONBody = "json"
)

// Body says how a call carries the image.
type Body struct {
	Kind string // RawBody, FormBody or JSONBody
	// Field is the form's field with the image; "" is image.
	Field string
	// Fields are the form's other fields. A value may hold ${NAME} from the environment.
	Fields map[string]string
	// Template is the text of JSON in which {{image}}, within a string, stands for the image in base64. Its strings may
	// hold ${NAME} from the environment.
	Template string
}

// Label is one class of an answer. Score is NaN where the service gives none.
type Label struct {
	Name  string
	Score float64
}

// Answer is what a service says of one image: labels in descending order of score, equal ones in the order given. It has no
// label if the service recognizes nothing.
type Answer struct{ Labels []Label }

// Usage is what a client and its folder have used so far.
type Usage struct {
	Calls  int // ever made to the service from this folder, whatever came of them
	Own    int // of these, made by this client
	Cached int // answers that this client took from the folder
	Budget int // most calls ever; 0 is no limit
}

// completed is the service with its defaults filled in.
func (s Service) completed() Service {
	if s.Method == "" {
		s.Method = "POST"
	}
	if s.Body.Kind == FormBody && s.Body.Field == "" {
		s.Body.Field = "image"
	}
	return s
}
