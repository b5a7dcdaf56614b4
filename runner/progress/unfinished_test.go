package progress

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/runner/dag"
)

func TestTheLogTellsWhatWasAtWorkWhenARunWasKilled(t *testing.T) {
	a, b, c, d := stage("a in b", "r", 1), stage("b", "r", 1), stage("c", "r", 1), stage("d", "r", 1)
	cases := map[string]struct {
		run  func(r *Reporter)
		want string
	}{
		"nothing begun": {func(*Reporter) {}, ""},
		"at work": {func(r *Reporter) {
			r.Started(one(b))
			r.Started(one(a))
			r.Note("started   k c")
			r.Finished(one(b), 3)
		}, "k a in b"},
		"all finished": {func(r *Reporter) {
			r.Started(one(a))
			r.Finished(one(a), 3)
		}, ""},
		"a group at work": {func(r *Reporter) {
			r.Started([]*dag.Stage{b, c, d})
			r.Started(one(a))
			r.Failed(a, errors.New("no: space"))
		}, "k b and 2 more"},
		"a group failed": {func(r *Reporter) {
			r.Started([]*dag.Stage{b, c})
			r.Failed(b, errors.New("no: space"))
			r.Failed(c, errors.New("no: space"))
		}, ""},
		"stopped": {func(r *Reporter) {
			r.Started(one(b))
			r.Close()
			r.Close()
		}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			c.run(New(one(a), Options{Out: io.Discard, Log: &log, Workers: 1}))
			got, err := Unfinished(&log)
			require.NoError(t, err)
			assert.Equal(t, c.want, strings.Join(got, ", "))
		})
	}
	got, err := Unfinished(bytes.NewBufferString("\n\x00\n2026-01-01\n2026-01-01 00:00:00 started   k b\nhalf of a l"))
	require.NoError(t, err)
	assert.Equal(t, []string{"k b"}, got, "whatever else is there")
}
