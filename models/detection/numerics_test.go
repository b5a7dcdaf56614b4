package detection

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/aten"
	"transfera/models"
)

// Each of these once ended in an image without objects, which is a number for mAP.
func TestDetectorsRefuseToSearchWithWhatIsNoNumber(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	cases := map[string]struct {
		tensor string // of the network, "" for the image
		value  float32
	}{
		"image":                      {"", nan},
		"image, infinite":            {"", inf},
		"scores of anchors":          {"rpn.head.cls_logits.bias", nan},
		"offsets of anchors":         {"rpn.head.bbox_pred.bias", nan},
		"scores of anchors, too low": {"rpn.head.cls_logits.bias", -inf},
		"scores of classes":          {"roi_heads.box_predictor.cls_score.bias", nan},
		"offsets of classes":         {"roi_heads.box_predictor.bbox_pred.bias", inf},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := aten.NewScope()
			defer s.Close()
			d := New(shapes, 1, 3, models.Options{"width": 4, "hidden": 16})
			d.Freeze()
			pixels := make([]float32, 3*64*64)
			for i := range pixels {
				pixels[i] = float32(i%97) / 97
			}
			_, err := d.Detect(aten.FromFloats(s, pixels, 1, 3, 64, 64))
			require.NoError(t, err)
			if c.tensor == "" {
				pixels[100] = c.value
			}
			spoiled := 0
			for _, e := range d.Entries() {
				if e.Name == c.tensor {
					e.Value.CopyFrom(aten.Full(s, float64(c.value), e.Value.Shape()...))
					spoiled++
				}
			}
			require.Equal(t, c.tensor != "", spoiled == 1)
			_, err = d.Detect(aten.FromFloats(s, pixels, 1, 3, 64, 64))
			assert.ErrorContains(t, err, "the detector's outputs are no finite numbers")
		})
	}
}
