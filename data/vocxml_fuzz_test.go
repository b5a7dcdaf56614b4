package data

import (
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/fuzztest"
)

// FuzzAnnotation reads annotations as the loader does. An object is either refused or a box of at least some area within the
// image.
func FuzzAnnotation(f *testing.F) {
	const object = "<object><name>cat</name><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object>"
	for _, text := range []string{
		"<annotation><size><width>32</width><height>48</height><depth>3</depth></size>" + object + object + "</annotation>",
		"<annotation><size><width>32</width><height>48</height></size><object><name>dog</name><part>" + object + "</part></object></annotation>",
		"<annotation><size><width>0</width></size></annotation>",
		"<annotation><size><width>9</width><height>9</height></size><object><name>cat</name><bndbox><xmin>1e300</xmin><ymin>nan</ymin><xmax>-0</xmax></bndbox></object></annotation>",
		`<?xml version="1.0" encoding="latin1"?><!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>`,
	} {
		f.Add([]byte(text))
	}
	classes := []string{"cat", "dog"}
	index := map[string]int{"cat": 0, "dog": 1}
	f.Fuzz(func(t *testing.T, content []byte) {
		var annotation vocAnnotation
		var err error
		bound := fuzztest.Bound{Bytes: 1 << 20, PerByte: 2048}
		fuzztest.Hold(t, bound, len(content), func() { annotation, err = parseAnnotation(content, "fuzzed.xml") })
		if err != nil {
			require.ErrorContains(t, err, "annotation fuzzed.xml: ")
			return
		}
		for k, o := range annotation.Objects {
			object, err := o.object(k+1, annotation.Size, classes, index)
			if err != nil {
				require.ErrorContains(t, err, "object ")
				continue
			}
			b := object.Box
			require.True(t, 0 <= b[0] && b[0] < b[2] && b[2] <= float64(annotation.Size.Width), "%v", b)
			require.True(t, 0 <= b[1] && b[1] < b[3] && b[3] <= float64(annotation.Size.Height), "%v", b)
		}
	})
}
