package blackbox

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzAnswer reads what a service may answer. It is refused, or its labels come with the scores that order them.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"tags": [{"name": "cat", "confidence": 0.9}, {"name": "dog", "confidence": 0.95}]}`,
		`{"tags": [{"name": 3, "confidence": "1e400"}, {"name": null}]}`,
		`{"tags": {}}`, `[]`, `{"tags": [[[[`, `{"tags": [{"name": "\ud800", "confidence": -0}]}`, ``,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, paths := range []Service{{Labels: "$.tags[*].name", Scores: "$.tags[*].confidence"}, {Labels: "$..name"}} {
			r, err := newReader(paths)
			require.NoError(t, err)
			answer, err := r.read(body)
			if err != nil {
				require.NotEmpty(t, err.Error())
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
