package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// spoken is what a command says while it runs.
type spoken struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (s *spoken) Write(p []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.Write(p)
}

func (s *spoken) String() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.text.String()
}

// served runs transfera serve until the test ends, and returns where it classifies.
func served(t *testing.T, args ...string) (url string, stderr *spoken) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stderr = new(spoken)
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, &bytes.Buffer{}, stderr, append([]string{"serve", "--listen", "127.0.0.1:0", "--device", "cpu"}, args...))
	}()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, <-ended)
	})
	address := regexp.MustCompile(`http://\S+`)
	require.Eventually(t, func() bool { return address.MatchString(stderr.String()) }, time.Minute, 10*time.Millisecond, "%v", stderr)
	return address.FindString(stderr.String()), stderr
}

// classified is the probability of each label that a server gives for a file.
func classified(t *testing.T, url, path string) (scores map[string]float64, best string) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	response, err := http.Post(url+"?top=all", "image/jpeg", file)
	require.NoError(t, err)
	defer response.Body.Close()
	var answer struct {
		Labels []struct {
			Name  string
			Score float64
		}
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	require.Equal(t, 200, response.StatusCode)
	scores = map[string]float64{}
	for _, l := range answer.Labels {
		scores[l.Name] = l.Score
	}
	return scores, answer.Labels[0].Name
}

func TestServedRecognizerIsTheOneThatIsEvaluated(t *testing.T) {
	folder := pictures(t)
	flags := []string{"--arch", "shapes-resnet", "--option", "width=4", "--weights", stored(t, "shapes-resnet", 2, nil), "--data", folder,
		"--mean", "0.4,0.5,0.6", "--std", "0.1,0.2,0.3", "--resize", "20", "--crop", "18"}
	got := transfera(t, append([]string{"evaluate", "--json", "--device", "cpu"}, flags...)...)
	require.NoError(t, got.err, got.stderr)
	var evaluated struct {
		N            int
		Top1Correct  int     `json:"top1_correct"`
		CrossEntropy float64 `json:"cross_entropy"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &evaluated))

	url, stderr := served(t, append(flags, "--verbose")...)
	right, loss := 0, 0.0
	for _, class := range []string{"cat", "dog"} {
		scores, best := classified(t, url, filepath.Join(folder, class, "1.jpg"))
		loss -= math.Log(scores[class]) / 2
		if best == class {
			right++
		}
	}
	assert.Equal(t, 2, evaluated.N)
	assert.Equal(t, evaluated.Top1Correct, right)
	assert.InDelta(t, evaluated.CrossEntropy, loss, 1e-6)
	assert.Regexp(t, `^serve: shapes-resnet, 2 classes, at http://127\.0\.0\.1:\d+/v1/classify\n(serve: POST "/v1/classify" 200 \S+\n){2}$`, stderr.String())
}

func TestWeightsTrainedHereServeWithoutOtherFlags(t *testing.T) {
	p := newPlace(t)
	got := p.run(t, spec(t, "tasks: [dn]\nmethods: [none]\nmetrics: [top1]\n"))
	require.NoError(t, got.err, got.stderr)
	var trained string
	require.NoError(t, filepath.WalkDir(p.cache, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.Name() == "weights.safetensors" {
			trained = path
		}
		return err
	}))
	require.NotEmpty(t, trained)
	url, _ := served(t, "--weights", trained)
	scores, _ := classified(t, url, write(t, filepath.Join(t.TempDir(), "p.jpg"), picture(t)))
	total := 0.0
	for name, score := range scores {
		assert.NotRegexp(t, `^\d+$`, name, "classes have their names")
		total += score
	}
	assert.Len(t, scores, 10)
	assert.InDelta(t, 1, total, 1e-9)

	wrong := transfera(t, "serve", "--weights", trained, "--arch", "densenet121")
	assert.Error(t, wrong.err)
	assert.True(t, strings.HasPrefix(wrong.stderr, "transfera: --arch densenet121: "+trained+" holds a shapes-"), wrong.stderr)
}

func TestServeDoesNotOpenToOthersByMistake(t *testing.T) {
	got := transfera(t, "serve", "--weights", "w.pth", "--listen", "0.0.0.0:0")
	assert.Error(t, got.err)
	assert.Equal(t, "transfera: --listen 0.0.0.0:0 serves other machines; that needs --public and a token: "+
		"--token-env NAME, with the token in the environment variable NAME\n", got.stderr)
	assert.Empty(t, got.stdout)
}
