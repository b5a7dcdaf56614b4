package blackbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/runner/blackbox"
)

func TestInvalidServicesSayWhichKey(t *testing.T) {
	header := func(name, value string) func(s *blackbox.Service) {
		return func(s *blackbox.Service) { s.Headers = map[string]string{name: value} }
	}
	body := func(b blackbox.Body) func(s *blackbox.Service) { return func(s *blackbox.Service) { s.Body = b } }
	cases := map[string]struct {
		change func(s *blackbox.Service)
		want   string
	}{
		"no URL":              {func(s *blackbox.Service) { s.URL = "" }, `url: "" is no http or https URL`},
		"another scheme":      {func(s *blackbox.Service) { s.URL = "ftp://host/" }, `url: "ftp://host/" is no http or https URL`},
		"no host":             {func(s *blackbox.Service) { s.URL = "http:///v1" }, "url: "},
		"broken URL":          {func(s *blackbox.Service) { s.URL = "http://[::1" }, "url: this is no URL"},
		"password in the URL": {func(s *blackbox.Service) { s.URL = "http://me:hunter2@host/" }, "url: it is stored with the answers, so it cannot hold a password"},
		"variable in the URL": {func(s *blackbox.Service) { s.URL = "http://host/?key=${KEY}" }, "url: it is stored with the answers, so it cannot hold a variable"},
		"fragment":            {func(s *blackbox.Service) { s.URL = "http://host/#top" }, "url: #top is never sent"},
		"method":              {func(s *blackbox.Service) { s.Method = "GET" }, `method: "GET" cannot carry an image; use one of POST, PUT, PATCH`},
		"literal secret":      {header("authorization", "Bearer hunter2"), "headers.authorization: a secret in a spec would be stored"},
		"header's name":       {header("X Y", "1"), "headers.X Y: this is no name of a header"},
		"header's value":      {header("X-Y", "1\r\nX-Z: 2"), "headers.X-Y: the value has characters"},
		"header of the body":  {header("Content-Length", "1"), "headers.Content-Length: it follows from"},
		"broken variable":     {header("X-Y", "${A-B}"), "headers.X-Y: ${ begins a variable"},
		"format":              {func(s *blackbox.Service) { s.Image.Format = "webp" }, `image.format: "webp" is unknown; use png or jpeg`},
		"quality":             {func(s *blackbox.Service) { s.Image = blackbox.Encoding{Format: "jpeg"} }, "image.quality: 0 is no quality"},
		"kind":                {body(blackbox.Body{Kind: "xml"}), `body.kind: "xml" is unknown; use image, form or json`},
		"field twice":         {body(blackbox.Body{Kind: "form", Fields: map[string]string{"image": "x"}}), "body.fields.image: this field holds the image"},
		"field's variable":    {body(blackbox.Body{Kind: "form", Fields: map[string]string{"x": "${"}}), "body.fields.x: ${ begins a variable"},
		"template":            {body(blackbox.Body{Kind: "json", Template: `{"image": {{image}}}`}), "body.template: not valid JSON"},
		"no placeholder":      {body(blackbox.Body{Kind: "json", Template: `{"image": "image"}`}), "body.template: it has no {{image}}"},
		"template's variable": {body(blackbox.Body{Kind: "json", Template: `{"image": "{{image}}", "k": "${1}"}`}), "body.template: ${ begins a variable"},
		"labels":              {func(s *blackbox.Service) { s.Labels = "" }, "labels: missing"},
		"path of labels":      {func(s *blackbox.Service) { s.Labels = "labels[*" }, `labels: "labels[*" is no JSON path`},
		"path of scores":      {func(s *blackbox.Service) { s.Scores = "$.[" }, `scores: "$.[" is no JSON path`},
		"rate":                {func(s *blackbox.Service) { s.Rate = -1 }, "rate: -1 calls per second"},
		"concurrent":          {func(s *blackbox.Service) { s.Concurrent = 0 }, "concurrent: 0 calls at once"},
		"timeout":             {func(s *blackbox.Service) { s.Timeout = 0 }, "timeout: 0s"},
		"retries":             {func(s *blackbox.Service) { s.Retries = -1 }, "retries: -1"},
		"budget":              {func(s *blackbox.Service) { s.Budget = -1 }, "budget: -1 calls"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := service("http://127.0.0.1:1/")
			require.NoError(t, s.Validate())
			c.change(&s)
			err := s.Validate()
			require.Error(t, err)
			assert.True(t, strings.HasPrefix(err.Error(), c.want), err.Error())
			assert.NotContains(t, err.Error(), "\n", "one mistake is one line")
			assert.NotContains(t, err.Error(), "hunter2")
			_, openErr := blackbox.Open(t.TempDir(), s)
			assert.EqualError(t, openErr, err.Error())
		})
	}
}

func TestAllMistakesAreSaidTogether(t *testing.T) {
	s := blackbox.Service{URL: "x", Timeout: time.Second}
	for _, key := range []string{"url: ", "image.format: ", "body.kind: ", "labels: ", "concurrent: "} {
		assert.ErrorContains(t, s.Validate(), key)
	}
}
