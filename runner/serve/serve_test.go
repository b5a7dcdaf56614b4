package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/data/imaging"
	"transfera/models"
	"transfera/models/recognizers"
	"transfera/models/weights"
	"transfera/runner/classifier"
	"transfera/runner/serve"
)

// stored writes a small network of random weights.
func stored(t testing.TB, classes int, metadata map[string]string) string {
	t.Helper()
	architecture, err := recognizers.Named("shapes-resnet")
	require.NoError(t, err)
	network := architecture.New(3, classes, models.Options{"width": 4})
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	require.NoError(t, weights.SaveSafetensors(path, network.Dict(), metadata))
	return path
}

// options serve a network of five classes.
func options(t *testing.T) serve.Options {
	return serve.Options{
		Settings: classifier.Settings{
			Arch: "shapes-resnet", Options: map[string]string{"width": "4"}, Weights: stored(t, 5, nil), Device: "cpu",
			Mean: []float64{0.4, 0.5, 0.6}, Std: []float64{0.1, 0.2, 0.3},
		},
		Listen: "127.0.0.1:0", Top: 5, Resize: 36, Crop: 32,
	}
}

// start serves over TCP until the test ends, and returns where.
func start(t testing.TB, o serve.Options) string {
	t.Helper()
	url, stop := begin(t, o)
	t.Cleanup(func() { require.NoError(t, stop()) })
	return url
}

// begin serves until stop is called, which returns what Serve does.
func begin(t testing.TB, o serve.Options) (url string, stop func() error) {
	t.Helper()
	s, err := serve.Open(o)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", o.Listen)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	return "http://" + listener.Addr().String(), func() error {
		cancel()
		return <-ended
	}
}

// picture is an image of 50x40 pixels that no other n has.
func picture(n int) *imaging.Image {
	m := imaging.New(50, 40)
	for i := range m.Pix {
		m.Pix[i] = uint8((i*i>>3 + 37*n*(i%3)) ^ n)
	}
	return m
}

func png(t testing.TB, m *imaging.Image) []byte {
	t.Helper()
	file, err := m.EncodePNG()
	require.NoError(t, err)
	return file
}

type label struct {
	Name  string
	Score float64
}

// said is one answer.
type said struct {
	status int
	header http.Header
	text   string
	Labels []label
	Error  string
}

func ask(t testing.TB, request *http.Request) said {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	got := said{status: response.StatusCode, header: response.Header, text: string(body)}
	assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal(body, &got), got.text)
	return got
}

func post(t testing.TB, url, contentType string, body []byte) said {
	t.Helper()
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	require.NoError(t, err)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	return ask(t, request)
}

// direct is the probabilities that libtorch's own softmax gives for a picture, class by class.
func direct(t *testing.T, o serve.Options, m *imaging.Image) []float32 {
	t.Helper()
	file, err := weights.Load(o.Weights)
	require.NoError(t, err)
	resized, err := m.ResizeShorter(36, imaging.Bilinear)
	require.NoError(t, err)
	cut := resized.CenterCrop(32, 32)
	planes := make([]float32, len(cut.Pix))
	cut.Planar(planes)
	for i := range planes {
		c := i / (32 * 32)
		planes[i] = (planes[i] - float32(o.Mean[c])) / float32(o.Std[c])
	}
	architecture, err := recognizers.Named(o.Arch)
	require.NoError(t, err)
	network := architecture.Unset(5, models.Options{"width": 4})
	require.NoError(t, network.Load(file.Path, file.Tensors))
	var probabilities []float32
	aten.NoGrad(func() {
		probabilities = aten.Softmax(network.Forward(aten.FromFloats(nil, planes, 1, 3, 32, 32)), 1).Floats()
	})
	return probabilities
}

func TestAnswersAreThoseOfTheNetwork(t *testing.T) {
	o := options(t)
	url := start(t, o)
	for n := range 3 {
		want := direct(t, o, picture(n))
		got := post(t, url+"/v1/classify", "image/png", png(t, picture(n)))
		require.Equal(t, 200, got.status, got.text)
		require.Len(t, got.Labels, 5)
		for i, l := range got.Labels {
			var class int
			_, err := fmt.Sscan(l.Name, &class)
			require.NoError(t, err)
			assert.InDelta(t, want[class], l.Score, 1e-5)
			if i > 0 {
				assert.LessOrEqual(t, l.Score, got.Labels[i-1].Score)
			}
		}
	}
}

