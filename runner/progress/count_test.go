package progress

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCountSaysHowFarItIsAndWhatIsLeft(t *testing.T) {
	var out bytes.Buffer
	c := NewCount(&out, false)
	c.interval = 0
	c.Progress("read photos", 0, 4)
	assert.Empty(t, out.String(), "nothing is known yet")
	c.Progress("read photos", 1, 4)
	assert.Regexp(t, `^read photos: 1 of 4, about \S+ left\n$`, out.String())
	out.Reset()
	c.Progress("read photos", 4, 4)
	assert.Empty(t, out.String(), "what is done needs no line")
}

func TestCountIsSilentForAMoment(t *testing.T) {
	var out bytes.Buffer
	c := NewCount(&out, false)
	c.Progress("read photos", 1, 4)
	c.Progress("read photos", 2, 4)
	assert.Empty(t, out.String())
}
