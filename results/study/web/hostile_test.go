package web_test

import (
	"fmt"
	"html"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results/study"
	"transfera/results/study/studytest"
	"transfera/results/study/web"
)

// served is a study behind a real socket.
type served struct {
	*study.Study
	url string
}

func build(t testing.TB) *study.Study {
	t.Helper()
	out := t.TempDir()
	studytest.Publish(t, out, 3)
	s, err := study.BuildFile(study.MaterialPath(out, "transfer"), filepath.Join(t.TempDir(), "study"), study.BuildOptions{Seed: 1})
	require.NoError(t, err)
	return s
}

func serve(t *testing.T, s *study.Study, o web.Options) served {
	t.Helper()
	log, err := study.OpenLog(s)
	require.NoError(t, err)
	handler, closeHandler, err := web.New(s, log, o, func(err error) { t.Error(err) })
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, closeHandler())
		require.NoError(t, log.Close())
	})
	return served{s, server.URL}
}

// person is a participant's browser, without one's manners.
type person struct {
	t *testing.T
	*http.Client
	url string
}

func (s served) visitor(t *testing.T) person {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return person{t, &http.Client{Jar: jar}, s.url}
}

func (s served) join(t *testing.T, name string) person {
	p := s.visitor(t)
	status, _ := p.post("/join", url.Values{"name": {name}})
	require.Equal(t, http.StatusOK, status)
	return p
}

