package results_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results"
)

// checkered is a picture of black and white pixels in turn, not starting at
// (0,0).
func checkered(width, height int) *image.Gray {
	picture := image.NewGray(image.Rect(5, 7, 5+width, 7+height))
	for y := range height {
		for x := range width {
			picture.SetGray(5+x, 7+y, color.Gray{Y: uint8(255 * ((x + y) % 2))})
		}
	}
	return picture
}

func onePicture() results.Pictures {
	return results.Pictures{Title: "Pictures", Columns: []string{"input", "ra"}, Evaluators: []string{"resnet-s", "vgg-s"},
		Rows: []results.PictureRow{{Label: "tabby cat", Zoom: results.Zoom{Left: 0.25, Top: 0.5, Right: 0.75, Bottom: 1},
			Pictures: []results.Picture{
				{Image: checkered(4, 4), Note: "23.10 dB", Predictions: []results.Prediction{{Class: "cat", Confidence: 0.934, Right: true}, {Class: "dog", Confidence: math.NaN()}}},
				{Image: checkered(8, 8)},
			}}}}
}

func TestPictureGridEmbedsPicturesAndTheirZoomedPart(t *testing.T) {
	figure, err := results.PictureGrid(onePicture())
	svg, d := svgOf(t, figure, err)
	embedded := pictures(t, svg)
	require.Len(t, embedded, 4, "two pictures and the part of either")
	for i, size := range []int{4, 2, 8, 4} {
		assert.Equal(t, image.Rect(0, 0, size, size), embedded[i].Bounds().Sub(embedded[i].Bounds().Min), "as many pixels as there are, not enlarged")
	}
	r, _, _, _ := embedded[1].At(0, 0).RGBA()
	assert.Equal(t, uint32(0xFFFF), r, "the part starts at column 1, row 2: white")
	frames, _ := polylines(t, d.strokes["#E69F00"], 4)
	assert.Len(t, frames, 4, "a frame in each picture and one around each part")
	for _, text := range []string{"Pictures", "input", "ra", "tabby cat", "resnet-s", "vgg-s", "23.10 dB", "cat", "93 %", "dog"} {
		assert.Contains(t, d.texts, text)
	}
	assert.Len(t, d.strokes["#009E73"], 1, "one check mark")
	assert.Len(t, d.strokes["#D55E00"], 2, "one cross of two strokes")
}

func TestSmallPicturesStaySharpInPixels(t *testing.T) {
	p := onePicture()
	p.Rows[0].Zoom = results.Zoom{}
	p.Rows[0].Pictures[0] = results.Picture{Image: checkered(4, 4)}
	p.Rows[0].Pictures[1].Image = nil
	figure, err := results.PictureGrid(p)
	require.NoError(t, err)
	data, err := figure.PNG()
	require.NoError(t, err)
	drawn, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	black, between := 0, 0
	for y := 120; y < 360; y++ { // well inside the picture
		for x := 250; x < 450; x++ {
			switch v := color.GrayModel.Convert(drawn.At(x, y)).(color.Gray).Y; {
			case v < 5:
				black++
			case v < 250:
				between++
			}
		}
	}
	assert.Greater(t, black, 15_000)
	assert.Zero(t, between, "no pixel is blended with its neighbour")
}

