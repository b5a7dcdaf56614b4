package blackbox_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/runner/blackbox"
)

func TestPassingFailuresAreAskedAgain(t *testing.T) {
	cases := map[string]struct {
		fails http.HandlerFunc
		said  string
	}{
		"429":            {says(429, "slow"), `429 Too Many Requests: "slow"`},
		"408":            {says(408, ""), "408 Request Timeout"},
		"500":            {says(500, "oops"), "500 Internal Server Error"},
		"503":            {says(503, "later", "Retry-After", "0"), "503 Service Unavailable"},
		"malformed JSON": {says(200, "<html>proxy"), `the answer is no JSON: "<html>proxy"`},
		"empty answer":   {says(200, ""), "the answer is no JSON"},
		"truncated":      {breaks, "the answer broke off"},
		"reset":          {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"too slow": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // without this the server does not see that the client went
			<-r.Context().Done()
		}, "no answer within 1s"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			url, calls := server(t, c.fails, c.fails, says(200, scored))
			s := service(url)
			if name == "too slow" {
				s.Timeout = time.Second // the answer that follows must arrive within it
			}
			folder := t.TempDir()
			client, said := open(t, folder, s)
			answer, err := client.Ask(t.Context(), picture(1))
			require.NoError(t, err)
			assert.Equal(t, "cat", answer.Labels[0].Name)
			assert.EqualValues(t, 3, calls.Load())
			assert.Equal(t, 3, client.Usage().Calls, "every call counts")
			require.Len(t, said.lines, 2)
			assert.Contains(t, said.lines[0], c.said)
			assert.Len(t, answers(t, folder), 1)
		})
	}
}

func TestFailuresThatStayEndAfterTheRetries(t *testing.T) {
	for name, fails := range map[string]http.HandlerFunc{"500": says(500, "oops"), "malformed JSON": says(200, "{"), "truncated": breaks} {
		t.Run(name, func(t *testing.T) {
			url, calls := server(t, fails)
			folder := t.TempDir()
			client, _ := open(t, folder, service(url))
			_, err := client.Ask(t.Context(), picture(1))
			assert.ErrorContains(t, err, "service test: after 4 calls: ")
			assert.EqualValues(t, 4, calls.Load())
			assert.Empty(t, answers(t, folder), "what is no answer is not kept")
		})
	}
}

func TestRefusalsAreErrorsWithAdvice(t *testing.T) {
	t.Setenv("BLACKBOX_KEY", "0123456789")
	long := strings.Repeat("x", 300)
	cases := map[string]struct {
		handler http.HandlerFunc
		want    []string
	}{
		"400":                 {says(400, "bad "+long), []string{"400 Bad Request: ", strings.Repeat("x", 196) + `"...`}},
		"401":                 {says(401, "who?"), []string{`401 Unauthorized: "who?"`, "check the value of BLACKBOX_KEY"}},
		"403":                 {says(403, ""), []string{"403 Forbidden", "check the value of BLACKBOX_KEY"}},
		"404":                 {says(404, ""), []string{"404 Not Found", "check url and method"}},
		"413":                 {says(413, ""), []string{"413 Request Entity Too Large", "image.quality"}},
		"415":                 {says(415, ""), []string{"415 Unsupported Media Type", "image.format"}},
		"wait until tomorrow": {says(429, "", "Retry-After", "86400"), []string{"429 Too Many Requests", "it asks to wait for 24h0m0s: run again then"}},
		"endless answer": {func(w http.ResponseWriter, _ *http.Request) {
			for range 11 {
				fmt.Fprint(w, strings.Repeat(" ", 1<<20))
			}
		}, []string{"the answer has over 10485760 bytes"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			url, calls := server(t, c.handler)
			s := service(url)
			s.Headers = map[string]string{"Authorization": "Bearer ${BLACKBOX_KEY}"}
			client, _ := open(t, t.TempDir(), s)
			_, err := client.Ask(t.Context(), picture(1))
			for _, part := range append(c.want, "service test: ") {
				assert.ErrorContains(t, err, part)
			}
			assert.NotContains(t, err.Error(), strings.Repeat("x", 201))
			assert.EqualValues(t, 1, calls.Load())
		})
	}
}

func TestRetryAfterHoldsBackEveryCall(t *testing.T) {
	url, calls := server(t, says(429, "", "Retry-After", "1"), says(200, scored))
	client, _ := open(t, t.TempDir(), service(url))
	started := time.Now()
	first, waiting := make(chan error, 1), make(chan string, 10)
	client.Say = func(text string) { waiting <- text } // when every call is to be held back
	go func() {
		_, err := client.Ask(t.Context(), picture(1))
		first <- err
	}()
	select {
	case <-waiting:
	case err := <-first:
		require.Fail(t, "the first call does not wait", "%v", err)
	}
	assert.EqualValues(t, 1, calls.Load())
	_, err := client.Ask(t.Context(), picture(2))
	require.NoError(t, err)
	assert.GreaterOrEqual(t, time.Since(started), time.Second)
	require.NoError(t, <-first)
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	cases := map[string]struct {
		want time.Duration
		ok   bool
	}{
		"0":                             {0, true},
		" 7 ":                           {7 * time.Second, true},
		"Tue, 03 Feb 2026 04:05:36 GMT": {30 * time.Second, true},
		"Tue, 03 Feb 2026 04:05:00 GMT": {0, true},
		"":                              {0, false},
		"soon":                          {0, false},
		"-5":                            {0, false},
		"99999999999999999999999999":    {9223372036 * time.Second, true},
	}
	for text, c := range cases {
		wait, ok := blackbox.WaitOf(text, now)
		assert.Equal(t, c.ok, ok, text)
		assert.Equal(t, c.want, wait, text)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Setenv("BLACKBOX_KEY", "0123456789")
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	url, calls := server(t, says(307, "", "Location", other.URL+"/v2"))
	s := service(url)
	s.Headers = map[string]string{"Authorization": "Bearer ${BLACKBOX_KEY}"}
	client, _ := open(t, t.TempDir(), s)
	_, err := client.Ask(t.Context(), picture(1))
	assert.ErrorContains(t, err, "307 Temporary Redirect")
	assert.ErrorContains(t, err, "if "+other.URL+" is trusted, set url to the new address")
	assert.Zero(t, elsewhere)
	assert.EqualValues(t, 1, calls.Load())
}

func TestUntrustedCertificateIsNotAskedAgain(t *testing.T) {
	secure := httptest.NewUnstartedServer(says(200, scored))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	client, said := open(t, t.TempDir(), service(secure.URL))
	_, err := client.Ask(t.Context(), picture(1))
	assert.ErrorContains(t, err, "certificate")
	assert.Empty(t, said.lines)
	assert.Equal(t, 1, client.Usage().Calls)
}

func TestNoCallIsRepeatedUncounted(t *testing.T) {
	// net/http repeats what it holds for idempotent, when a connection that it used before breaks.
	url, calls := server(t, says(200, scored), func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, says(200, scored))
	s := service(url)
	s.Headers, s.Retries = map[string]string{"Idempotency-Key": "1"}, 0
	client, _ := open(t, t.TempDir(), s)
	_, err := client.Ask(t.Context(), picture(1))
	require.NoError(t, err)
	_, err = client.Ask(t.Context(), picture(2))
	assert.ErrorContains(t, err, "EOF")
	assert.EqualValues(t, 2, calls.Load())
	assert.Equal(t, 2, client.Usage().Calls)
}
