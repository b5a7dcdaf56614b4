package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzImageOf sends bodies under any Content-Type. What is refused is a problem with a status of the sender's fault and a
// sentence; an image is no longer than the body.
func FuzzImageOf(f *testing.F) {
	inJSON, err := json.Marshal(map[string][]byte{"image": []byte("\xff\xd8\xff")})
	require.NoError(f, err)
	const form = "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\r\n\xff\xd8\r\n--b--\r\n"
	for kind, body := range map[string][]byte{
		"image/jpeg": []byte("\xff\xd8\xff"), "": nil, "application/json": inJSON, "application/json; charset=utf-8": []byte(`{"image": 3}`),
		"multipart/form-data; boundary=b": []byte(form), "multipart/form-data": []byte(form), "text/html": []byte("<p>"), "multipart/mixed; boundary=b": []byte(form),
		"a;b;c": nil,
	} {
		f.Add(kind, body)
	}
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		const most = 1 << 16
		r := httptest.NewRequest(http.MethodPost, "/v1/classify", bytes.NewReader(body))
		r.Header.Set("Content-Type", kind)
		r.Body = http.MaxBytesReader(httptest.NewRecorder(), r.Body, most)
		image, err := imageOf(r)
		if err == nil {
			require.LessOrEqual(t, len(image), min(len(body), most))
			return
		}
		var refused *problem
		require.True(t, errors.As(err, &refused), "%v", err)
		require.GreaterOrEqual(t, refused.status, 400)
		require.Less(t, refused.status, 500)
		require.NotEmpty(t, refused.text)
	})
}