func TestImagesComeInThreeWays(t *testing.T) {
	url := start(t, options(t)) + "/v1/classify"
	jpeg, err := picture(1).EncodeJPEG(90)
	require.NoError(t, err)
	file := png(t, picture(1))
	want := post(t, url, "image/png", file)
	form := "--b\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--b\r\n" +
		"Content-Disposition: form-data; name=\"image\"; filename=\"../../etc/passwd\"\r\n\r\n" + string(file) + "\r\n--b--\r\n"
	inJSON, err := json.Marshal(map[string]any{"image": file})
	require.NoError(t, err)
	cases := map[string]struct {
		kind string
		body []byte
	}{
		"PNG that says nothing": {"", file},
		"PNG called JPEG":       {"image/jpeg", file},
		"form":                  {"multipart/form-data; boundary=b", []byte(form)},
		"json":                  {"application/json; charset=utf-8", inJSON},
	}
	for name, c := range cases {
		got := post(t, url, c.kind, c.body)
		assert.Equal(t, 200, got.status, name+got.text)
		assert.Equal(t, want.Labels, got.Labels, name)
	}
	got := post(t, url, "image/jpeg", jpeg)
	assert.Equal(t, 200, got.status, got.text)
	assert.NotEqual(t, want.Labels, got.Labels, "JPEG changes pixels")
}

func TestTopSaysHowManyLabels(t *testing.T) {
	o := options(t)
	o.Top = 2
	url := start(t, o) + "/v1/classify"
	file := png(t, picture(1))
	for query, want := range map[string]int{"": 2, "?top=0": 2, "?top=3": 3, "?top=99": 5, "?top=all": 5} {
		assert.Len(t, post(t, url+query, "image/png", file).Labels, want, query)
	}
	for _, query := range []string{"?top=-1", "?top=x", "?top=1.5", "?top=99999999999999999999"} {
		got := post(t, url+query, "image/png", file)
		assert.Equal(t, 400, got.status, query)
		assert.Contains(t, got.Error, "use a whole number, or all")
	}
}

