package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results/study"
)

// behindProxy is a recognizer behind transfera serve, in a process of its own, that can be killed and started again. What asks for
// it does so through a proxy, whose address stays the same and which can spoil answers.
type behindProxy struct {
	weights string
	proxy   *httptest.Server
	calls   atomic.Int64 // that came to the proxy
	// spoil, unless nil, may answer a call itself, by its number from 1 on; true means that it did.
	spoil func(n int64, out http.ResponseWriter) bool

	mutex   sync.Mutex
	process *exec.Cmd
	target  *url.URL
}

func proxied(t *testing.T, weights string) *behindProxy {
	t.Helper()
	s := &behindProxy{weights: weights}
	require.NoError(t, s.start())
	s.proxy = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if n := s.calls.Add(1); s.spoil != nil && s.spoil(n, out) {
			return
		}
		s.mutex.Lock()
		target := s.target
		s.mutex.Unlock()
		proxy := httputil.NewSingleHostReverseProxy(target)
		proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) } // the caller sees a cut connection
		proxy.ServeHTTP(out, r)
	}))
	t.Cleanup(s.proxy.Close)
	t.Cleanup(s.kill)
	return s
}

// start needs the mutex where others may call.
func (s *behindProxy) start() error {
	command, _ := process("serve", "--weights", s.weights, "--listen", "127.0.0.1:0", "--device", "cpu")
	command.Stdout, command.Stderr = nil, nil
	lines, err := command.StderrPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return err
	}
	s.process = command
	address := make(chan string, 1)
	go func() {
		var text strings.Builder
		buffer := make([]byte, 4096)
		for {
			n, err := lines.Read(buffer)
			text.Write(buffer[:n])
			if found := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(text.String()); found != "" {
				address <- found
				return
			}
			if err != nil {
				address <- "no address in: " + text.String()
				return
			}
		}
	}()
	select {
	case found := <-address:
		s.target, err = url.Parse(found)
		return err
	case <-time.After(time.Minute):
		return errors.New("the server does not come up")
	}
}

func (s *behindProxy) kill() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.end()
}

// restart kills and starts. Calls that come meanwhile wait for the new address: refused ones would use up their retries.
func (s *behindProxy) restart() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.end()
	return s.start()
}

func (s *behindProxy) end() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

// trainedWeights are the file of a recognizer that a run left in its cache.
func trainedWeights(t *testing.T, p place, name string) string {
	t.Helper()
	listed := transfera(t, "cache", "list", "--cache", p.cache)
	require.NoError(t, listed.err)
	found := regexp.MustCompile(`(?m)^(\w+) .* recognizer +` + name + `$`).FindStringSubmatch(listed.stdout)
	require.NotNil(t, found, listed.stdout)
	folder := t.TempDir()
	copied := transfera(t, "cache", "copy", found[1], folder, "--cache", p.cache)
	require.NoError(t, copied.err, copied.stderr)
	assert.Contains(t, copied.stdout, filepath.Join(folder, "weights.safetensors"))
	return filepath.Join(folder, "weights.safetensors")
}

// askedSpec is an experiment whose evaluators are vgg-s and the same network behind an address.
func askedSpec(t *testing.T, address, more string) string {
	return spec(t, fmt.Sprintf(`
tasks: [dn]
methods: [none, plain, ra]
sources: [resnet-s]
evaluators: [vgg-s, cloud]
metrics: [top1, top5]
recognizers:
  cloud: {dataset: shapes, service: {kind: http, url: "%s/v1/classify", concurrent: 3, timeout: 20, %s}}
study: {images: 6, evaluator: cloud, labels: 3}
tables: [{rows: [task, method], columns: evaluator, metric: top1}]
`, address, more))
}

// scores are the top-1 and top-5 of an evaluator, by task and method.
func scores(t *testing.T, cells, evaluator string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(cells), "\n")[1:] {
		f := strings.Split(line, ",")
		if f[6] == evaluator {
			found[f[2]+" "+f[3]+" "+f[8]] = f[9]
		}
	}
	return found
}

