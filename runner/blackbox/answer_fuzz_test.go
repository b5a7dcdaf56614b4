package blackbox

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/fuzztest"
)

// readBound is what reading an answer may take: with each value goes its place, of up to maxDepth steps.
var readBound = fuzztest.Bound{Bytes: 1 << 20, PerByte: 4096}

// FuzzAnswer reads what a service may answer. It is refused, or its labels come with the scores that order them.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"tags": [{"name": "cat", "confidence": 0.9}, {"name": "dog", "confidence": 0.95}]}`,
		`{"tags": [{"name": 3, "confidence": "1e400"}, {"name": null}]}`,
		`{"tags": {}}`, `[]`, `{"tags": [[[[`, `{"tags": [{"name": "\ud800", "confidence": -0}]}`, ``,
	} {
		f.Add([]byte(body))
	}
	f.Add([]byte(strings.Repeat(`{"name":`, 90) + "1" + strings.Repeat("}", 90)))
	f.Add([]byte(strings.Repeat(`{"name":`, 900) + "1" + strings.Repeat("}", 900)))
	var readers []reader
	services := []Service{{Labels: "$.tags[*].name", Scores: "$.tags[*].confidence"}, {Labels: "$..name"}}
	for _, paths := range services {
		r, err := newReader(paths)
		require.NoError(f, err)
		readers = append(readers, r)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for k, paths := range services {
			var answer Answer
			var err error
			fuzztest.Hold(t, readBound, len(body), func() { answer, err = readers[k].read(body) })
			if err != nil {
				require.NotEmpty(t, err.Error())
				require.Less(t, len(err.Error()), 1000)
				continue
			}
			require.LessOrEqual(t, len(answer.Labels), len(body), "an answer has no more labels than bytes")
			for i, l := range answer.Labels {
				require.Equal(t, paths.Scores == "", math.IsNaN(l.Score))
				require.True(t, i == 0 || paths.Scores == "" || answer.Labels[i-1].Score >= l.Score)
			}
		}
	})
}

func TestDeepAnswersAreRefused(t *testing.T) {
	r, err := newReader(Service{Labels: "$..name"})
	require.NoError(t, err)
	for _, c := range []struct {
		body string
		want string
	}{
		{strings.Repeat(`{"a":`, maxDepth-1) + `{"name":"[[["}` + strings.Repeat("}", maxDepth-1), ""},
		{`[` + strings.Repeat(`{"name":"\"["},`, 1000) + `{"name":"]"}]`, ""},
		{strings.Repeat(`{"name":`, 9000) + "1" + strings.Repeat("}", 9000), "more than 100 deep"},
		{strings.Repeat(`[`, 101), "more than 100 deep"},
	} {
		fuzztest.Hold(t, readBound, len(c.body), func() { _, err = r.read([]byte(c.body)) })
		if c.want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.want)
		}
	}
}