func TestHostileRequestsAreRefused(t *testing.T) {
	o := options(t)
	o.Limits.Body = 100_000
	url := start(t, o)
	classify := url + "/v1/classify"
	bomb := png(t, picture(1))
	copy(bomb[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // 65536x65536 pixels
	fat := append(png(t, picture(1)), bytes.Repeat([]byte{0}, 200_000)...)
	half := png(t, picture(1))[:200]
	cases := map[string]struct {
		method, url, kind string
		body              []byte
		status            int
		want              string
	}{
		"oversize":          {"POST", classify, "image/png", fat, 413, "up to 100000 bytes"},
		"oversize form":     {"POST", classify, "multipart/form-data; boundary=b", append([]byte("--b\r\nContent-Disposition: form-data; name=image\r\n\r\n"), fat...), 413, "up to 100000 bytes"},
		"oversize JSON":     {"POST", classify, "application/json", bytes.Repeat([]byte("["), 200_000), 413, "up to 100000 bytes"},
		"empty":             {"POST", classify, "image/png", nil, 400, "empty"},
		"garbage":           {"POST", classify, "image/png", []byte("GIF89a and so on"), 400, "neither JPEG nor PNG"},
		"bomb":              {"POST", classify, "image/png", bomb, 400, "image: "},
		"half":              {"POST", classify, "image/png", half, 400, "image: damaged PNG"},
		"nested JSON":       {"POST", classify, "application/json", bytes.Repeat([]byte("["), 50_000), 400, "base64"},
		"JSON without":      {"POST", classify, "application/json", []byte(`{}`), 400, "empty"},
		"form without":      {"POST", classify, "multipart/form-data; boundary=b", []byte("--b--\r\n"), 400, "the form has no field image"},
		"form cut":          {"POST", classify, "multipart/form-data; boundary=b", []byte("--b\r\nContent-Disposition: form-data; name=image\r\n\r\nx"), 400, "broke off"},
		"no boundary":       {"POST", classify, "multipart/form-data", nil, 400, "boundary"},
		"text":              {"POST", classify, "text/plain", []byte("x"), 415, "send image/jpeg"},
		"type that is none": {"POST", classify, "///", []byte("x"), 415, "send image/jpeg"},
		"wrong method":      {"GET", classify, "", nil, 405, "use POST"},
		"wrong health":      {"POST", url + "/healthz", "", nil, 405, "use GET"},
		"elsewhere":         {"GET", url + "/", "", nil, 404, "POST /v1/classify"},
		"path traversal":    {"GET", url + "/v1/../../etc/passwd", "", nil, 404, ""},
		"encoded traversal": {"GET", url + "/%2e%2e/%2e%2e/etc/passwd", "", nil, 404, ""},
		"longer path":       {"POST", classify + "/", "image/png", nil, 404, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequest(c.method, c.url, bytes.NewReader(c.body))
			require.NoError(t, err)
			request.Header.Set("Content-Type", c.kind)
			if c.kind == "" {
				request.Header.Del("Content-Type")
			}
			got := ask(t, request)
			assert.Equal(t, c.status, got.status, got.text)
			assert.Contains(t, got.Error, c.want)
			assert.NotEmpty(t, got.Error)
		})
	}
	assert.Equal(t, 200, post(t, classify, "image/png", png(t, picture(1))).status, "it still serves")
}

func TestSmallImageForALargeCropIsRefused(t *testing.T) {
	o := options(t)
	o.Resize, o.Crop = 0, 64
	got := post(t, start(t, o)+"/v1/classify", "image/png", png(t, picture(1)))
	assert.Equal(t, 400, got.status)
	assert.Contains(t, got.Error, "too small for a crop of 64")
}

func TestWhatTheNetworkIsShownIsBounded(t *testing.T) {
	o := options(t)
	o.Resize, o.Crop, o.Limits.Pixels = 0, 0, 50*40
	url := start(t, o) + "/v1/classify"
	assert.Equal(t, 200, post(t, url, "image/png", png(t, picture(1))).status)
	got := post(t, url, "image/png", png(t, imaging.New(50, 41)))
	assert.Equal(t, 413, got.status)
	assert.Equal(t, "an image of 50x41 pixels; the network is shown up to 2000", got.Error)
}

func TestElongatedImageIsNotEnlarged(t *testing.T) {
	url := start(t, options(t)) + "/v1/classify"
	assert.Equal(t, 200, post(t, url, "image/png", png(t, imaging.New(320, 10))).status)
	for _, m := range []*imaging.Image{imaging.New(321, 10), imaging.New(1, 60_000)} { // 36 x 2,160,000 pixels
		got := post(t, url, "image/png", png(t, m))
		assert.Equal(t, 400, got.status)
		assert.Equal(t, fmt.Sprintf("an image of %dx%d pixels is more than 32 times as long as short; cut it", m.Width, m.Height), got.Error)
	}
}

func TestTokenIsAskedFor(t *testing.T) {
	t.Setenv("SERVE_TEST_TOKEN", "correct horse")
	o := options(t)
	o.TokenEnv = "SERVE_TEST_TOKEN"
	url := start(t, o)
	for header, status := range map[string]int{
		"": 401, "Bearer": 401, "Bearer ": 401, "Bearer correct hors": 401, "Bearer correct horse ": 200, "Basic correct horse": 401,
		"Bearer correct horse!": 401, "Bearer correct horse": 200, "bearer correct horse": 200,
	} {
		request, err := http.NewRequest(http.MethodPost, url+"/v1/classify", bytes.NewReader(png(t, picture(1))))
		require.NoError(t, err)
		request.Header.Set("Authorization", header)
		got := ask(t, request)
		assert.Equal(t, status, got.status, header)
		assert.NotContains(t, got.text, "horse")
		if status == 401 {
			assert.Equal(t, "Bearer", got.header.Get("WWW-Authenticate"))
		}
	}
	got, err := http.Get(url + "/healthz")
	require.NoError(t, err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	assert.JSONEq(t, `{"status":"ok","arch":"shapes-resnet","classes":5}`, string(text))
}

func TestAHundredAtOnceGetWhatEachGetsAlone(t *testing.T) {
	o := options(t)
	o.Limits.Queue, o.Limits.Connections = 100, 100
	url := start(t, o) + "/v1/classify?top=all"
	want := make([]said, 10)
	for n := range want {
		want[n] = post(t, url, "image/png", png(t, picture(n)))
	}
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			got := post(t, url, "image/png", png(t, picture(i%10)))
			assert.Equal(t, 200, got.status)
			assert.Equal(t, want[i%10].Labels, got.Labels)
		})
	}
	group.Wait()
}

