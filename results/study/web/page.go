package web

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"

	"transfera/results/study"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

var pages = template.Must(template.New("").Funcs(template.FuncMap{
	"look": look,
	"css":  func() template.CSS { return template.CSS(pageCSS) },
	"js":   func() template.JS { return template.JS(pageJS) },
}).Parse(pageHTML))

// policy lets pages load pictures from here and nothing else, run no script but their own, and be framed by nobody.
var policy = fmt.Sprintf("default-src 'none'; img-src 'self'; style-src %s; script-src %s; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	hash(pageCSS), hash(pageJS))

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// welcomePage asks who the participant is.
type welcomePage struct {
	Public      bool
	Name, Token string
	Comparisons int
}

// questionPage shows one comparison.
type questionPage struct {
	Number, Done, Total int
	AboutLabels         bool
	// Shown is the comparison's name in addresses of pictures, Ticket admits the answer.
	Shown, Ticket string
	Left, Right   study.Side
	Target        *study.Picture
}

// smallest is the width or height in pixels up to which pictures are enlarged, each pixel a square.
const smallest = 200

// look is the class of a picture.
func look(p *study.Picture) string {
	if max(p.Width, p.Height) <= smallest {
		return "small"
	}
	return "large"
}

func (w *handler) show(out http.ResponseWriter, status int, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		w.fail(err)
		http.Error(out, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	out.Header().Set("Content-Type", "text/html; charset=utf-8")
	out.WriteHeader(status)
	_, _ = out.Write(page.Bytes()) // a reader that went away is no failure
}
