package web_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/fuzztest"
	"transfera/results/study"
	"transfera/results/study/web"
)

// FuzzStudy sends any request to a study. In its parts stand names for what only the study knows: COOKIE and JOINED for the
// cookies of a participant who is at a question and of one who answered all, TICKET and SHOWN for the question's own
// secrets, TOKEN for that of an invitation. No answer is a failure of the server or tells the study's key, and a vote is
// added only where a participant answers the question that was asked.
func FuzzStudy(f *testing.F) {
	const host, form = "Host: 127.0.0.1\r\n", "Content-Type: application/x-www-form-urlencoded\r\n"
	for _, r := range []struct{ method, target, header, body string }{
		{"GET", "/", host, ""},
		{"GET", "/", host + "Cookie: COOKIE", ""},
		{"GET", "/", host + "Cookie: JOINED", ""},
		{"GET", "/", "Host: evil.example", ""},
		{"GET", "/join?name=ann&token=TOKEN", host, ""},
		{"GET", "/picture/SHOWN/left", host + "Cookie: COOKIE", ""},
		{"GET", "/picture/SHOWN/%2e%2e%2fkey.json", host + "Cookie: COOKIE", ""},
		{"HEAD", "/favicon.ico", host, ""},
		{"POST", "/join", host + form, "name=ann&token=TOKEN"},
		{"POST", "/join", host + form, "name=%3Cscript%3E"},
		{"POST", "/vote", host + form + "Cookie: COOKIE", "ticket=TICKET&answer=left"},
		{"POST", "/vote?answer=right", host + form + "Cookie: a=b; COOKIE", "answer=none&ticket=TICKET&answer=left"},
		{"POST", "/vote", host + form + "Cookie: COOKIE\r\nOrigin: https://evil.example", "ticket=TICKET&answer=left"},
		{"POST", "/vote", host + form + "Cookie: JOINED", "ticket=TICKET&answer=left"},
		{"POST", "/vote", host + "Content-Type: multipart/form-data; boundary=b\r\nCookie: COOKIE",
			"--b\r\nContent-Disposition: form-data; name=\"answer\"\r\n\r\nleft\r\n--b\r\nContent-Disposition: form-data; name=\"ticket\"\r\n\r\nTICKET\r\n--b--\r\n"},
	} {
		f.Add(r.method, r.target, r.header, []byte(r.body), false)
		f.Add(r.method, r.target, r.header, []byte(r.body), true)
	}
	s := build(f)
	e := &exposed{Study: s}
	f.Cleanup(func() { e.close(f) })
	f.Fuzz(func(t *testing.T, method, target, header string, body []byte, public bool) {
		if len(body) > 8<<10 {
			return // a body twice as long as what is read says all
		}
		e.renew(t)
		e.t = t
		ask := e.names(t)
		r := fuzztest.Request(ask.Replace(method), ask.Replace(target), ask.Replace(header), []byte(ask.Replace(string(body))))
		if r == nil {
			return
		}
		before, stored := e.log.Votes(), e.stored(t)
		out := httptest.NewRecorder()
		bound := fuzztest.Bound{Bytes: 1 << 20, PerByte: 256}
		fuzztest.Hold(t, bound, len(method)+len(target)+len(header)+len(body), func() { e.handlers[public].ServeHTTP(out, r) })

		require.Less(t, out.Code, 500)
		require.Contains(t, out.Header().Get("Content-Security-Policy"), "default-src 'none'")
		require.NotContains(t, out.Body.String(), e.secret)
		added := e.log.Votes() - before
		if added == 0 {
			require.Equal(t, stored, e.stored(t), "no vote, no bytes")
			return
		}
		require.Equal(t, 1, added)
		require.Greater(t, e.stored(t), stored)
		require.Equal(t, http.StatusSeeOther, out.Code)
		require.Equal(t, []string{http.MethodPost, "/vote"}, []string{r.Method, r.URL.Path})
		require.Contains(t, header, "COOKIE", "who votes is known")
		require.Contains(t, string(body), "TICKET", "what is answered was asked")
		record, err := e.ReadVotes() // examines every vote
		require.NoError(t, err)
		require.Len(t, record.Votes, before+1)
		vote := record.Votes[before]
		require.Equal(t, "ann", vote.Participant)
		require.True(t, slices.ContainsFunc(study.Answers, func(answer string) bool { return answer == vote.Answer && r.PostForm.Get("answer") == answer }))
	})
}

// exposed is a study under test, begun anew when its participant has answered all.
type exposed struct {
	*study.Study
	t        testing.TB // of the present request
	log      *study.Log
	handlers map[bool]http.Handler // by Options.Public
	closing  []func() error
	secret   string
}

// renew begins a study without votes, but where there is one with questions left.
func (e *exposed) renew(t testing.TB) {
	if e.log != nil {
		if _, _, left := e.log.Next("ann"); left {
			return
		}
	}
	e.close(t)
	for _, name := range []string{"votes.jsonl", "votes.head"} {
		if err := os.Remove(filepath.Join(e.Path, name)); !errors.Is(err, fs.ErrNotExist) {
			require.NoError(t, err)
		}
	}
	text, err := e.Key.Secret.MarshalText()
	require.NoError(t, err)
	e.secret = string(text)
	e.log, err = study.OpenLog(e.Study)
	require.NoError(t, err)
	for position, c := range e.Key.Secret.Order(e.Comparisons, "bob") {
		require.NoError(t, e.log.Add("bob", c.ID, position, study.AnswerNone))
	}
	e.handlers = map[bool]http.Handler{}
	for _, public := range []bool{false, true} {
		handler, closeHandler, err := web.New(e.Study, e.log, web.Options{Public: public, Participants: 3}, func(err error) { e.t.Error(err) })
		require.NoError(t, err)
		e.handlers[public], e.closing = handler, append(e.closing, closeHandler)
	}
	e.closing = append(e.closing, e.log.Close)
}

func (e *exposed) close(t testing.TB) {
	for _, end := range e.closing {
		require.NoError(t, end())
	}
	e.closing = nil
}

// names replaces what stands for the study's secrets.
func (e *exposed) names(t *testing.T) *strings.Replacer {
	c, position, left := e.log.Next("ann")
	require.True(t, left)
	secret := e.Key.Secret
	cookie := func(participant string) string {
		name := base64.RawURLEncoding.EncodeToString([]byte(participant))
		return fmt.Sprintf("study-%s=%s.%s", secret.Name("cookie-name")[:8], secret.Name("cookie", name), name)
	}
	return strings.NewReplacer("COOKIE", cookie("ann"), "JOINED", cookie("bob"), "TOKEN", secret.Token("ann"),
		"SHOWN", secret.Name("shown", "ann", c.ID), "TICKET", secret.Name("ticket", "ann", c.ID, strconv.Itoa(position)))
}

// stored is the length of the votes on the disk.
func (e *exposed) stored(t *testing.T) int64 {
	info, err := os.Stat(filepath.Join(e.Path, "votes.jsonl"))
	require.NoError(t, err)
	return info.Size()
}