func (p person) do(r *http.Request, err error) (int, string, http.Header) {
	p.t.Helper()
	require.NoError(p.t, err)
	answer, err := p.Do(r)
	require.NoError(p.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	return answer.StatusCode, string(body), answer.Header
}

func (p person) get(path string) (int, string) {
	p.t.Helper()
	status, body, _ := p.do(http.NewRequest(http.MethodGet, p.url+path, nil))
	return status, body
}

func (p person) post(path string, form url.Values, header ...string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequest(http.MethodPost, p.url+path, strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	status, body, _ := p.do(r, nil)
	return status, body
}

var (
	ticketPattern  = regexp.MustCompile(`name="ticket" value="([^"]+)"`)
	picturePattern = regexp.MustCompile(`src="(/picture/[^"]+)"`)
)

// ticket is that of the question that a person is at.
func (p person) ticket() string {
	p.t.Helper()
	_, page := p.get("/")
	found := ticketPattern.FindStringSubmatch(page)
	require.NotNil(p.t, found, page)
	return html.UnescapeString(found[1])
}

func answer(ticket, choice string) url.Values {
	return url.Values{"ticket": {ticket}, "answer": {choice}}
}

// unchanged fails if the study has other than n votes.
func (s served) unchanged(t *testing.T, n int) {
	t.Helper()
	record, err := s.ReadVotes()
	require.NoError(t, err)
	assert.Len(t, record.Votes, n)
	assert.Zero(t, record.Torn)
}

func TestHostileRequestsGetNothingAndChangeNothing(t *testing.T) {
	s := serve(t, build(t), web.Options{})
	ann, eve := s.join(t, "ann"), s.join(t, "eve")
	used := ann.ticket()
	status, _ := ann.post("/vote", answer(used, "left"))
	require.Equal(t, http.StatusOK, status)
	fresh := ann.ticket()
	_, page := ann.get("/")
	shown := picturePattern.FindStringSubmatch(page)[1]

	post := func(p person, path string, form url.Values, header ...string) func() (int, string) {
		return func() (int, string) { return p.post(path, form, header...) }
	}
	get := func(p person, path string) func() (int, string) { return func() (int, string) { return p.get(path) } }
	with := func(method, path, host string) func() (int, string) {
		return func() (int, string) {
			r, err := http.NewRequest(method, s.url+path, nil)
			require.NoError(t, err)
			r.Host = host
			status, body, _ := ann.do(r, nil)
			return status, body
		}
	}
	cases := map[string]struct {
		try  func() (int, string)
		want int
	}{
		"replayed vote":                  {post(ann, "/vote", answer(used, "left")), 409},
		"second opinion":                 {post(ann, "/vote", answer(used, "right")), 409},
		"forged ticket":                  {post(ann, "/vote", answer(strings.Repeat("0", 32), "left")), 409},
		"no ticket":                      {post(ann, "/vote", answer("", "left")), 409},
		"vote with another's ticket":     {post(eve, "/vote", answer(fresh, "left")), 409},
		"vote without a cookie":          {post(s.visitor(t), "/vote", answer(fresh, "left")), 403},
		"vote with a forged cookie":      {post(s.visitor(t), "/vote", answer(fresh, "left"), "Cookie", "study-"+s.Key.Secret.Name("cookie-name")[:8]+"="+strings.Repeat("0", 32)+".YW5u"), 403},
		"unknown answer":                 {post(ann, "/vote", answer(fresh, "both")), 400},
		"no answer":                      {post(ann, "/vote", url.Values{"ticket": {fresh}}), 400},
		"oversize body":                  {post(ann, "/vote", url.Values{"ticket": {strings.Repeat("x", 1<<20)}, "answer": {"left"}}), 413},
		"cross-site post by origin":      {post(ann, "/vote", answer(fresh, "left"), "Origin", "https://evil.example"), 403},
		"cross-site post by null origin": {post(ann, "/vote", answer(fresh, "left"), "Origin", "null"), 403},
		"cross-site post by metadata":    {post(ann, "/vote", answer(fresh, "left"), "Sec-Fetch-Site", "cross-site"), 403},
		"same-site post by metadata":     {post(ann, "/vote", answer(fresh, "left"), "Sec-Fetch-Site", "same-site"), 403},
		"cross-site join":                {post(s.visitor(t), "/join", url.Values{"name": {"x"}}, "Sec-Fetch-Site", "cross-site"), 403},
		"another host":                   {with("GET", "/", "evil.example"), 421},
		"another host with a port":       {with("GET", "/", "evil.example:8765"), 421},
		"host that begins like ours":     {with("GET", "/", "127.0.0.1.evil.example"), 421},
		"GET of a vote":                  {get(ann, "/vote?ticket="+fresh+"&answer=left"), 405},
		"PUT of a vote":                  {with("PUT", "/vote", "127.0.0.1"), 405},
		"DELETE of the first page":       {with("DELETE", "/", "127.0.0.1"), 405},
		"name of markup":                 {post(s.visitor(t), "/join", url.Values{"name": {"<script>"}}), 400},
		"name of a path":                 {post(s.visitor(t), "/join", url.Values{"name": {"../x"}}), 400},
		"name without end":               {post(s.visitor(t), "/join", url.Values{"name": {strings.Repeat("x", 41)}}), 400},
		"another's picture":              {get(eve, shown), 404},
		"picture without a cookie":       {get(s.visitor(t), shown), 404},
		"picture of no side":             {get(ann, strings.TrimSuffix(shown, filepath.Base(shown))+"key"), 404},
		"path":                           {get(ann, "/../key.json"), 404},
		"path in a picture":              {get(ann, "/picture/../../key.json"), 404},
		"encoded path":                   {get(ann, "/picture/%2e%2e%2f%2e%2e%2fkey.json/left"), 404},
		"encoded path as a side":         {get(ann, strings.TrimSuffix(shown, filepath.Base(shown))+"%2e%2e%2f%2e%2e%2fkey.json"), 404},
		"twice encoded path":             {get(ann, "/picture/%252e%252e%252fkey.json/left"), 404},
		"encoded backslashes":            {get(ann, "/picture/..%5c..%5ckey.json/left"), 404},
		"zero byte":                      {get(ann, "/picture/x%00.png/left"), 404},
		"key":                            {get(ann, "/key.json"), 404},
		"votes":                          {get(ann, "/votes.jsonl"), 404},
		"list of pictures":               {get(ann, "/pictures/"), 404},
		"list of pictures by its route":  {get(ann, "/picture/"), 404},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			status, body := c.try()
			assert.Equal(t, c.want, status, body)
			secret, err := s.Key.Secret.MarshalText()
			require.NoError(t, err)
			assert.NotContains(t, body, string(secret))
			assert.NotContains(t, body, "root:")
			s.unchanged(t, 1)
			assert.Equal(t, fresh, ann.ticket(), "ann is where she was")
		})
	}
	status, _ = ann.post("/vote", answer(fresh, "right"))
	assert.Equal(t, http.StatusOK, status, "nothing is broken")
	s.unchanged(t, 2)
}

