package data

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/data/imaging"
)

// jpegOf is a small JPEG file of one colour.
func jpegOf(t *testing.T, width, height int) string {
	t.Helper()
	image := imaging.New(width, height)
	for i := range image.Pix {
		image.Pix[i] = uint8(80 * (i % 3))
	}
	file, err := image.EncodeJPEG(90)
	require.NoError(t, err)
	return string(file)
}

// annotationOf is an annotation file around some <object> elements. Its <filename> belongs to no image.
func annotationOf(width, height int, objects ...string) string {
	return fmt.Sprintf("<annotation>\n<folder>VOC</folder><filename>other.jpg</filename>\n<size><width>%d</width><height>%d</height>"+
		"<depth>3</depth></size>\n%s</annotation>\n", width, height, strings.Join(objects, "\n"))
}

// objectOf is an <object> element; coordinates are xmin, ymin, xmax, ymax, and more is put before the box.
func objectOf(name, coordinates, more string) string {
	at := strings.Fields(coordinates)
	return fmt.Sprintf("<object><name>%s</name>%s<bndbox><ymin>%s</ymin><xmin>%s</xmin><xmax>%s</xmax><ymax>%s</ymax></bndbox></object>",
		name, more, at[1], at[0], at[2], at[3])
}

// vocFiles are two years of VOC: 4 images to train on, 2 to validate on.
func vocFiles(t *testing.T) map[string]string {
	part := "<part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></part>"
	return map[string]string{
		"VOC2007/ImageSets/Main/trainval.txt": "000002\n000001\n",
		"VOC2007/ImageSets/Main/test.txt":     "000003  \r\n000004\r\n\n",
		"VOC2012/ImageSets/Main/trainval.txt": "2008_1\n2008_2",
		"VOC2007/JPEGImages/000001.jpg":       jpegOf(t, 40, 30),
		"VOC2007/JPEGImages/000002.jpg":       jpegOf(t, 30, 40),
		"VOC2007/JPEGImages/000003.jpg":       jpegOf(t, 40, 30),
		"VOC2007/JPEGImages/000004.jpeg":      jpegOf(t, 40, 30),
		"VOC2012/JPEGImages/2008_1.jpg":       jpegOf(t, 50, 30),
		"VOC2012/JPEGImages/2008_2.jpg":       jpegOf(t, 40, 30),
		"VOC2007/Annotations/000001.xml": annotationOf(40, 30, objectOf("dog", "1 1 40 30", "<truncated>1</truncated>"),
			objectOf("person", "5 6 5 6", part+"<difficult>1</difficult><truncated>0</truncated>")),
		"VOC2007/Annotations/000002.xml": annotationOf(30, 40),
		"VOC2007/Annotations/000003.xml": annotationOf(40, 30, objectOf(" car ", "2.5 3.25 10 20", "<truncated>Unspecified</truncated>")),
		"VOC2007/Annotations/000004.xml": annotationOf(40, 30, objectOf("cat", "0 0 41 31", "")),
		"VOC2012/Annotations/2008_1.xml": annotationOf(50, 30, objectOf("cat", "1 1 9 9", ""), objectOf("dog", "1 1 10 9", "")),
		"VOC2012/Annotations/2008_2.xml": annotationOf(40, 30, objectOf("cat", "11 11 20 20", "")),
	}
}

func vocAt(dir string, options map[string]any) Description {
	return Description{Kind: "voc", Name: "v", Path: dir, Options: options}
}

func objectsOf(t *testing.T, ds Dataset, i int) []Object {
	t.Helper()
	objects, ok := ObjectsOf(ds, i)
	require.True(t, ok)
	return objects
}

