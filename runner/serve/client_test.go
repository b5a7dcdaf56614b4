package serve_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/runner/blackbox"
)

func TestBlackboxClientAsksTheServer(t *testing.T) {
	t.Setenv("SERVE_TEST_TOKEN", "correct horse")
	o := options(t)
	o.TokenEnv = "SERVE_TEST_TOKEN"
	url := start(t, o)
	want := direct(t, o, picture(4))
	for name, body := range map[string]blackbox.Body{
		"image": {Kind: blackbox.RawBody},
		"form":  {Kind: blackbox.FormBody},
		"json":  {Kind: blackbox.JSONBody, Template: `{"image": "{{image}}"}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := blackbox.Service{
				Name: "served", URL: url + "/v1/classify?top=all", Headers: map[string]string{"Authorization": "Bearer ${SERVE_TEST_TOKEN}"},
				Image: blackbox.Encoding{Format: blackbox.PNG}, Body: body, Labels: "$.labels[*].name", Scores: "$.labels[*].score",
				Concurrent: 1, Timeout: time.Minute,
			}
			client, err := blackbox.Open(t.TempDir(), s)
			require.NoError(t, err)
			answer, err := client.Ask(t.Context(), picture(4))
			require.NoError(t, err)
			require.Len(t, answer.Labels, 5)
			for _, l := range answer.Labels {
				assert.InDelta(t, want[l.Name[0]-'0'], l.Score, 1e-5)
			}
		})
	}
}
