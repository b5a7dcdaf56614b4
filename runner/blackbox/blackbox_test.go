package blackbox_test

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
	"transfera/runner/blackbox"
)

// scored is an answer that every test's paths fit.
const scored = `{"labels": [{"name": "dog", "score": 0.25}, {"name": "cat", "score": 0.7}]}`

// service is one that answers as the handler does, and is asked four times at most for an image.
func service(url string) blackbox.Service {
	return blackbox.Service{
		Name: "test", URL: url, Version: "1", Image: blackbox.Encoding{Format: blackbox.PNG}, Body: blackbox.Body{Kind: blackbox.RawBody},
		Labels: "$.labels[*].name", Scores: "$.labels[*].score", Concurrent: 4, Timeout: 10 * time.Second, Retries: 3,
	}
}

// server answers every call by the handler of its number, from 0, and the calls after the last one by the last.
func server(t *testing.T, handlers ...http.HandlerFunc) (url string, calls *atomic.Int64) {
	t.Helper()
	calls = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(calls.Add(1)) - 1
		handlers[min(n, len(handlers)-1)](w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, calls
}

func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// breaks sends the beginning of an answer and closes the connection.
func breaks(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, scored[:20])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// notes are what a client says.
type notes struct {
	mutex sync.Mutex
	lines []string
}

func (n *notes) say(text string) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.lines = append(n.lines, text)
}

func open(t *testing.T, folder string, s blackbox.Service) (*blackbox.Client, *notes) {
	t.Helper()
	c, err := blackbox.Open(folder, s)
	require.NoError(t, err)
	blackbox.RetryFast(c)
	said := new(notes)
	c.Say = said.say
	return c, said
}

// picture is a small image that no other n has.
func picture(n int) *imaging.Image {
	m := imaging.New(9, 7)
	for i := range m.Pix {
		m.Pix[i] = uint8(31*i + n)
	}
	m.Pix[0], m.Pix[1] = uint8(n), uint8(n>>8)
	return m
}

// answers are the files of kept answers.
func answers(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".json" {
			found = append(found, path)
		}
		return err
	}))
	return found
}

// everything is the text of all files below a folder.
func everything(t *testing.T, folder string) string {
	t.Helper()
	text := ""
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		text += path + "\n" + string(content)
		return err
	}))
	return text
}