func TestVOCReadsBothYearsInTheOrderOfTheirSets(t *testing.T) {
	dir := tree(t, vocFiles(t))
	train, val, err := OpenBoth(t.Context(), vocAt(dir, nil))
	require.NoError(t, err)
	assert.Equal(t, []string{
		"VOC2007/JPEGImages/000002.jpg", "VOC2007/JPEGImages/000001.jpg", "VOC2012/JPEGImages/2008_1.jpg", "VOC2012/JPEGImages/2008_2.jpg",
	}, names(train.Dataset))
	assert.Equal(t, []string{"VOC2007/JPEGImages/000003.jpg", "VOC2007/JPEGImages/000004.jpeg"}, names(val.Dataset))
	assert.Equal(t, VOCClasses, train.Dataset.Classes())
	assert.IsIncreasing(t, VOCClasses)
	assert.Len(t, VOCClasses, 20)
	assert.Equal(t, LoaderDefaults{ShortSide: 600, LongSide: 1000, Flip: true, Multiple: 8}, val.Loader)
	assert.Empty(t, objectsOf(t, train.Dataset, 0))
	assert.Equal(t, []Object{
		{Class: 11, Box: [4]float64{0, 0, 40, 30}, Truncated: true},
		{Class: 14, Box: [4]float64{4, 5, 5, 6}, Difficult: true},
	}, objectsOf(t, train.Dataset, 1), "a box includes its last pixel, and a person's head is no object")
	assert.Equal(t, []Object{{Class: 6, Box: [4]float64{1.5, 2.25, 10, 20}}}, objectsOf(t, val.Dataset, 0))
	assert.Equal(t, []Object{{Class: 7, Box: [4]float64{0, 0, 40, 30}}}, objectsOf(t, val.Dataset, 1), "clipped by a pixel")
	assert.Equal(t, []int{0, 11, 11, 7}, []int{train.Dataset.Label(0), train.Dataset.Label(1), train.Dataset.Label(2), train.Dataset.Label(3)})
	image, err := train.Dataset.Image(2)
	require.NoError(t, err)
	assert.Equal(t, []int{50, 30}, []int{image.Width, image.Height})
}

func TestVOCOptionsChooseSetsAndClasses(t *testing.T) {
	files := vocFiles(t)
	dir := tree(t, files)
	collected, val, err := OpenBoth(t.Context(), vocAt(dir, map[string]any{"class_list": "collect", "short_side": 300, "flip": false}))
	require.NoError(t, err)
	assert.Equal(t, []string{"car", "cat", "dog", "person"}, collected.Dataset.Classes(), "those of both splits")
	assert.Equal(t, 1, val.Dataset.Label(1))
	assert.Equal(t, LoaderDefaults{ShortSide: 300, LongSide: 1000, Multiple: 8}, val.Loader)

	listed := opened(t, vocAt(dir, map[string]any{"class_list": "person, cat,dog", "train": "VOC2012:trainval", "classes": "cat"}), "train")
	assert.Equal(t, []string{"cat"}, listed.Dataset.Classes())
	assert.Equal(t, []Object{box(0, 0, 9)}, objectsOf(t, listed.Dataset, 0))

	flat := map[string]string{}
	for name, content := range files {
		if rest, in2007 := strings.CutPrefix(name, "VOC2007/"); in2007 {
			flat[rest] = content
		}
	}
	top := opened(t, vocAt(tree(t, flat), map[string]any{"val": ".:test"}), "val")
	assert.Equal(t, []string{"JPEGImages/000003.jpg", "JPEGImages/000004.jpeg"}, names(top.Dataset))

	nested := map[string]string{}
	for name, content := range files {
		nested["VOCdevkit/"+name] = content
	}
	assert.Equal(t, 4, opened(t, vocAt(tree(t, nested), nil), "train").Dataset.Len())
}