func TestFullQueueAsksToComeBack(t *testing.T) {
	o := options(t)
	o.Limits.Queue = 1
	url := start(t, o) + "/v1/classify"
	file := png(t, imaging.New(3000, 3000)) // takes a while to decode
	statuses := map[int]int{}
	var mutex sync.Mutex
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			got := post(t, url, "image/png", file)
			if got.status == 503 {
				assert.Equal(t, "1", got.header.Get("Retry-After"))
				assert.Equal(t, "too many requests at once", got.Error)
			}
			mutex.Lock()
			defer mutex.Unlock()
			statuses[got.status]++
		})
	}
	group.Wait()
	assert.Equal(t, 8, statuses[200]+statuses[503], statuses)
	assert.Positive(t, statuses[200])
	assert.Positive(t, statuses[503])
}

func TestStoppingAnswersWhatWasBegun(t *testing.T) {
	url, stop := begin(t, options(t))
	file := png(t, imaging.New(3000, 3000))
	reader, writer := io.Pipe()
	request, err := http.NewRequest(http.MethodPost, url+"/v1/classify", reader)
	require.NoError(t, err)
	request.Header.Set("Expect", "100-continue") // the body goes when the server asks for it
	answered := make(chan said, 1)
	go func() { answered <- ask(t, request) }()
	_, err = writer.Write(file[:len(file)/2])
	require.NoError(t, err)
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	require.Eventually(t, func() bool {
		connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err == nil {
			_ = connection.Close()
		}
		return err != nil
	}, 5*time.Second, 5*time.Millisecond, "no new callers")
	_, err = writer.Write(file[len(file)/2:])
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	assert.Equal(t, 200, (<-answered).status)
	assert.NoError(t, <-stopped)
}

func TestSlowCallersAreCutOff(t *testing.T) {
	o := options(t)
	o.Limits.Read = 200 * time.Millisecond
	connection, err := net.Dial("tcp", strings.TrimPrefix(start(t, o), "http://"))
	require.NoError(t, err)
	defer connection.Close()
	_, err = connection.Write([]byte("POST /v1/classify HTTP/1.1\r\nHost: x\r\nX-Slow: "))
	require.NoError(t, err)
	require.NoError(t, connection.SetReadDeadline(time.Now().Add(5*time.Second)))
	_, err = io.ReadAll(connection)
	assert.NoError(t, err, "the server closes the connection before the deadline")
}

func TestMemoryStaysFlat(t *testing.T) {
	url := start(t, options(t)) + "/v1/classify"
	file := png(t, picture(1))
	load := func(requests int) {
		for range requests {
			require.Equal(t, 200, post(t, url, "image/png", file).status)
		}
	}
	load(300) // what Go's heap grows to beside the tests before is reached by then
	before := resident(t)
	load(2000)
	// One leaked batch of the first layer's activations alone would be 16 KiB a request, 31 MiB in all.
	assert.Less(t, resident(t)-before, 16<<20)
}

// resident is this process's memory in bytes.
func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	var size, pages int
	_, err = fmt.Sscan(string(text), &size, &pages)
	require.NoError(t, err)
	return pages * os.Getpagesize()
}

func BenchmarkClassify(b *testing.B) {
	o := serve.Options{Listen: "127.0.0.1:0", Top: 5, Resize: 36, Crop: 32}
	o.Settings = classifier.Settings{Arch: "shapes-resnet", Options: map[string]string{"width": "4"}, Weights: stored(b, 5, nil), Device: "cpu"}
	url := start(b, o) + "/v1/classify"
	file := png(b, picture(1))
	for b.Loop() {
		require.Equal(b, 200, post(b, url, "image/png", file).status)
	}
}
