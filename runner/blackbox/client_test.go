package blackbox_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/runner/blackbox"
)

func TestAnswersAreOrderedByScoreAndAskedOnce(t *testing.T) {
	url, calls := server(t, says(200, scored))
	folder := t.TempDir()
	c, _ := open(t, folder, service(url))
	for range 3 {
		answer, err := c.Ask(t.Context(), picture(1))
		require.NoError(t, err)
		assert.Equal(t, []blackbox.Label{{Name: "cat", Score: 0.7}, {Name: "dog", Score: 0.25}}, answer.Labels)
	}
	again, _ := open(t, folder, service(url))
	_, err := again.Ask(t.Context(), picture(1))
	require.NoError(t, err)
	assert.EqualValues(t, 1, calls.Load())
	assert.Equal(t, blackbox.Usage{Calls: 1, Own: 1, Cached: 2}, c.Usage())
	assert.Equal(t, blackbox.Usage{Calls: 1, Own: 0, Cached: 1}, again.Usage())
}

func TestWhatAnAnswerDependsOnIsAskedAnew(t *testing.T) {
	url, calls := server(t, says(200, scored))
	folder := t.TempDir()
	changes := []struct {
		name   string
		change func(s *blackbox.Service)
		calls  int
	}{
		{"first", func(*blackbox.Service) {}, 1},
		{"paths", func(s *blackbox.Service) { s.Scores = "" }, 0},
		{"limits", func(s *blackbox.Service) { s.Rate, s.Retries, s.Timeout = 100, 0, time.Minute }, 0},
		{"headers", func(s *blackbox.Service) { s.Headers = map[string]string{"X-Team": "a"} }, 0},
		{"version", func(s *blackbox.Service) { s.Version = "2" }, 1},
		{"method", func(s *blackbox.Service) { s.Method = "PUT" }, 1},
		{"path of the URL", func(s *blackbox.Service) { s.URL += "/other" }, 1},
		{"format", func(s *blackbox.Service) { s.Image = blackbox.Encoding{Format: blackbox.JPEG, Quality: 90} }, 1},
		{"quality", func(s *blackbox.Service) { s.Image = blackbox.Encoding{Format: blackbox.JPEG, Quality: 50} }, 1},
		{"form", func(s *blackbox.Service) { s.Body = blackbox.Body{Kind: blackbox.FormBody} }, 1},
		{"field", func(s *blackbox.Service) { s.Body = blackbox.Body{Kind: blackbox.FormBody, Field: "file"} }, 1},
		{"fields", func(s *blackbox.Service) {
			s.Body = blackbox.Body{Kind: blackbox.FormBody, Fields: map[string]string{"model": "a"}}
		}, 1},
		{"template", func(s *blackbox.Service) {
			s.Body = blackbox.Body{Kind: blackbox.JSONBody, Template: `{"image":"{{image}}"}`}
		}, 1},
	}
	for _, c := range changes {
		s := service(url)
		c.change(&s)
		client, _ := open(t, folder, s)
		before := calls.Load()
		_, err := client.Ask(t.Context(), picture(1))
		require.NoError(t, err, c.name)
		assert.EqualValues(t, c.calls, calls.Load()-before, c.name)
	}
}