func TestVOCMistakesNameFileObjectAndClass(t *testing.T) {
	good := objectOf("cat", "1 1 5 5", "")
	for words, c := range map[string]struct {
		file, content string // "" removes it
		options       map[string]any
	}{
		"VOC2007/Annotations/000001.xml: XML syntax error on line 2": {file: "VOC2007/Annotations/000001.xml", content: "<annotation>\n<size>"},
		"expected element type <annotation> but have <html>":         {file: "VOC2007/Annotations/000001.xml", content: "<html></html>"},
		"000001.xml: the <size> of the image is 0x0 or missing":      {file: "VOC2007/Annotations/000001.xml", content: "<annotation></annotation>"},
		`000001.xml: object 2 (catt): unknown class "catt" (did you mean "cat"?); the classes are aeroplane`: {
			file: "VOC2007/Annotations/000001.xml", content: annotationOf(40, 30, good, objectOf("catt", "1 1 5 5", ""))},
		"object 2 (cat): box 9..5 x 1..5 is inverted": {
			file: "VOC2007/Annotations/000001.xml", content: annotationOf(40, 30, good, objectOf("cat", "9 1 5 5", ""))},
		"object 1 (cat): box 1..43 x 1..5 is outside the image of 40x30 pixels; correct it, or leave such images out with the option on_bad_image: skip": {
			file: "VOC2007/Annotations/000001.xml", content: annotationOf(40, 30, objectOf("cat", "1 1 43 5", ""))},
		"box -1..5 x 1..5 is outside": {
			file: "VOC2007/Annotations/000001.xml", content: annotationOf(40, 30, objectOf("cat", "-1 1 5 5", ""))},
		"box 41..41 x 1..5 is outside": {
			file: "VOC2007/Annotations/000001.xml", content: annotationOf(40, 30, objectOf("cat", "41 1 41 5", ""))},
		`object 1 (cat): xmin is "left", not a number`: {
			file: "VOC2007/Annotations/000001.xml", content: annotationOf(40, 30, objectOf("cat", "left 1 5 5", ""))},
		`object 1 (cat): xmin is "NaN", not a number`: {
			file: "VOC2007/Annotations/000001.xml", content: annotationOf(40, 30, objectOf("cat", "NaN 1 5 5", ""))},
		`object 1 (cat): xmin is "", not a number`: {
			file: "VOC2007/Annotations/000001.xml", content: annotationOf(40, 30, "<object><name>cat</name></object>")},
		`difficult is "maybe", not 0 or 1`: {
			file: "VOC2007/Annotations/000001.xml", content: annotationOf(40, 30, objectOf("cat", "1 1 5 5", "<difficult>maybe</difficult>"))},
		"VOC2007/JPEGImages/000001.jpg: no such file":              {file: "VOC2007/JPEGImages/000001.jpg"},
		"VOC2007/Annotations/000001.xml: no such file":             {file: "VOC2007/Annotations/000001.xml"},
		"trainval.txt is empty; expected the name of an image":     {file: "VOC2007/ImageSets/Main/trainval.txt", content: "\n"},
		`trainval.txt:2: "000001 -1" is not the name of one image`: {file: "VOC2007/ImageSets/Main/trainval.txt", content: "000002\n000001 -1"},
		`trainval.txt:1: "../000001" is not the name`:              {file: "VOC2007/ImageSets/Main/trainval.txt", content: "../000001"},
		"image 000002 of VOC2007 is listed already":                {file: "VOC2007/ImageSets/Main/trainval.txt", content: "000002\n000002"},
		"image set VOC2012:train: open ":                           {options: map[string]any{"train": "VOC2012:train"}},
		`"VOC2012" is not FOLDER:SET, such as VOC2007:test`:        {options: map[string]any{"train": "VOC2012"}},
		`"../a:b" is not FOLDER:SET`:                               {options: map[string]any{"train": "../a:b"}},
		`class_list "cat,,dog": nothing stands before or after`:    {options: map[string]any{"class_list": "cat,,dog"}},
		`class_list "cat,cat": class cat is listed twice`:          {options: map[string]any{"class_list": "cat,cat"}},
		"so that there are no classes to collect": {
			file: "VOC2007/Annotations/000001.xml", content: annotationOf(40, 30),
			options: map[string]any{"class_list": "collect", "train": "VOC2007:trainval", "val": "VOC2007:none"}},
	} {
		files := vocFiles(t)
		files["VOC2007/ImageSets/Main/none.txt"] = "000005"
		files["VOC2007/Annotations/000005.xml"] = annotationOf(40, 30)
		delete(files, c.file)
		if c.content != "" {
			files[c.file] = c.content
		}
		_, err := Open(t.Context(), vocAt(tree(t, files), c.options), "train")
		assert.ErrorContains(t, err, words)
		assert.ErrorContains(t, err, "dataset v: train: ")
	}
	_, err := Open(t.Context(), vocAt("gone", nil), "train")
	assert.ErrorContains(t, err, "data path gone does not exist; attach it or name another with --data v=PATH")
}

func TestVOCImagesOfAnotherSizeThanAnnotatedAreErrors(t *testing.T) {
	files := vocFiles(t)
	files["VOC2007/JPEGImages/000001.jpg"] = jpegOf(t, 30, 40)
	_, err := opened(t, vocAt(tree(t, files), nil), "train").Dataset.Image(1)
	assert.ErrorContains(t, err, "000001.jpg has 30x40 pixels, but its annotation ")
	assert.ErrorContains(t, err, "000001.xml says 40x30")
}

