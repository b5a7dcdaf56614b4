package results_test

import (
	"bytes"
	"image/color"
	"image/png"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
)

func TestPreferenceBarsAreAsLongAsTheShares(t *testing.T) {
	figure, err := results.PreferenceBars(results.Preference{Title: "Votes", Left: "ra", Right: "plain", Groups: []results.PreferenceGroup{
		{Name: "Labels", Votes: 8, Left: 4, Right: 2, LeftInterval: [2]float64{15.7, 84.3}, RightInterval: [2]float64{3.2, 65.1}}, {Name: "Pictures"},
	}})
	require.NoError(t, err)
	data, err := figure.PNG()
	require.NoError(t, err)
	m, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	longest := map[color.RGBA]int{} // run of pixels of one colour in a row
	for y := range m.Bounds().Dy() {
		run, last := 0, color.RGBA{}
		for x := range m.Bounds().Dx() {
			c := color.RGBAModel.Convert(m.At(x, y)).(color.RGBA)
			if c != last {
				run, last = 0, c
			}
			run++
			longest[c] = max(longest[c], run)
		}
	}
	left, right := longest[color.RGBA{0x00, 0x72, 0xB2, 255}], longest[color.RGBA{0xE6, 0x9F, 0x00, 255}]
	none := longest[color.RGBA{235, 235, 235, 255}]
	require.Positive(t, right)
	assert.InDelta(t, 2, float64(left)/float64(right), 0.05)
	assert.InDelta(t, 1, float64(none)/float64(right), 0.05)
	svg, err := figure.SVG()
	require.NoError(t, err)
	for _, text := range []string{">Labels (8)<", ">Pictures (0)<", ">ra<", ">plain<", ">no difference<"} {
		assert.Contains(t, string(svg), text)
	}
}

func TestPreferencesThatCannotBeAreRefused(t *testing.T) {
	_, err := results.PreferenceBars(results.Preference{Title: "Votes"})
	assert.EqualError(t, err, `figure "Votes": no groups to draw`)
	_, err = results.PreferenceBars(results.Preference{Title: "Votes", Groups: []results.PreferenceGroup{{Name: "Labels", Votes: 3, Left: 2, Right: 2}}})
	assert.EqualError(t, err, `figure "Votes", Labels: 2 and 2 of 3 votes cannot be`)
}
