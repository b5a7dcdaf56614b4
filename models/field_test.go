package models_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"transfera/models"
)

func TestFieldsOfTwoNetworksAddUpInPixelsOfTheFirst(t *testing.T) {
	first := models.Field{Reach: 7, Align: 1, Least: 1, Floats: 100}
	second := models.Field{Reach: 30, Align: 4, Least: 5, Floats: 40}
	for scale, want := range map[int]models.Field{
		1: {Reach: 37, Align: 4, Least: 5, Floats: 100},
		2: {Reach: 22, Align: 2, Least: 3, Floats: 160},
		4: {Reach: 15, Align: 1, Least: 2, Floats: 640},
	} {
		assert.Equal(t, want, first.Then(second, scale), "x%d", scale)
	}
	assert.Equal(t, 6, models.Field{Align: 2, Least: 1}.Then(models.Field{Align: 3, Least: 1}, 1).Align)
}