func TestVOCLeavesBadImagesOutAndReportsThem(t *testing.T) {
	files := vocFiles(t)
	delete(files, "VOC2007/JPEGImages/000002.jpg")
	files["VOC2007/JPEGImages/000001.jpg"] = "no picture"
	files["VOC2012/Annotations/2008_1.xml"] = annotationOf(50, 30, objectOf("cat", "1 1 99 9", ""))
	d := vocAt(tree(t, files), map[string]any{"on_bad_image": "skip"})
	d.FingerprintCache = t.TempDir()
	for _, again := range []bool{false, true} {
		skipping := opened(t, d, "train")
		assert.Equal(t, []string{"VOC2012/JPEGImages/2008_2.jpg"}, names(skipping.Dataset), again)
		require.Len(t, skipping.Bad, 3)
		assert.Contains(t, skipping.Bad[0].Reason, "no such file")
		assert.Contains(t, skipping.Bad[1].Reason, "neither JPEG nor PNG")
		assert.Contains(t, skipping.Bad[2].Reason, "object 1 (cat): box 1..99 x 1..9 is outside")
		assert.Equal(t, []Object{box(7, 10, 10)}, objectsOf(t, skipping.Dataset, 0))
		_, err := skipping.Dataset.Fingerprint(t.Context())
		require.NoError(t, err)
	}
	files["VOC2007/Annotations/000001.xml"] = annotationOf(40, 30, objectOf("unicorn", "1 1 9 9", ""))
	_, err := Open(t.Context(), vocAt(tree(t, files), d.Options), "train")
	assert.ErrorContains(t, err, `unknown class "unicorn"`, "a mistake in the classes is no bad image")
}

func TestVOCChecksAreNotRememberedOverAnotherAnnotatedSize(t *testing.T) {
	dir, cache := tree(t, vocFiles(t)), t.TempDir()
	age(t, dir, time.Now().Add(-time.Hour))
	d := vocAt(dir, map[string]any{"on_bad_image": "skip"})
	d.FingerprintCache = cache
	assert.Empty(t, opened(t, d, "train").Bad)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "VOC2012/Annotations/2008_2.xml"), []byte(annotationOf(30, 40)), 0o644))
	assert.Len(t, opened(t, d, "train").Bad, 1)
}

func TestVOCFingerprintsCoverImagesAnnotationsSetsAndClasses(t *testing.T) {
	fingerprint := func(files map[string]string, options map[string]any) string {
		print, err := opened(t, vocAt(tree(t, files), options), "train").Dataset.Fingerprint(t.Context())
		require.NoError(t, err)
		return print
	}
	want := fingerprint(vocFiles(t), nil)
	assert.Equal(t, want, fingerprint(vocFiles(t), nil), "a copy")
	for name, content := range map[string]string{
		"VOC2007/JPEGImages/000001.jpg":       jpegOf(t, 40, 30) + " ",
		"VOC2007/Annotations/000002.xml":      annotationOf(30, 40) + " ",
		"VOC2012/ImageSets/Main/trainval.txt": "2008_2\n2008_1",
	} {
		files := vocFiles(t)
		files[name] = content
		assert.NotEqual(t, want, fingerprint(files, nil), name)
	}
	assert.NotEqual(t, want, fingerprint(vocFiles(t), map[string]any{"class_list": "collect"}))
}

// That only size and time are looked at is shown by a change which leaves both alone: it stays unnoticed.
func TestVOCFingerprintsOfBothSplitsAreCheapTheSecondTime(t *testing.T) {
	dir, then := tree(t, vocFiles(t)), time.Now().Add(-time.Hour)
	age(t, dir, then)
	d := vocAt(dir, nil)
	d.FingerprintCache = t.TempDir()
	fingerprints := func() (prints [2]string) {
		for i, split := range []string{"train", "val"} {
			var err error
			prints[i], err = opened(t, d, split).Dataset.Fingerprint(t.Context())
			require.NoError(t, err)
		}
		return prints
	}
	first := fingerprints()
	for _, name := range []string{"VOC2007/JPEGImages/000001.jpg", "VOC2007/JPEGImages/000003.jpg"} {
		path := filepath.Join(dir, name)
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, make([]byte, len(content)), 0o644))
	}
	age(t, dir, then)
	assert.Equal(t, first, fingerprints())
	age(t, dir, then.Add(time.Second))
	again := fingerprints()
	assert.NotEqual(t, first[0], again[0])
	assert.NotEqual(t, first[1], again[1])
}
