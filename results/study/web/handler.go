package web

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"transfera/results/study"
)

// maxForm is the largest body that is read, in bytes.
const maxForm = 4 << 10

// Options say who may take part.
type Options struct {
	// Public asks every participant for the token of an invitation, and takes any host name.
	Public bool
	// Participants is the largest number of them, 0 for no limit.
	Participants int
}

type handler struct {
	options  Options
	study    *study.Study
	log      *study.Log
	pictures *os.Root
	fail     func(err error)
}

// New is the study as a web server's handler. It keeps log for storing votes; fail is told of failures that participants only
// see as a sentence. close frees what it holds, but not log.
func New(s *study.Study, log *study.Log, o Options, fail func(err error)) (h http.Handler, close func() error, err error) {
	pictures, err := os.OpenRoot(s.PictureFolder())
	if err != nil {
		return nil, nil, err
	}
	w := &handler{options: o, study: s, log: log, pictures: pictures, fail: fail}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", w.question)
	mux.HandleFunc("GET /join", w.welcome)
	mux.HandleFunc("POST /join", w.join)
	mux.HandleFunc("POST /vote", w.vote)
	mux.HandleFunc("GET /favicon.ico", func(out http.ResponseWriter, _ *http.Request) { out.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /picture/{shown}/{side}", w.picture)
	return w.guard(http.NewCrossOriginProtection().Handler(mux)), pictures.Close, nil
}

// guard refuses other sites' host names, which a page elsewhere could point here, bounds bodies and sets what holds for all
// answers.
func (w *handler) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		header := out.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin") // "no-referrer" would take the origin off forms
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cache-Control", "no-store")
		if !w.options.Public && !loopbackHost(r.Host) {
			http.Error(out, "this study is served to this machine alone", http.StatusMisdirectedRequest)
			return
		}
		r.Body = http.MaxBytesReader(out, r.Body, maxForm)
		next.ServeHTTP(out, r)
	})
}

// loopbackHost tells whether a Host header names this machine itself.
func loopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// cookieName differs between studies, since cookies do not tell ports apart.
func (w *handler) cookieName() string { return "study-" + w.study.Key.Secret.Name("cookie-name")[:8] }

// participant is who asks, empty if nobody known.
func (w *handler) participant(r *http.Request) string {
	cookie, err := r.Cookie(w.cookieName())
	if err != nil {
		return ""
	}
	signature, name, found := strings.Cut(cookie.Value, ".")
	if !found || !w.study.Key.Secret.Is(signature, "cookie", name) {
		return ""
	}
	decoded, err := base64.RawURLEncoding.DecodeString(name)
	if err != nil || study.CheckParticipant(string(decoded)) != nil {
		return ""
	}
	return string(decoded)
}

// admit sets the cookie of a participant.
func (w *handler) admit(out http.ResponseWriter, r *http.Request, participant string) {
	name := base64.RawURLEncoding.EncodeToString([]byte(participant))
	http.SetCookie(out, &http.Cookie{
		Name: w.cookieName(), Value: w.study.Key.Secret.Name("cookie", name) + "." + name, Path: "/", HttpOnly: true,
		SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https", MaxAge: 90 * 24 * 3600,
	})
	http.Redirect(out, r, "/", http.StatusSeeOther)
}

func (w *handler) welcome(out http.ResponseWriter, r *http.Request) {
	p := welcomePage{Public: w.options.Public, Comparisons: len(w.study.Comparisons)}
	if w.options.Public {
		p.Name, p.Token = r.FormValue("name"), r.FormValue("token")
		if !w.invited(p.Name, p.Token) {
			w.refuse(out, http.StatusForbidden, "This study is for invited participants. Open the whole link that you were sent.")
			return
		}
	}
	w.show(out, http.StatusOK, "welcome", p)
}

func (w *handler) invited(name, token string) bool {
	return study.CheckParticipant(name) == nil && w.study.Key.Secret.Is(token, "token", name)
}

func (w *handler) join(out http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		w.badForm(out, err)
		return
	}
	name := strings.TrimSpace(r.PostForm.Get("name"))
	switch {
	case w.options.Public && !w.invited(name, r.PostForm.Get("token")):
		w.refuse(out, http.StatusForbidden, "This study is for invited participants. Open the whole link that you were sent.")
		return
	case name == "":
		name = "anonymous-" + strings.ToLower(rand.Text()[:10])
	}
	if study.CheckParticipant(name) != nil {
		w.refuse(out, http.StatusBadRequest, "Choose a name of 1 to 40 letters, digits, spaces and . _ @ -, beginning with a letter or digit.")
		return
	}
	if w.full(name) {
		w.refuse(out, http.StatusForbidden, "This study has all the participants that it needs. Thank you.")
		return
	}
	w.admit(out, r, name)
}