func TestServicesJudgeAsTheirNetworksDo(t *testing.T) {
	p := newPlace(t)
	got := p.run(t, spec(t, "tasks: [dn]\nmethods: [none, plain, ra]\nevaluators: [vgg-s]\ntables: [{rows: method, columns: evaluator, metric: top1}]"))
	require.NoError(t, got.err, got.stderr)
	s := proxied(t, trainedWeights(t, p, "vgg-s"))

	t.Run("whatever goes wrong on the way", func(t *testing.T) {
		s.spoil = func(n int64, out http.ResponseWriter) bool {
			switch {
			case n == 20: // dies in the middle of the work
				assert.NoError(t, s.restart())
			case n%11 == 3:
				out.Header().Set("Retry-After", "0")
				http.Error(out, "slow down", http.StatusTooManyRequests)
				return true
			case n%11 == 5:
				http.Error(out, "oops", http.StatusInternalServerError)
				return true
			case n%11 == 7:
				fmt.Fprint(out, `{"labels": [{"name`)
				return true
			}
			return false
		}
		got := p.run(t, askedSpec(t, s.proxy.URL, "image: {format: png}"))
		require.NoError(t, got.err, got.stderr)
		cells := p.read(t, "cells.csv")
		direct, cloud := scores(t, cells, "vgg-s"), scores(t, cells, "cloud")
		require.Len(t, direct, 8) // clean, none, plain, ra; top1, top5
		for place, want := range direct {
			if strings.HasPrefix(place, "clean") {
				assert.Equal(t, want, cloud[place], "%s: images of 8 bits survive PNG", place)
				continue
			}
			var a, b float64
			fmt.Sscan(want, &a)
			fmt.Sscan(cloud[place], &b)
			assert.InDelta(t, a, b, 3.4, "%s: rounding to 8 bits changes one image of 30 at most", place)
		}
		assert.Contains(t, p.read(t, "manifest.json"), "asked at "+s.proxy.URL)
		material, err := study.OpenMaterial(study.MaterialPath(p.out, "spec"))
		require.NoError(t, err)
		defer material.Close()
		require.Len(t, material.Items, 6)
		assert.Len(t, material.Items[0].Labels["ra"], 3)
		assert.Equal(t, "cloud", material.Evaluator)
	})
	t.Run("at no further cost the second time", func(t *testing.T) {
		s.spoil = nil
		before := s.calls.Load()
		again := place{cache: p.cache, out: newPlace(t).out}
		got := again.run(t, askedSpec(t, s.proxy.URL, "image: {format: png}, scores: '$.labels[*][\"score\"]'")) // read in another way
		require.NoError(t, got.err, got.stderr)
		computed, _ := counts(t, got.stdout)
		assert.Equal(t, 6, computed, "four recognitions, the study and the table")
		assert.Equal(t, before, s.calls.Load())
		assert.Equal(t, scores(t, p.read(t, "cells.csv"), "cloud"), scores(t, again.read(t, "cells.csv"), "cloud"))
	})
	t.Run("up to the budget", func(t *testing.T) {
		before := s.calls.Load()
		fresh := place{cache: p.cache, out: newPlace(t).out}
		jpeg := "image: {format: jpeg, quality: 90}, version: capped"
		got := fresh.run(t, askedSpec(t, s.proxy.URL, jpeg+", budget: 40"))
		require.Error(t, got.err)
		assert.Contains(t, got.stderr, "service.budget")
		assert.EqualValues(t, 40, s.calls.Load()-before)
		got = fresh.run(t, askedSpec(t, s.proxy.URL, jpeg+", budget: 1000"))
		require.NoError(t, got.err, got.stderr)
		assert.LessOrEqual(t, s.calls.Load()-before, int64(120), "no answer was paid for twice")
		cloud := scores(t, fresh.read(t, "cells.csv"), "cloud")
		assert.Len(t, cloud, 8)
	})
	t.Run("unless its labels mean nothing", func(t *testing.T) {
		before := s.calls.Load()
		s.spoil = func(_ int64, out http.ResponseWriter) bool {
			fmt.Fprint(out, `{"labels": [{"name": "tabby", "score": 1}]}`)
			return true
		}
		defer func() { s.spoil = nil }()
		fresh := place{cache: p.cache, out: newPlace(t).out}
		got := fresh.run(t, askedSpec(t, s.proxy.URL, "version: foreign"), "--set", "study=null")
		require.Error(t, got.err)
		assert.Contains(t, got.stderr, `no label of the first images means a class of ours, such as "tabby"`)
		assert.LessOrEqual(t, s.calls.Load()-before, int64(4*7), "the first batch of each of four evaluations")
	})
	t.Run("not without its server", func(t *testing.T) {
		s.kill()
		fresh := place{cache: p.cache, out: newPlace(t).out}
		got := fresh.run(t, askedSpec(t, s.proxy.URL, "version: later, retries: 1"))
		require.Error(t, got.err)
		assert.Contains(t, got.stderr, "service cloud: ")
		assert.NotContains(t, filesBelow(t, fresh.out), "cells.csv")
	})
}

func TestServicesAreNeverSources(t *testing.T) {
	p := newPlace(t)
	got := p.run(t, askedSpec(t, "http://127.0.0.1:1", "rate: 1"), "--set", "sources=[cloud]")
	require.Error(t, got.err)
	assert.Contains(t, got.stderr, "recognizer cloud is a service, whose gradient nobody knows")
	assert.Empty(t, filesBelow(t, p.out))
}
