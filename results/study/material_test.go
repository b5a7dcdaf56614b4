package study_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"transfera/results/study"
	"transfera/results/study/studytest"
)

func TestMaterialIsReadAsWritten(t *testing.T) {
	m, pictures := studytest.Material(t, 3)
	path := study.MaterialPath(t.TempDir(), "transfer")
	require.NoError(t, study.WriteMaterial(path, m, pictures))
	a, err := study.OpenMaterial(path)
	require.NoError(t, err)
	defer a.Close()
	assert.Equal(t, m, a.Material)
	for name, want := range pictures {
		got, err := a.Picture(name)
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
	again := filepath.Join(t.TempDir(), "again.zip")
	require.NoError(t, study.WriteMaterial(again, m, pictures))
	first, _ := os.ReadFile(path)
	second, _ := os.ReadFile(again)
	assert.True(t, bytes.Equal(first, second), "the same input gives the same bytes")
}

// pack writes any zip file, whatever it holds.
func pack(t *testing.T, material string, pictures map[string][]byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bad.zip")
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	add := func(name string, data []byte) {
		entry, err := w.Create(name)
		require.NoError(t, err)
		_, err = entry.Write(data)
		require.NoError(t, err)
	}
	if material != "" {
		add("material.json", []byte(material))
	}
	for _, name := range slices.Sorted(maps.Keys(pictures)) {
		add(name, pictures[name])
	}
	require.NoError(t, w.Close())
	require.NoError(t, os.WriteFile(path, out.Bytes(), 0o666))
	return path
}

func TestDamagedAndHostileMaterialIsRefused(t *testing.T) {
	cases := map[string]struct {
		change func(m *study.Material, pictures map[string][]byte)
		want   string
	}{
		"another version":    {func(m *study.Material, _ map[string][]byte) { m.Version = 2 }, "version 2 of the material"},
		"path in a name":     {func(m *study.Material, _ map[string][]byte) { m.Items[0].Pictures["ra"] = "../../etc/passwd.png" }, "expected a .png file beside material.json"},
		"backslashes":        {func(m *study.Material, _ map[string][]byte) { m.Items[0].Pictures["ra"] = `..\x.png` }, "expected a .png file beside material.json"},
		"absolute path":      {func(m *study.Material, _ map[string][]byte) { m.Items[0].Pictures["ra"] = "/x.png" }, "expected a .png file beside material.json"},
		"path as experiment": {func(m *study.Material, _ map[string][]byte) { m.Experiment = "../x" }, "expected a name of letters"},
		"path as item":       {func(m *study.Material, _ map[string][]byte) { m.Items[0].ID = "../x" }, "is no name"},
		"item twice":         {func(m *study.Material, _ map[string][]byte) { m.Items[1].ID = m.Items[0].ID }, "that of an item before"},
		"one method":         {func(m *study.Material, _ map[string][]byte) { m.Methods = []string{"ra", "ra"} }, "expected two different ones"},
		"no target":          {func(m *study.Material, _ map[string][]byte) { delete(m.Items[0].Pictures, "target") }, "no picture of target"},
		"missing picture":    {func(_ *study.Material, p map[string][]byte) { delete(p, "sr-0000-ra.png") }, "picture sr-0000-ra.png: missing"},
		"no PNG":             {func(_ *study.Material, p map[string][]byte) { p["sr-0000-ra.png"] = bytes.Repeat([]byte("GIF89a"), 9) }, "picture sr-0000-ra.png: png: invalid format"},
		"huge picture":       {func(_ *study.Material, p map[string][]byte) { p["sr-0000-ra.png"] = enlarged(p["sr-0000-ra.png"]) }, "at most 16 megapixels"},
		"scores ascend":      {func(m *study.Material, _ map[string][]byte) { m.Items[0].Labels["ra"][0].Score = 0 }, "whose score is lower"},
		"labels of nobody":   {func(m *study.Material, _ map[string][]byte) { m.Items[0].Labels["x"] = nil }, "none of its methods"},
		"no items":           {func(m *study.Material, _ map[string][]byte) { m.Items = nil }, "no items"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m, pictures := studytest.Material(t, 2)
			c.change(m, pictures)
			text, err := json.Marshal(m)
			require.NoError(t, err)
			path := pack(t, string(text), pictures)
			_, err = study.OpenMaterial(path)
			require.ErrorContains(t, err, c.want)
			assert.ErrorContains(t, err, path)
			assert.Error(t, study.WriteMaterial(filepath.Join(t.TempDir(), "x.zip"), m, pictures), "nor is it written")
		})
	}
	for text, want := range map[string]string{"": "material.json: missing", "{": "unexpected EOF", "null": "no material", `{"extra": 1}`: "unknown field"} {
		_, err := study.OpenMaterial(pack(t, text, nil))
		assert.ErrorContains(t, err, want)
	}
	_, err := study.OpenMaterial(pack(t, strings.Repeat(" ", 33<<20), nil))
	assert.ErrorContains(t, err, "more than 32 MiB")
	plain := filepath.Join(t.TempDir(), "plain.zip")
	require.NoError(t, os.WriteFile(plain, []byte("no zip"), 0o666))
	_, err = study.OpenMaterial(plain)
	assert.ErrorContains(t, err, "not a valid zip file")
}

// enlarged is a PNG whose header promises 65,535 pixels a side.
func enlarged(data []byte) []byte {
	data = bytes.Clone(data)
	copy(data[16:24], []byte{0, 0, 255, 255, 0, 0, 255, 255})
	sum := crc32.ChecksumIEEE(data[12:29])
	copy(data[29:33], []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return data
}