func TestVoteOnWhatWasNotShownYetIsRefused(t *testing.T) {
	s := serve(t, build(t), web.Options{})
	ann := s.join(t, "ann")
	order := s.Key.Secret.Order(s.Comparisons, "ann")
	// Even the right ticket, which nobody can make without the secret, does not hold before its turn.
	later := s.Key.Secret.Name("ticket", "ann", order[1].ID, "1")
	status, _ := ann.post("/vote", answer(later, "left"))
	assert.Equal(t, http.StatusConflict, status)
	status, _ = ann.get("/picture/" + s.Key.Secret.Name("shown", "ann", order[1].ID) + "/left")
	assert.Equal(t, http.StatusNotFound, status)
	s.unchanged(t, 0)
}

func TestOneOfManySimultaneousVotesCounts(t *testing.T) {
	s := serve(t, build(t), web.Options{})
	ann := s.join(t, "ann")
	ticket := ann.ticket()
	statuses := make(chan int, 20)
	for range cap(statuses) {
		go func() {
			answer, err := ann.PostForm(ann.url+"/vote", answer(ticket, "left"))
			if err != nil {
				statuses <- 0
				return
			}
			_ = answer.Body.Close()
			statuses <- answer.StatusCode
		}()
	}
	count := map[int]int{}
	for range cap(statuses) {
		count[<-statuses]++
	}
	assert.Equal(t, map[int]int{200: 1, 409: 19}, count)
	s.unchanged(t, 1)
}

func TestPublicStudyAsksForAnInvitation(t *testing.T) {
	s := serve(t, build(t), web.Options{Public: true})
	link := func(name, token string) string {
		return "/join?" + url.Values{"name": {name}, "token": {token}}.Encode()
	}
	p := s.visitor(t)
	for name, path := range map[string]string{
		"first page": "/", "no token": "/join", "forged token": link("ann", strings.Repeat("0", 32)), "another's token": link("ann", s.Key.Secret.Token("bob")),
	} {
		status, body := p.get(path)
		assert.Equal(t, http.StatusForbidden, status, name)
		assert.Contains(t, body, "invited participants", name)
	}
	status, _ := p.post("/join", url.Values{"name": {"ann"}, "token": {s.Key.Secret.Token("bob")}})
	assert.Equal(t, http.StatusForbidden, status)
	status, body := p.get(link("ann", s.Key.Secret.Token("ann")))
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, "ann")
	status, _ = p.get("/")
	assert.Equal(t, http.StatusForbidden, status, "looking at a link is not yet taking part")
	status, body = p.post("/join", url.Values{"name": {"ann"}, "token": {s.Key.Secret.Token("ann")}})
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, "Question 1 of ")
}

func TestStudyTakesNoMoreParticipantsThanAskedFor(t *testing.T) {
	s := serve(t, build(t), web.Options{Participants: 1})
	ann, bob := s.join(t, "ann"), s.join(t, "bob")
	ticket := bob.ticket()
	ann.post("/vote", answer(ann.ticket(), "left"))
	status, _ := bob.post("/vote", answer(ticket, "left"))
	assert.Equal(t, http.StatusForbidden, status)
	status, _ = s.visitor(t).post("/join", url.Values{"name": {"carl"}})
	assert.Equal(t, http.StatusForbidden, status)
	s.join(t, "ann")
	s.unchanged(t, 1)
}