// full tells whether there is no place for a new participant.
func (w *handler) full(participant string) bool {
	return w.options.Participants > 0 && !w.log.Known(participant) && w.log.Participants() >= w.options.Participants
}

func (w *handler) question(out http.ResponseWriter, r *http.Request) {
	participant := w.participant(r)
	if participant == "" {
		if w.options.Public {
			w.refuse(out, http.StatusForbidden, "This study is for invited participants. Open the whole link that you were sent.")
			return
		}
		http.Redirect(out, r, "/join", http.StatusSeeOther)
		return
	}
	c, position, ok := w.log.Next(participant)
	if !ok {
		w.show(out, http.StatusOK, "done", len(w.study.Comparisons))
		return
	}
	secret := w.study.Key.Secret
	p := questionPage{
		Number: position + 1, Total: len(w.study.Comparisons), Done: position, AboutLabels: c.Question == study.QuestionLabels,
		Shown: secret.Name("shown", participant, c.ID), Ticket: secret.Name("ticket", participant, c.ID, strconv.Itoa(position)),
		Left: c.First, Right: c.Second, Target: c.Target,
	}
	if !secret.FirstIsLeft(participant, c.ID) {
		p.Left, p.Right = p.Right, p.Left
	}
	w.show(out, http.StatusOK, "question", p)
}

func (w *handler) vote(out http.ResponseWriter, r *http.Request) {
	participant := w.participant(r)
	if participant == "" {
		w.refuse(out, http.StatusForbidden, "Who you are is not known. Begin at the study's first page.")
		return
	}
	if err := r.ParseForm(); err != nil {
		w.badForm(out, err)
		return
	}
	answer := r.PostForm.Get("answer")
	if !slices.Contains(study.Answers, answer) {
		w.refuse(out, http.StatusBadRequest, "This is no answer.")
		return
	}
	if w.full(participant) { // many may join before the last place is taken
		w.refuse(out, http.StatusForbidden, "This study has all the participants that it needs. Thank you.")
		return
	}
	c, position, ok := w.log.Next(participant)
	if !ok || !w.study.Key.Secret.Is(r.PostForm.Get("ticket"), "ticket", participant, c.ID, strconv.Itoa(position)) {
		w.refuse(out, http.StatusConflict, "This comparison was answered already, or was not asked. Nothing was changed.")
		return
	}
	switch err := w.log.Add(participant, c.ID, position, answer); {
	case errors.Is(err, study.ErrNotAsked): // a second vote came between
		w.refuse(out, http.StatusConflict, "This comparison was answered already, or was not asked. Nothing was changed.")
	case err != nil:
		w.fail(err)
		w.refuse(out, http.StatusInternalServerError, "Your answer could not be stored. Tell the person who runs this study, and try again later.")
	default:
		http.Redirect(out, r, "/", http.StatusSeeOther)
	}
}

// picture serves what belongs to the comparison that the participant is at, under a name of this participant's own.
func (w *handler) picture(out http.ResponseWriter, r *http.Request) {
	participant := w.participant(r)
	c, _, ok := w.log.Next(participant)
	secret := w.study.Key.Secret
	if participant == "" || !ok || !secret.Is(r.PathValue("shown"), "shown", participant, c.ID) {
		http.Error(out, "no such picture", http.StatusNotFound)
		return
	}
	left, right := c.First.Picture, c.Second.Picture
	if !secret.FirstIsLeft(participant, c.ID) {
		left, right = right, left
	}
	picture := map[string]*study.Picture{"left": left, "right": right, "target": c.Target}[r.PathValue("side")]
	if picture == nil {
		http.Error(out, "no such picture", http.StatusNotFound)
		return
	}
	data, err := w.pictures.ReadFile(picture.File)
	if err != nil {
		w.fail(err)
		http.Error(out, "the picture cannot be read", http.StatusInternalServerError)
		return
	}
	out.Header().Set("Content-Type", "image/png")
	_, _ = out.Write(data) // a reader that went away is no failure
}

func (w *handler) badForm(out http.ResponseWriter, err error) {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		w.refuse(out, http.StatusRequestEntityTooLarge, fmt.Sprintf("The request is larger than %d bytes.", maxForm))
		return
	}
	w.refuse(out, http.StatusBadRequest, "The form cannot be read.")
}

// refuse says why nothing was done.
func (w *handler) refuse(out http.ResponseWriter, status int, text string) {
	w.show(out, status, "refusal", text)
}
