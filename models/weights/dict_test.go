package weights

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func named(names ...string) Dict {
	dict := Dict{}
	for i, name := range names {
		dict = append(dict, FromFloats(name, []int64{2}, []float32{float32(i), 1}))
	}
	return dict
}

func names(d Dict) []string {
	var all []string
	for _, t := range d {
		all = append(all, t.Name)
	}
	return all
}

func TestGetFindsByName(t *testing.T) {
	dict := named("a", "b")
	found, ok := dict.Get("b")
	require.True(t, ok)
	assert.Equal(t, dict[1], found)
	_, ok = dict.Get("c")
	assert.False(t, ok)
}

func TestTrimPrefixIsAllOrNothing(t *testing.T) {
	for name, c := range map[string]struct{ in, want []string }{
		"all":   {[]string{"module.a", "module.b.module.c"}, []string{"a", "b.module.c"}},
		"some":  {[]string{"module.a", "b"}, []string{"module.a", "b"}},
		"none":  {[]string{"a", "b"}, []string{"a", "b"}},
		"empty": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := named(c.in...)
			assert.Equal(t, c.want, names(in.TrimPrefix("module.")))
			assert.Equal(t, c.in, names(in), "the original keeps its names")
		})
	}
}

func TestChecksumDependsOnContentOnly(t *testing.T) {
	sum := named("a", "b").Checksum()
	dict := named("a", "b")
	assert.Equal(t, sum, Dict{dict[1], dict[0]}.Checksum(), "order")

	changes := map[string]func(*Tensor){
		"name":  func(x *Tensor) { x.Name = "c" },
		"dtype": func(x *Tensor) { x.DType = I32 },
		"shape": func(x *Tensor) { x.Shape = []int64{2, 1} },
		"data":  func(x *Tensor) { x.Data[3] ^= 1 },
	}
	for name, change := range changes {
		dict := named("a", "b")
		change(&dict[0])
		assert.NotEqual(t, sum, dict.Checksum(), name)
	}
}

// The same tensors have one sum in every format.
func TestChecksumIsIndependentOfTheFormat(t *testing.T) {
	sums := map[string]bool{}
	for _, name := range []string{"zip.pth", "legacy.th", "python2.th", "protocol4.pth", "protocol4.th"} {
		file, err := Load(golden(name))
		require.NoError(t, err)
		sums[file.Tensors.Checksum()] = true
		path := t.TempDir() + "/copy.safetensors"
		require.NoError(t, SaveSafetensors(path, file.Tensors, nil))
		file, err = Load(path)
		require.NoError(t, err)
		sums[file.Tensors.Checksum()] = true
	}
	assert.Len(t, sums, 1)
}

func TestMatchListsEveryMismatch(t *testing.T) {
	have := Dict{
		FromFloats("fc.weight", []int64{1, 2}, []float32{1, 2}),
		FromFloats("fc.bias", []int64{1}, []float32{1}),
		FromLongs("bn.num_batches_tracked", nil, []int64{5}),
	}
	exact := []Want{{"fc.weight", []int64{1, 2}}, {"fc.bias", []int64{1}}, {"bn.num_batches_tracked", nil}}
	for name, c := range map[string]struct {
		want []Want
		have Dict
		err  string
	}{
		"exact":           {exact, have, ""},
		"old batch norm":  {exact, have[:2], ""},
		"bare counter":    {[]Want{{"num_batches_tracked", []int64{}}}, nil, ""},
		"counter's shape": {exact[2:], Dict{FromLongs("bn.num_batches_tracked", []int64{1}, []int64{5})}, "tensor bn.num_batches_tracked is 1; expected scalar"},
		"missing": {[]Want{exact[0], exact[1], exact[2], {"layer1.0.conv1.weight", []int64{64, 64, 3, 3}}}, have,
			"tensor layer1.0.conv1.weight missing; expected 64x64x3x3"},
		"unexpected": {exact[:2], have, "tensor bn.num_batches_tracked (scalar) is not part of the network"},
		"all kinds": {[]Want{{"conv.weight", []int64{3}}, {"fc.weight", []int64{2, 1}}, exact[2]}, have,
			"3 tensors do not fit the network (1 missing, 1 of another shape, 1 unexpected):\n" +
				"  tensor conv.weight missing; expected 3\n" +
				"  tensor fc.weight is 1x2; expected 2x1\n" +
				"  tensor fc.bias (1) is not part of the network"},
		"similar name": {[]Want{{"xnum_batches_tracked", nil}}, nil, "tensor xnum_batches_tracked missing; expected scalar"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Match(c.want, c.have)
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.err)
			file := &File{Path: "weights/net.pth", Tensors: c.have}
			assert.EqualError(t, file.Match(c.want), "weights/net.pth: "+c.err)
		})
	}
}

func TestMatchCapsItsLists(t *testing.T) {
	var want []Want
	var have []string
	for i := range 10 {
		want = append(want, Want{fmt.Sprintf("w%d", i), []int64{1}})
		have = append(have, fmt.Sprintf("h%d", i))
	}
	err := Match(want, named(have...))
	require.ErrorContains(t, err, "20 tensors do not fit the network (10 missing, 0 of another shape, 10 unexpected)")
	assert.ErrorContains(t, err, "tensor w7 missing; expected 1\n  and 2 more missing\n  tensor h0 (2)")
	assert.ErrorContains(t, err, "tensor h7 (2) is not part of the network\n  and 2 more unexpected")
	assert.NotContains(t, err.Error(), "w8")
}

func TestRenameRefusesTwoTensorsOfOneName(t *testing.T) {
	modern := func(name string) string {
		if name == "norm.1" {
			return "norm1"
		}
		return name
	}
	in := named("norm.1", "conv1")
	out, err := in.Rename(modern)
	require.NoError(t, err)
	assert.Equal(t, []string{"norm1", "conv1"}, names(out))
	assert.Equal(t, in[0].Data, out[0].Data)
	assert.Equal(t, []string{"norm.1", "conv1"}, names(in), "the original keeps its names")

	_, err = named("norm.1", "norm1").Rename(modern)
	assert.EqualError(t, err, "tensors norm.1 and norm1 are both norm1; keep one of them")
}
