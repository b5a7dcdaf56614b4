package blackbox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// variable is a place for a value from the environment.
var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// checkVariables refuses what looks like a variable and is none.
func checkVariables(text string) error {
	if strings.Contains(variable.ReplaceAllString(text, ""), "${") {
		return errors.New("${ begins a variable, as in ${API_KEY}: letters, digits and _ in braces")
	}
	return nil
}

// texts are those with variables in them.
func (s Service) texts() []string {
	texts := slices.Collect(maps.Values(s.Headers))
	switch s.Body.Kind {
	case FormBody:
		texts = slices.AppendSeq(texts, maps.Values(s.Body.Fields))
	case JSONBody:
		texts = append(texts, s.Body.Template)
	}
	return texts
}

// variables are the sorted names that texts need.
func variables(texts []string) []string {
	var names []string
	for _, text := range texts {
		for _, match := range variable.FindAllStringSubmatch(text, -1) {
			names = append(names, match[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// MissingEnvironment are the sorted names of variables that the headers and the body need and that are unset or empty.
func (s Service) MissingEnvironment() []string {
	return slices.DeleteFunc(variables(s.texts()), func(name string) bool { return os.Getenv(name) != "" })
}

// secrets are the values of a service's variables during one call, by name.
type secrets map[string]string

// secrets takes the variables from the environment.
func (s Service) secrets() (secrets, error) {
	if missing := s.MissingEnvironment(); len(missing) > 0 {
		return nil, fmt.Errorf("service %s needs %s in the environment; set it, as in export %s=VALUE",
			s.Name, strings.Join(missing, ", "), missing[0])
	}
	values := secrets{}
	for _, name := range variables(s.texts()) {
		values[name] = os.Getenv(name)
	}
	return values, nil
}

// expand puts the values into text.
func (v secrets) expand(text string) string {
	return v.replace(text, func(value string) string { return value })
}

// expandJSON puts the values into strings of JSON.
func (v secrets) expandJSON(text string) string { return v.replace(text, quoted) }

func (v secrets) replace(text string, written func(value string) string) string {
	return variable.ReplaceAllStringFunc(text, func(place string) string {
		return written(v[variable.FindStringSubmatch(place)[1]])
	})
}

// quoted is text as it stands between the quotes of JSON.
func quoted(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err) // strings can always be encoded
	}
	return string(encoded[1 : len(encoded)-1])
}

// shortestSecret is how long a value is that is no common word or number.
const shortestSecret = 6

// redact puts the names of variables where text holds their values, as they are or written in JSON, a URL or base64. Values
// too short for a secret stay, since they occur by chance.
func (v secrets) redact(text []byte) []byte {
	names := slices.SortedFunc(maps.Keys(v), func(a, b string) int { return len(v[b]) - len(v[a]) }) // one may contain another
	for _, name := range names {
		value := v[name]
		if len(value) < shortestSecret {
			continue
		}
		for _, written := range []string{value, quoted(value), url.QueryEscape(value), base64.StdEncoding.EncodeToString([]byte(value))} {
			text = bytes.ReplaceAll(text, []byte(written), []byte("${"+name+"}"))
		}
	}
	return text
}
