package aten_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"transfera/aten"
)

func TestMemoryThatCannotBeHadIsASentence(t *testing.T) {
	s := aten.NewScope()
	defer s.Close()
	err := aten.Catch(func() { aten.Full(s, 0, 1<<26, 1<<24) })
	assert.EqualError(t, err, "full: out of memory: 4503599627370496 bytes more could not be had; fewer --jobs or a smaller batch need less")
}
