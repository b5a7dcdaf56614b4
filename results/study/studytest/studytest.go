// Package studytest makes material for the tests of user studies.
package studytest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/results/study"
)

// Material makes n items each of sr and dn, of plain and ra, with pictures of noise. The first item of sr has equal lists of
// labels, the first of dn equal pictures.
func Material(t testing.TB, n int) (*study.Material, map[string][]byte) {
	t.Helper()
	m := &study.Material{
		Version: study.MaterialVersion, Experiment: "transfer", Title: "Preference", Evaluator: "resnet-m", Source: "resnet-s", Lambda: "0.001",
		Methods: []string{"plain", "ra"},
	}
	pictures := map[string][]byte{}
	for _, task := range []string{"sr", "dn"} {
		for i := range n {
			item := study.Item{ID: fmt.Sprintf("%s-%04d", task, i), Task: task, Image: fmt.Sprintf("val/%d.png", i), Truth: "star",
				Pictures: map[string]string{}, Labels: map[string][]study.Label{
					"plain": {{Name: "cross", Score: 0.6}, {Name: "star", Score: 0.3}, {Name: "circle", Score: 0.1}},
					"ra":    {{Name: "star", Score: 0.9}, {Name: "cross", Score: 0.1}, {Name: "square", Score: 0}},
				}}
			for k, role := range []string{"plain", "ra", study.PictureInput, study.PictureTarget} {
				name := fmt.Sprintf("%s-%s.png", item.ID, role)
				item.Pictures[role], pictures[name] = name, Noise(t, uint64(1000*len(m.Items)+k))
			}
			switch item.ID {
			case "sr-0000":
				item.Labels["ra"] = item.Labels["plain"]
			case "dn-0000":
				pictures[item.Pictures["ra"]] = pictures[item.Pictures["plain"]]
			}
			m.Items = append(m.Items, item)
		}
	}
	return m, pictures
}

// Noise is a PNG of 32x32 random pixels.
func Noise(t testing.TB, seed uint64) []byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	m := image.NewRGBA(image.Rect(0, 0, 32, 32))
	for y := range 32 {
		for x := range 32 {
			m.Set(x, y, color.RGBA{uint8(rng.IntN(256)), uint8(rng.IntN(256)), uint8(rng.IntN(256)), 255})
		}
	}
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, m))
	return out.Bytes()
}

// Publish writes the material of Material into an output folder, as a run does.
func Publish(t testing.TB, out string, n int) {
	t.Helper()
	m, pictures := Material(t, n)
	require.NoError(t, study.WriteMaterial(study.MaterialPath(out, m.Experiment), m, pictures))
}