func TestParticipantsWithoutANameAreToldApart(t *testing.T) {
	s := serve(t, build(t), web.Options{})
	one, two := s.join(t, ""), s.join(t, " ")
	one.post("/vote", answer(one.ticket(), "left"))
	two.post("/vote", answer(two.ticket(), "left"))
	one.post("/vote", answer(one.ticket(), "left"))
	record, err := s.ReadVotes()
	require.NoError(t, err)
	votes := map[string]int{}
	for _, v := range record.Votes {
		assert.Regexp(t, `^anonymous-[a-z0-9]{10}$`, v.Participant)
		votes[v.Participant]++
	}
	assert.ElementsMatch(t, []int{2, 1}, slices.Collect(maps.Values(votes)))
}

func TestPagesSayNothingOfMethods(t *testing.T) {
	s := serve(t, build(t), web.Options{})
	addresses := map[string]bool{}
	for _, name := range []string{"ann", "bob"} {
		p := s.join(t, name)
		for range s.Comparisons {
			status, page, header := p.do(http.NewRequest(http.MethodGet, s.url+"/", nil))
			require.Equal(t, http.StatusOK, status)
			seen := page + fmt.Sprint(header)
			for _, found := range picturePattern.FindAllStringSubmatch(page, -1) {
				assert.Regexp(t, `^/picture/[0-9a-f]{32}/(left|right|target)$`, found[1])
				assert.False(t, addresses[found[1]], "an address of another participant or comparison")
				addresses[found[1]] = true
				status, data, header := p.do(http.NewRequest(http.MethodGet, s.url+found[1], nil))
				require.Equal(t, http.StatusOK, status)
				assert.Equal(t, "image/png", header.Get("Content-Type"))
				assert.Empty(t, header.Get("Last-Modified")+header.Get("Etag")+header.Get("Content-Disposition"))
				seen += data[:16] + data[len(data)-16:] + fmt.Sprint(header)
			}
			for _, word := range []string{"plain\"", ">plain", "recognition", "sr-0", "dn-0", "transfer", "resnet", "lambda", "val/"} {
				assert.NotContains(t, seen, word)
			}
			assert.NotRegexp(t, `\bra\b|\bplain\b`, page[strings.Index(page, "<body>"):strings.Index(page, "<script>")])
			for _, c := range s.Comparisons {
				assert.NotContains(t, seen, c.ID)
			}
			p.post("/vote", answer(p.ticket(), "none"))
		}
		_, page := p.get("/")
		assert.Contains(t, page, "You answered all")
	}
}

func TestAnswersForbidFramesScriptsAndStoring(t *testing.T) {
	s := serve(t, build(t), web.Options{})
	p := s.visitor(t)
	p.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	_, _, header := p.do(http.NewRequest(http.MethodGet, s.url+"/join", nil))
	assert.Contains(t, header.Get("Content-Security-Policy"), "default-src 'none'")
	assert.Contains(t, header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	assert.NotContains(t, header.Get("Content-Security-Policy"), "unsafe")
	assert.Equal(t, "no-store", header.Get("Cache-Control"))
	assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
	r, err := http.NewRequest(http.MethodPost, s.url+"/join", strings.NewReader("name=ann"))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	_, _, header = p.do(r, nil)
	assert.Contains(t, header.Get("Set-Cookie"), "HttpOnly")
	assert.Contains(t, header.Get("Set-Cookie"), "SameSite=Strict")
}

func TestOtherMachinesAreServedOnlyInPublic(t *testing.T) {
	s := build(t)
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.org:0"} {
		err := web.Serve(t.Context(), s, web.ServeOptions{Listen: address, Out: io.Discard})
		assert.ErrorContains(t, err, "add --public", address)
	}
	assert.ErrorContains(t, web.Serve(t.Context(), s, web.ServeOptions{Listen: "127.0.0.1", Out: io.Discard}), "write HOST:PORT")
	assert.NoFileExists(t, filepath.Join(s.Path, "votes.jsonl"))
	_, err := os.Stat(filepath.Join(s.Path, "lock"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestOccupiedAddressIsToldAndFreesTheStudy(t *testing.T) {
	s := build(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	err = web.Serve(t.Context(), s, web.ServeOptions{Listen: listener.Addr().String(), Out: io.Discard})
	require.ErrorContains(t, err, "address already in use")
	log, err := study.OpenLog(s)
	require.NoError(t, err)
	require.NoError(t, log.Close())
}