func TestCallsCarryTheImage(t *testing.T) {
	t.Setenv("BLACKBOX_MODEL", `a "quoted" model`)
	image := picture(5)
	png, err := image.EncodePNG()
	require.NoError(t, err)
	jpeg, err := image.EncodeJPEG(77)
	require.NoError(t, err)
	cases := map[string]struct {
		encoding blackbox.Encoding
		body     blackbox.Body
		check    func(t *testing.T, r *http.Request, body []byte)
	}{
		"png": {blackbox.Encoding{Format: "png"}, blackbox.Body{Kind: "image"}, func(t *testing.T, r *http.Request, body []byte) {
			assert.Equal(t, "image/png", r.Header.Get("Content-Type"))
			assert.Equal(t, png, body)
		}},
		"jpeg": {blackbox.Encoding{Format: "jpeg", Quality: 77}, blackbox.Body{Kind: "image"}, func(t *testing.T, r *http.Request, body []byte) {
			assert.Equal(t, "image/jpeg", r.Header.Get("Content-Type"))
			assert.Equal(t, jpeg, body)
		}},
		"form": {blackbox.Encoding{Format: "jpeg", Quality: 77},
			blackbox.Body{Kind: "form", Field: "photo", Fields: map[string]string{"model": "${BLACKBOX_MODEL}", "n": "5"}},
			func(t *testing.T, r *http.Request, body []byte) {
				r.Body = io.NopCloser(bytes.NewReader(body))
				require.NoError(t, r.ParseMultipartForm(1<<20))
				file, header, err := r.FormFile("photo")
				require.NoError(t, err)
				content, err := io.ReadAll(file)
				require.NoError(t, err)
				assert.Equal(t, jpeg, content)
				assert.Equal(t, "image/jpeg", header.Header.Get("Content-Type"))
				assert.Equal(t, "image.jpeg", header.Filename)
				assert.Equal(t, []string{`a "quoted" model`}, r.MultipartForm.Value["model"])
				assert.Equal(t, []string{"5"}, r.MultipartForm.Value["n"])
			}},
		"json": {blackbox.Encoding{Format: "png"},
			blackbox.Body{Kind: "json", Template: `{"input": {"url": "data:image/png;base64,{{image}}"}, "model": "${BLACKBOX_MODEL}"}`},
			func(t *testing.T, r *http.Request, body []byte) {
				var got struct {
					Input struct{ URL string }
					Model string
				}
				require.NoError(t, json.Unmarshal(body, &got))
				assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
				assert.Equal(t, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(png), got.Input.URL)
				assert.Equal(t, `a "quoted" model`, got.Model)
			}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var seen *http.Request
			var body []byte
			url, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
				seen = r.Clone(context.Background())
				body, _ = io.ReadAll(r.Body)
				fmt.Fprint(w, scored)
			})
			s := service(url)
			s.Image, s.Body = c.encoding, c.body
			client, _ := open(t, t.TempDir(), s)
			_, err := client.Ask(t.Context(), image)
			require.NoError(t, err)
			assert.Equal(t, "POST", seen.Method)
			c.check(t, seen, body)
		})
	}
}

