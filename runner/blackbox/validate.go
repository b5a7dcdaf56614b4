package blackbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/theory/jsonpath"
	"golang.org/x/net/http/httpguts"
)

// methods are those that can carry an image.
var methods = []string{http.MethodPost, http.MethodPut, http.MethodPatch}

// secretHeaders are those whose value is a secret by their nature.
var secretHeaders = []string{"Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Api-Key", "X-Goog-Api-Key", "Ocp-Apim-Subscription-Key"}

// Validate says everything that is wrong with the service, each beginning with its key. It asks nothing of the network or
// the environment.
func (s Service) Validate() error {
	s = s.completed()
	return errors.Join(s.checkURL(), s.checkMethod(), s.checkHeaders(), s.Image.check(), s.Body.check(),
		checkPath("labels", s.Labels, true), checkPath("scores", s.Scores, false), s.checkLimits())
}

func (s Service) checkURL() error {
	if strings.Contains(s.URL, "${") {
		return errors.New("url: it is stored with the answers, so it cannot hold a variable; send secrets in headers")
	}
	parsed, err := url.Parse(s.URL)
	switch {
	case err != nil:
		return errors.New("url: this is no URL; write one such as https://api.example.com/v1/classify")
	case parsed.User != nil:
		return errors.New("url: it is stored with the answers, so it cannot hold a password; send it in the header Authorization")
	case parsed.Scheme != "http" && parsed.Scheme != "https", parsed.Hostname() == "":
		return fmt.Errorf("url: %q is no http or https URL; write one such as https://api.example.com/v1/classify", s.URL)
	case parsed.Fragment != "":
		return fmt.Errorf("url: #%s is never sent; leave it out", parsed.Fragment)
	}
	return nil
}

func (s Service) checkMethod() error {
	if !slices.Contains(methods, s.Method) {
		return fmt.Errorf("method: %q cannot carry an image; use one of %s", s.Method, strings.Join(methods, ", "))
	}
	return nil
}

func (s Service) checkHeaders() error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		value, canonical := s.Headers[name], textproto.CanonicalMIMEHeaderKey(name)
		var problem error
		switch {
		case !httpguts.ValidHeaderFieldName(name):
			problem = errors.New("this is no name of a header")
		case !httpguts.ValidHeaderFieldValue(value):
			problem = errors.New("the value has characters that no header can hold, such as a line break")
		case slices.Contains([]string{"Host", "Content-Length", "Transfer-Encoding"}, canonical):
			problem = errors.New("it follows from the URL and the body; leave it out")
		case canonical == "Content-Type" && s.Body.Kind == FormBody:
			problem = errors.New("it follows from the form; leave it out")
		case slices.Contains(secretHeaders, canonical) && !variable.MatchString(value):
			problem = errors.New("a secret in a spec would be stored with the results; write ${NAME} and set NAME in the environment")
		default:
			problem = checkVariables(value)
		}
		if problem != nil {
			problems = append(problems, fmt.Errorf("headers.%s: %w", name, problem))
		}
	}
	return errors.Join(problems...)
}

func (e Encoding) check() error {
	switch {
	case e.Format != PNG && e.Format != JPEG:
		return fmt.Errorf("image.format: %q is unknown; use %s or %s", e.Format, PNG, JPEG)
	case e.Format == JPEG && (e.Quality < 1 || e.Quality > 100):
		return fmt.Errorf("image.quality: %d is no quality of a JPEG; use 1 to 100", e.Quality)
	}
	return nil
}

func (b Body) check() error {
	switch b.Kind {
	case RawBody:
		return nil
	case FormBody:
		return b.checkForm()
	case JSONBody:
		return b.checkTemplate()
	}
	return fmt.Errorf("body.kind: %q is unknown; use %s, %s or %s", b.Kind, RawBody, FormBody, JSONBody)
}

func (b Body) checkForm() error {
	for _, name := range slices.Sorted(maps.Keys(b.Fields)) {
		if name == b.Field {
			return fmt.Errorf("body.fields.%s: this field holds the image; give one of the two another name", name)
		}
		if err := checkVariables(b.Fields[name]); err != nil {
			return fmt.Errorf("body.fields.%s: %w", name, err)
		}
	}
	return nil
}

func (b Body) checkTemplate() error {
	var parsed any
	if err := json.Unmarshal([]byte(b.Template), &parsed); err != nil {
		return fmt.Errorf("body.template: not valid JSON (%w); placeholders stand within strings, as in {\"image\": \"%s\"}", err, imagePlaceholder)
	}
	if !strings.Contains(b.Template, imagePlaceholder) {
		return fmt.Errorf("body.template: it has no %s, where the image goes", imagePlaceholder)
	}
	if err := checkVariables(b.Template); err != nil {
		return fmt.Errorf("body.template: %w", err)
	}
	return nil
}

func checkPath(key, path string, required bool) error {
	if path == "" {
		if required {
			return fmt.Errorf("%s: missing; write a JSON path such as $.labels[*].name", key)
		}
		return nil
	}
	if _, err := jsonpath.Parse(path); err != nil {
		return fmt.Errorf("%s: %q is no JSON path: %w", key, path, err)
	}
	return nil
}

func (s Service) checkLimits() error {
	var problems []error
	for _, limit := range []struct {
		wrong bool
		text  string
	}{
		{!(s.Rate >= 0 && s.Rate <= 1e6), fmt.Sprintf("rate: %v calls per second; use 0 for no limit, or up to 1000000", s.Rate)},
		{s.Concurrent < 1, fmt.Sprintf("concurrent: %d calls at once; use at least 1", s.Concurrent)},
		{s.Timeout <= 0, fmt.Sprintf("timeout: %v; use a duration above 0, such as 30s", s.Timeout)},
		{s.Retries < 0, fmt.Sprintf("retries: %d; use 0 or more", s.Retries)},
		{s.Budget < 0, fmt.Sprintf("budget: %d calls; use 0 for no limit, or more", s.Budget)},
	} {
		if limit.wrong {
			problems = append(problems, errors.New(limit.text))
		}
	}
	return errors.Join(problems...)
}
