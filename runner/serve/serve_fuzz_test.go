package serve_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
	"transfera/fuzztest"
	"transfera/runner/classifier"
	"transfera/runner/serve"
)

// FuzzServe sends any request to a recognizer, with and without a token to show. What is refused is told in JSON with a status
// of the sender's fault; labels come in the order of their scores.
func FuzzServe(f *testing.F) {
	const host, authorized = "Host: 127.0.0.1\r\n", "Authorization: Bearer sesame\r\n"
	small := imaging.New(8, 6)
	for i := range small.Pix {
		small.Pix[i] = uint8(i * 37)
	}
	pngFile := png(f, small)
	jpegFile, err := small.EncodeJPEG(75)
	require.NoError(f, err)
	inJSON, err := json.Marshal(map[string]string{"image": base64.StdEncoding.EncodeToString(pngFile)})
	require.NoError(f, err)
	form := "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n" + string(pngFile) + "\r\n--b--\r\n"
	for _, r := range []struct {
		method, target, header string
		body                   []byte
	}{
		{"GET", "/healthz", host, nil},
		{"HEAD", "/healthz", host, nil},
		{"POST", "/v1/classify", host + "Content-Type: image/png", pngFile},
		{"POST", "/v1/classify?top=2", host + authorized + "Content-Type: image/jpeg", jpegFile},
		{"POST", "/v1/classify?top=0", host + authorized + "Content-Type: application/json", inJSON},
		{"POST", "/v1/classify?top=-1&top=x", host + authorized, jpegFile},
		{"POST", "/v1/classify", host + authorized + "Content-Type: multipart/form-data; boundary=b", []byte(form)},
		{"POST", "/v1/classify", host + authorized + "Content-Type: image/png", png(f, imaging.New(1, 60_000))},
		{"POST", "/v1/classify", host + "Authorization: basic c2VzYW1l", pngFile},
		{"PUT", "/v1/classify/", host, pngFile},
		{"OPTIONS", "*", host, nil},
		{"CONNECT", "127.0.0.1:80", host, nil},
	} {
		f.Add(r.method, r.target, r.header, r.body, false)
		f.Add(r.method, r.target, r.header, r.body, true)
	}
	f.Setenv("TRANSFERA_FUZZ_TOKEN", "sesame")
	servers := map[bool]*serve.Server{}
	for _, asks := range []bool{false, true} {
		o := fuzzedOptions(f)
		if asks {
			o.TokenEnv = "TRANSFERA_FUZZ_TOKEN"
			o.Resize, o.Crop = 36, 32
		}
		servers[asks] = opened(f, o)
	}
	f.Fuzz(func(t *testing.T, method, target, header string, body []byte, asks bool) {
		r := fuzztest.Request(method, target, header, body)
		if r == nil {
			return
		}
		out := httptest.NewRecorder()
		bound := fuzztest.Bound{Bytes: 2 << 20, PerByte: 48 << 10} // a PNG's byte is up to 8,256 pixels
		fuzztest.Hold(t, bound, len(target)+len(header)+len(body), func() { servers[asks].ServeHTTP(out, r) })

		require.Less(t, out.Code, 500, out.Body.String())
		require.Equal(t, "application/json", out.Header().Get("Content-Type"))
		if r.Method == http.MethodHead {
			require.Empty(t, out.Body.Bytes())
			return
		}
		var said struct {
			Error  string
			Labels []label
		}
		require.NoError(t, json.Unmarshal(out.Body.Bytes(), &said), out.Body.String())
		if out.Code != http.StatusOK {
			require.NotEmpty(t, said.Error)
			require.Less(t, len(said.Error), 1000)
			return
		}
		if r.URL.Path == "/healthz" {
			return
		}
		require.Equal(t, []string{http.MethodPost, "/v1/classify"}, []string{r.Method, r.URL.Path})
		require.True(t, !asks || strings.HasSuffix(r.Header.Get("Authorization"), " sesame"), "%q", header)
		require.NotEmpty(t, said.Labels)
		require.LessOrEqual(t, len(said.Labels), 5)
		for i, l := range said.Labels {
			require.True(t, 0 <= l.Score && l.Score <= 1 && (i == 0 || l.Score <= said.Labels[i-1].Score), "%v", said.Labels)
		}
	})
}

// fuzzedOptions serve small pictures as they are.
func fuzzedOptions(t testing.TB) serve.Options {
	return serve.Options{
		Settings: classifier.Settings{
			Arch: "shapes-resnet", Options: map[string]string{"width": "4"}, Weights: stored(t, 5, nil), Device: "cpu",
			Mean: []float64{0.4, 0.5, 0.6}, Std: []float64{0.1, 0.2, 0.3},
		},
		Listen: "127.0.0.1:0", Top: 3, Limits: serve.Limits{Body: 1 << 16, Pixels: 64 * 64},
	}
}

// opened is a server without a socket, which is freed when the test ends.
func opened(t testing.TB, o serve.Options) *serve.Server {
	s, err := serve.Open(o)
	require.NoError(t, err)
	t.Cleanup(func() {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		require.NoError(t, s.Serve(ended, listener))
	})
	return s
}