func TestPathsReadAnswers(t *testing.T) {
	nan := math.NaN()
	cases := map[string]struct {
		answer, labels, scores string
		want                   []blackbox.Label
		err                    string
	}{
		"ties stay in the order given": {answer: `{"l":[{"n":"a","s":1},{"n":"b","s":2},{"n":"c","s":1},{"n":"d","s":2}]}`, labels: "$.l[*].n", scores: "$.l[*].s",
			want: []blackbox.Label{{"b", 2}, {"d", 2}, {"a", 1}, {"c", 1}}},
		"what passes a filter":           {answer: `{"l":[{"n":"a","s":0.6},{"n":"b","s":0.2},{"n":"c","s":0.9}]}`, labels: "$.l[?@.s > 0.5].n", scores: "$.l[?@.s > 0.5].s", want: []blackbox.Label{{"c", 0.9}, {"a", 0.6}}},
		"two lists":                      {answer: `{"n":["a","b"],"s":[0.1,0.9]}`, labels: "$.n[*]", scores: "$.s[*]", want: []blackbox.Label{{"b", 0.9}, {"a", 0.1}}},
		"no scores":                      {answer: `["b","a"]`, labels: "$[*]", want: []blackbox.Label{{"b", nan}, {"a", nan}}},
		"numbers as names":               {answer: `{"classes":[12345678901234567890, 7]}`, labels: "$.classes[*]", want: []blackbox.Label{{"12345678901234567890", nan}, {"7", nan}}},
		"scores as text":                 {answer: `[{"n":"a","s":"0.5"}]`, labels: "$[*].n", scores: "$[*].s", want: []blackbox.Label{{"a", 0.5}}},
		"nothing recognized":             {answer: `{"labels":[]}`, labels: "$.labels[*].name", scores: "$.labels[*].score", want: []blackbox.Label{}},
		"nothing recognized, not listed": {answer: `{"responses":[{}]}`, labels: "$.responses[*].labelAnnotations[*].description", want: []blackbox.Label{}},
		"nothing passes a filter":        {answer: `{"labels":[{"name":"a","score":0.1}]}`, labels: "$.labels[?@.score > 0.5].name", scores: "$.labels[?@.score > 0.5].score", want: []blackbox.Label{}},
		"wrong path before a filter":     {answer: `{"l":[]}`, labels: "$.labels[?@.score > 0.5].name", err: `the answer's keys are "l"`},
		"wrong path":                     {answer: `{"error":"quota","code":3}`, labels: "$.labels[*].name", err: "labels: $[\"labels\"][*][\"name\"] finds nothing; the answer's keys are \"code, error\""},
		"wrong name in the list":         {answer: `{"labels":[{"label":"a"}]}`, labels: "$.labels[*].name", err: `the answer's keys are "labels"`},
		"wrong path of scores":           {answer: `{"n":["a"],"p":[1]}`, labels: "$.n[*]", scores: "$.s[*]", err: `the answer's keys are "n, p"`},
		"a list instead of its members":  {answer: `{"n":["a","b"]}`, labels: "$.n", err: "selects a list of 2 where text or a number is expected; to walk over the list, write $[\"n\"][*]"},
		"labels without score":           {answer: `[{"n":"a","s":1},{"n":"b"}]`, labels: "$[*].n", scores: "$[*].s", err: "selects 2 values, but scores:"},
		"a score that is none":           {answer: `[{"n":"a","s":null}]`, labels: "$[*].n", scores: "$[*].s", err: "selects null where a number is expected"},
		"members of an object":           {answer: `{"x":{"a":{"n":"a"},"b":{"n":"b"}}}`, labels: "$.x[*].n", err: "walks over the members of an object, which have no order"},
		"empty object":                   {answer: `{}`, labels: "$.n[*]", err: "the answer is an empty object"},
		"text":                           {answer: `"busy"`, labels: "$.n[*]", err: `the answer is the text "busy"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			url, calls := server(t, says(200, c.answer))
			s := service(url)
			s.Labels, s.Scores = c.labels, c.scores
			folder := t.TempDir()
			client, _ := open(t, folder, s)
			for range 2 {
				answer, err := client.Ask(t.Context(), picture(1))
				if c.err != "" {
					require.ErrorContains(t, err, c.err)
					assert.ErrorContains(t, err, answers(t, folder)[0], "the file that holds the paid answer")
					continue
				}
				require.NoError(t, err)
				require.Len(t, answer.Labels, len(c.want))
				for i, label := range c.want {
					assert.Equal(t, label.Name, answer.Labels[i].Name)
					assert.Equal(t, math.Float64bits(label.Score), math.Float64bits(answer.Labels[i].Score))
				}
			}
			assert.EqualValues(t, 1, calls.Load(), "a paid answer is read again, not asked again")
		})
	}
}

func TestChangedPathReadsThePaidAnswer(t *testing.T) {
	url, calls := server(t, says(200, scored))
	folder := t.TempDir()
	s := service(url)
	s.Labels = "$.result[*].name"
	wrong, _ := open(t, folder, s)
	_, err := wrong.Ask(t.Context(), picture(1))
	require.ErrorContains(t, err, `the answer's keys are "labels"`)
	right, _ := open(t, folder, service(url))
	answer, err := right.Ask(t.Context(), picture(1))
	require.NoError(t, err)
	assert.Equal(t, "cat", answer.Labels[0].Name)
	assert.EqualValues(t, 1, calls.Load())
}

func TestDamagedAnswerIsAskedAgain(t *testing.T) {
	cases := map[string]func(content []byte) []byte{
		"cut":   func(content []byte) []byte { return content[:len(content)/2] },
		"empty": func([]byte) []byte { return nil },
		"changed": func(content []byte) []byte {
			return bytes.Replace(content, []byte(`"body":"e`), []byte(`"body":"f`), 1)
		},
		"no sum": func(content []byte) []byte { return bytes.Replace(content, []byte("body_sha256"), []byte("x"), 1) },
	}
	for name, damage := range cases {
		t.Run(name, func(t *testing.T) {
			url, calls := server(t, says(200, scored))
			folder := t.TempDir()
			c, said := open(t, folder, service(url))
			_, err := c.Ask(t.Context(), picture(1))
			require.NoError(t, err)
			path := answers(t, folder)[0]
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			damaged := damage(content)
			require.NotEqual(t, content, damaged)
			require.NoError(t, os.WriteFile(path, damaged, 0o666))
			answer, err := c.Ask(t.Context(), picture(1))
			require.NoError(t, err)
			assert.Equal(t, "cat", answer.Labels[0].Name)
			assert.EqualValues(t, 2, calls.Load())
			assert.Contains(t, strings.Join(said.lines, "\n"), path+" is damaged")
			repaired, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Len(t, repaired, len(content))
		})
	}
}

func TestOneImageAskedAtOnceIsPaidOnce(t *testing.T) {
	url, calls := server(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(50 * time.Millisecond)
		fmt.Fprint(w, scored)
	})
	folder := t.TempDir()
	var group sync.WaitGroup
	for range 3 {
		c, _ := open(t, folder, service(url))
		for range 3 {
			group.Go(func() {
				_, err := c.Ask(t.Context(), picture(1))
				assert.NoError(t, err)
			})
		}
	}
	group.Wait()
	assert.EqualValues(t, 1, calls.Load())
}

func TestConcurrentBoundsCalls(t *testing.T) {
	var now, most atomic.Int64
	two := make(chan struct{})
	met := sync.OnceFunc(func() { close(two) })
	url, _ := server(t, func(w http.ResponseWriter, _ *http.Request) {
		at := now.Add(1)
		for seen := most.Load(); at > seen && !most.CompareAndSwap(seen, at); seen = most.Load() {
		}
		if at == 2 {
			met()
		}
		select { // an idle machine would answer the first call before the second one comes
		case <-two:
		case <-time.After(10 * time.Second):
			met() // never, but the test ends
		}
		time.Sleep(20 * time.Millisecond) // for a third one to come, if it may
		now.Add(-1)
		fmt.Fprint(w, scored)
	})
	s := service(url)
	s.Concurrent, s.Timeout = 2, time.Minute
	c, _ := open(t, t.TempDir(), s)
	var group sync.WaitGroup
	for i := range 11 {
		group.Go(func() {
			_, err := c.Ask(t.Context(), picture(i))
			assert.NoError(t, err)
		})
	}
	group.Wait()
	assert.EqualValues(t, 2, most.Load())
}

func TestRateBoundsCalls(t *testing.T) {
	url, _ := server(t, says(200, scored))
	s := service(url)
	s.Rate = 50
	c, _ := open(t, t.TempDir(), s)
	var group sync.WaitGroup
	started := time.Now()
	for i := range 11 {
		group.Go(func() {
			_, err := c.Ask(t.Context(), picture(i))
			assert.NoError(t, err)
		})
	}
	group.Wait()
	assert.GreaterOrEqual(t, time.Since(started), 200*time.Millisecond, "ten intervals at 50 calls per second")
}

func TestCancelStopsAtOnceAndKeepsWhatArrived(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	stop := errors.New("stopped by hand")
	ctx, cancel := context.WithCancelCause(t.Context())
	var stopped time.Time
	url, _ := server(t, says(200, scored), func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // without this the server does not see that the client went
		stopped = time.Now()
		cancel(stop)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	folder := t.TempDir()
	c, _ := open(t, folder, service(url))
	_, err := c.Ask(t.Context(), picture(0))
	require.NoError(t, err)
	_, err = c.Ask(ctx, picture(1))
	require.ErrorIs(t, err, stop)
	assert.Less(t, time.Since(stopped), 3*time.Second)
	assert.Len(t, answers(t, folder), 1)
	assert.Equal(t, 2, c.Usage().Calls, "a call that was stopped may be billed")
}

func TestCancelEndsTheWaitThatAServiceAsksFor(t *testing.T) {
	url, calls := server(t, says(429, "slow down", "Retry-After", "60"))
	c, _ := open(t, t.TempDir(), service(url))
	stop := errors.New("stopped by hand")
	ctx, cancel := context.WithCancelCause(t.Context())
	var waits time.Time
	c.Say = func(string) { // before it waits, and after the call was counted, which takes a slow disk a while
		waits = time.Now()
		cancel(stop)
	}
	_, err := c.Ask(ctx, picture(1))
	assert.ErrorIs(t, err, stop)
	assert.Less(t, time.Since(waits), 30*time.Second)
	assert.EqualValues(t, 1, calls.Load())
}

func TestServerThatDiesAndComesBackIsAskedAgain(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	arrived := make(chan struct{})
	dying := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})}}
	dying.Start()
	go func() {
		<-arrived
		dying.CloseClientConnections()
		_ = listener.Close()
		time.Sleep(30 * time.Millisecond) // meanwhile connections are refused
		again, err := net.Listen("tcp", address)
		if !assert.NoError(t, err) {
			return
		}
		s := &http.Server{Handler: says(200, scored)}
		t.Cleanup(func() { _ = s.Close() })
		_ = s.Serve(again)
	}()
	s := service("http://" + address)
	s.Retries = 1000
	c, err := blackbox.Open(t.TempDir(), s)
	require.NoError(t, err)
	blackbox.RetryFast(c)
	answer, err := c.Ask(t.Context(), picture(1))
	require.NoError(t, err)
	assert.Equal(t, "cat", answer.Labels[0].Name)
}