func TestLongNamesDoNotOverlap(t *testing.T) {
	p := results.Pictures{Columns: []string{"input", "plain", "ra", "ra-unsupervised with a long name", "target"}}
	row := results.PictureRow{Label: "great white shark, white shark, man-eater, man-eating shark, Carcharodon carcharias"}
	for range 9 {
		p.Evaluators = append(p.Evaluators, "an evaluator of a rather long name")
	}
	for range p.Columns {
		q := results.Picture{Image: checkered(3, 30), Note: strings.Repeat("a long note ", 5)}
		for range p.Evaluators {
			q.Predictions = append(q.Predictions, results.Prediction{Class: "otter, a rather long list of synonyms", Confidence: 1})
		}
		row.Pictures = append(row.Pictures, q)
	}
	p.Rows = []results.PictureRow{row, row}
	figure, err := results.PictureGrid(p)
	svg, d := svgOf(t, figure, err)
	assert.Equal(t, 2*5*9, count(d.texts, "otter"), "the first synonym, where all are too long")
	assert.Equal(t, 2*5*9, count(d.texts, "100 %"))
	assert.NotContains(t, d.texts, p.Evaluators[0], "shortened")

	// Lines of text that share a base line must not start before the text
	// before them ends, at no less than 3 points per letter of size 7.
	type word struct {
		x    float64
		text string
	}
	lines := map[string][]word{}
	for _, m := range regexp.MustCompile(`<text x="([^"]+)" y="([^"]+)"[^>]*>([^<]*)<`).FindAllStringSubmatch(svg, -1) {
		x, err := strconv.ParseFloat(m[1], 64)
		require.NoError(t, err)
		lines[m[2]] = append(lines[m[2]], word{x, m[3]})
	}
	for _, words := range lines {
		slices.SortFunc(words, func(a, b word) int { return int(math.Copysign(1, a.x-b.x)) })
		for i := 1; i < len(words); i++ {
			assert.Greater(t, words[i].x, words[i-1].x+2.5*float64(len([]rune(words[i-1].text))), words[i-1].text)
		}
	}
}

func TestAZoomIsAtLeastAPixel(t *testing.T) {
	p := onePicture()
	p.Rows[0].Zoom = results.Zoom{Left: 0.99, Top: 0.99, Right: 1, Bottom: 1}
	figure, err := results.PictureGrid(p)
	svg, _ := svgOf(t, figure, err)
	embedded := pictures(t, svg)
	require.Len(t, embedded, 4)
	assert.Equal(t, image.Rect(0, 0, 1, 1), embedded[1].Bounds())
}

func TestPictureGridOfPicturesAlone(t *testing.T) {
	p := results.Pictures{Columns: []string{""}, Rows: []results.PictureRow{{Pictures: []results.Picture{{Image: checkered(500, 300)}}}}}
	figure, err := results.PictureGrid(p)
	_, d := svgOf(t, figure, err)
	assert.Empty(t, strings.TrimSpace(strings.Join(d.texts, "")), "no names, no marks and nothing to explain")
}

func TestPictureGridSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		want string
		edit func(*results.Pictures)
	}{
		{`figure "Pictures": no picture to draw: 2 columns and 0 rows`, func(p *results.Pictures) { p.Rows = nil }},
		{"row tabby cat: 2 pictures for 3 columns", func(p *results.Pictures) { p.Columns = append(p.Columns, "target") }},
		{"row tabby cat: zoom {Left:0.5", func(p *results.Pictures) { p.Rows[0].Zoom = results.Zoom{Left: 0.5, Right: 0.5, Bottom: 1} }},
		{"row tabby cat, column input: 2 predictions of 1 evaluators", func(p *results.Pictures) { p.Evaluators = p.Evaluators[:1] }},
		{"confidence 93 of class cat is not in [0,1]", func(p *results.Pictures) { p.Rows[0].Pictures[0].Predictions[0].Confidence = 93 }},
		{"column ra: the picture has no pixels", func(p *results.Pictures) { p.Rows[0].Pictures[1].Image = checkered(0, 3) }},
		{"12 columns leave", func(p *results.Pictures) {
			p.Columns, p.Rows[0].Pictures = make([]string, 12), make([]results.Picture, 12)
		}},
	} {
		t.Run(test.want, func(t *testing.T) {
			p := onePicture()
			test.edit(&p)
			figure, err := results.PictureGrid(p)
			assert.ErrorContains(t, err, test.want)
			assert.Nil(t, figure)
		})
	}
}
