package fuzztest

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
)

// Request is the HTTP request of these parts as a server reads it from a connection, without the connection; header is lines
// without the empty one at their end. It is nil where Go's server refuses before it asks a handler.
func Request(method, target, header string, body []byte) *http.Request {
	head := method + " " + target + " HTTP/1.1\r\n" + strings.TrimRight(header, "\r\n") + "\r\n\r\n"
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
	if err != nil {
		return nil
	}
	// Whatever length the header says, the body is there.
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.RemoteAddr = "127.0.0.1:1"
	return r
}
