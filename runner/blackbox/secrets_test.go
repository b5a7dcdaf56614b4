package blackbox_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/runner/blackbox"
)

func TestSecretsAreSentAndNowhereElse(t *testing.T) {
	const key, field = `sk-"quoted"+secret/1`, "form-secret-2"
	t.Setenv("BLACKBOX_KEY", key)
	t.Setenv("BLACKBOX_FIELD", field)
	// A hostile service repeats what it was sent, in every way that a log may hold it.
	echo := func(status int, around string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "Bearer "+key, r.Header.Get("Authorization"))
			assert.Equal(t, field, r.FormValue("token"))
			w.WriteHeader(status)
			text := fmt.Sprintf("%s %s %s", key, field, base64.StdEncoding.EncodeToString([]byte(key)))
			fmt.Fprintf(w, around, strings.ReplaceAll(text, `"`, `\"`))
		}
	}
	cases := map[string]struct {
		handler http.HandlerFunc
		err     string
	}{
		"kept answer":  {echo(200, `{"echo": "%s", "labels": [{"name": "cat", "score": 1}]}`), ""},
		"wrong path":   {echo(200, `{"%s": 1}`), "${BLACKBOX_KEY} ${BLACKBOX_FIELD} ${BLACKBOX_KEY}"},
		"malformed":    {echo(200, `%s`), "${BLACKBOX_KEY} ${BLACKBOX_FIELD} ${BLACKBOX_KEY}"},
		"refusal":      {echo(401, `no such key: %s`), "no such key: ${BLACKBOX_KEY} ${BLACKBOX_FIELD}"},
		"server error": {echo(500, `%s`), "${BLACKBOX_KEY}"},
		"reset":        {func(_ http.ResponseWriter, r *http.Request) { _, _ = io.ReadAll(r.Body); panic(http.ErrAbortHandler) }, "EOF"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			url, _ := server(t, c.handler)
			s := service(url)
			s.Headers = map[string]string{"Authorization": "Bearer ${BLACKBOX_KEY}"}
			s.Body = blackbox.Body{Kind: blackbox.FormBody, Fields: map[string]string{"token": "${BLACKBOX_FIELD}"}}
			folder := t.TempDir()
			client, said := open(t, folder, s)
			_, err := client.Ask(t.Context(), picture(1))
			told := strings.Join(said.lines, "\n") + everything(t, folder)
			for _, file := range answers(t, folder) {
				told += bodyOf(t, file)
			}
			if c.err == "" {
				require.NoError(t, err)
				assert.Contains(t, told, `"echo": "${BLACKBOX_KEY} ${BLACKBOX_FIELD} ${BLACKBOX_KEY}"`)
			} else {
				require.ErrorContains(t, err, c.err)
				told += fmt.Sprintf("%v %+v", err, err)
			}
			for _, secret := range []string{key, strings.ReplaceAll(key, `"`, `\"`), field, "secret/1", base64.StdEncoding.EncodeToString([]byte(key))} {
				assert.NotContains(t, told, secret)
			}
		})
	}
}

func TestMissingSecretsAreNamedBeforeAnyCall(t *testing.T) {
	t.Setenv("BLACKBOX_HERE", "value")
	t.Setenv("BLACKBOX_EMPTY", "")
	url, calls := server(t, says(200, scored))
	s := service(url)
	s.Headers = map[string]string{"X-A": "${BLACKBOX_NOT_SET_2} ${BLACKBOX_HERE}", "X-B": "${BLACKBOX_EMPTY}"}
	s.Body = blackbox.Body{Kind: blackbox.JSONBody, Template: `{"image": "{{image}}", "key": "${BLACKBOX_NOT_SET_1}", "again": "${BLACKBOX_NOT_SET_2}"}`}
	assert.Equal(t, []string{"BLACKBOX_EMPTY", "BLACKBOX_NOT_SET_1", "BLACKBOX_NOT_SET_2"}, s.MissingEnvironment())
	client, _ := open(t, t.TempDir(), s)
	_, err := client.Ask(t.Context(), picture(1))
	assert.ErrorContains(t, err, "needs BLACKBOX_EMPTY, BLACKBOX_NOT_SET_1, BLACKBOX_NOT_SET_2 in the environment; set it, as in export BLACKBOX_EMPTY=VALUE")
	assert.Zero(t, calls.Load())
	assert.Zero(t, client.Usage().Calls)
	assert.Empty(t, service(url).MissingEnvironment())
}

// bodyOf is the body in the file of a kept answer.
func bodyOf(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	var kept struct{ Body []byte }
	require.NoError(t, json.Unmarshal(content, &kept))
	return string(kept.Body)
}
