package weights

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"
)

// persistentLoad resolves a persistent ID: the tuple by which a pickle of
// torch.save refers to a storage.
type persistentLoad func(id *types.Tuple) (any, error)

// unpickle runs gopickle on a pickle that scanPickle has checked. gopickle
// panics on some malformed pickles; this is the one place where that becomes an
// error.
func unpickle(data []byte, load persistentLoad) (value any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("malformed pickle: %s", shorten(fmt.Sprint(p)))
		}
	}()
	u := pickle.NewUnpickler(bytes.NewReader(data))
	u.FindClass = findClass
	u.PersistentLoad = func(id any) (any, error) {
		tuple, ok := id.(*types.Tuple)
		if !ok || load == nil {
			return nil, refuse("pickle with an unexpected persistent ID")
		}
		return load(tuple)
	}
	value, err = u.Load()
	if err != nil && !errors.As(err, new(*refusal)) {
		err = fmt.Errorf("malformed pickle: %s", shorten(err.Error()))
	}
	return value, err
}

// refusal is an error of ours that the unpickler passes on; it says enough by
// itself.
type refusal struct{ message string }

func (e *refusal) Error() string { return e.message }

func refuse(format string, args ...any) error {
	return &refusal{fmt.Sprintf(format, args...)}
}

// shorten keeps messages short where gopickle dumps whole values and files
// choose the names.
func shorten(message string) string {
	const limit = 200
	if len(message) > limit {
		return strings.ToValidUTF8(message[:limit], "") + "..."
	}
	return message
}

// refuseClass says what is wrong with a class or function that no state dict
// has a use for.
func refuseClass(class string) error {
	switch {
	case strings.HasPrefix(class, "torch.") && strings.HasSuffix(class, "Storage"):
		return refuse("holds a %s, an element type that is not supported", class)
	case strings.HasPrefix(class, "torch._utils._rebuild"):
		return refuse("holds a tensor of a kind that is not supported (%s); expected dense ones", class)
	}
	return refuse("refers to the Python object %s, which no state dict holds; "+
		"save it again with torch.save(model.state_dict(), path)", shorten(class))
}

// storageClass is the type of a storage, such as torch.FloatStorage.
type storageClass struct{ dtype DType }

var storageClasses = map[string]DType{
	"torch.FloatStorage": F32, "torch.DoubleStorage": F64, "torch.HalfStorage": F16,
	"torch.BFloat16Storage": BF16, "torch.LongStorage": I64, "torch.IntStorage": I32,
	"torch.ShortStorage": I16, "torch.CharStorage": I8, "torch.ByteStorage": U8,
	"torch.BoolStorage": BOOL,
}

// functions are what a pickle may call. Each is ours; none runs anything else.
var functions = map[string]function{
	"collections.OrderedDicT":                    orderedDict,
	"torch._utils._rebuild_tensor":               rebuildTensor,
	"torch._utils._rebuild_tensor_v2":            rebuildTensor,
	"torch._utils._rebuild_parameter":            rebuildParameter,
	"torch._utils._rebuild_parameter_with_state": rebuildParameter,
}

// ignoredClasses are harmless things that checkpoints keep beside their state
// dict: options, scores, histories. Their values are dropped. A name that ends
// in a dot stands for everything in that module.
var ignoredClasses = []string{
	"__builtin__.set", "__builtin__.frozenset", "__builtin__.list", "__builtin__.dict", "__builtin__.bytearray",
	"__builtin__.int", "__builtin__.float", "__builtin__.complex", "__builtin__.slice", "__builtin__.range",
	"__builtin__.xrange", "__builtin__.long", "__builtin__.str", "__builtin__.unicode", "__builtin__.bool",
	"_codecs.encode", "argparse.Namespace", "collections.defaultdict", "collections.Counter", "collections.deque",
	"datetime.", "pathlib.", "numpy.dtype", "numpy.ndarray", "numpy.core.multiarray.", "numpy._core.multiarray.",
	"torch.Size", "torch.device", "torch.Tensor", "torch.nn.parameter.Parameter",
	"torch.float32", "torch.float64", "torch.float16", "torch.bfloat16", "torch.int64", "torch.int32",
	"torch.int16", "torch.int8", "torch.uint8", "torch.bool",
}

// findClass gives a name in a pickle its meaning. Nothing is imported or
// executed: a name outside of these tables is an error.
func findClass(module, name string) (any, error) {
	// Python 3 names its built-ins so from pickle protocol 3 on.
	if module == "builtins" {
		module = "__builtin__"
	}
	class := module + "." + name
	if dtype, ok := storageClasses[class]; ok {
		return storageClass{dtype}, nil
	}
	if call, ok := functions[class]; ok {
		return call, nil
	}
	if class == "torch._tensor._rebuild_from_type_v2" {
		return rebuildFromType{}, nil
	}
	for _, known := range ignoredClasses {
		if class == known || strings.HasSuffix(known, ".") && strings.HasPrefix(class, known) {
			return &ignored{}, nil
		}
	}
	return nil, refuseClass(class)
}

// function is what the unpickler calls for a REDUCE.
type function func(args []any) (any, error)

// Call implements types.Callable.
func (f function) Call(args ...any) (any, error) { return f(args) }

// ignored stands for a class of ignoredClasses and for its instances. It takes
// whatever unpickling does to it.
type ignored struct{}

func (*ignored) Call(...any) (any, error)  { return &ignored{}, nil }
func (*ignored) PyNew(...any) (any, error) { return &ignored{}, nil }
func (*ignored) PySetState(any) error      { return nil }
func (*ignored) Set(_, _ any)              {}
func (*ignored) Append(any)                {}
func (*ignored) Add(any)                   {}

// orderedDict is collections.OrderedDict: without arguments (Python 3), or with
// a list of [key, value] lists (Python 2).
func orderedDict(args []any) (any, error) {
	dict := types.NewOrderedDict()
	if len(args) == 0 {
		return dict, nil
	}
	items, ok := args[0].(*types.List)
	if !ok || len(args) > 1 {
		return nil, refuse("OrderedDict of something else than a list of items")
	}
	for _, item := range *items {
		var pair []any
		switch item := item.(type) {
		case *types.List:
			pair = *item
		case *types.Tuple:
			pair = *item
		}
		if len(pair) != 2 {
			return nil, refuse("OrderedDict of something else than pairs")
		}
		dict.Set(pair[0], pair[1])
	}
	return dict, nil
}

// maxDimensions is PyTorch's own limit for most operators.
const maxDimensions = 64

// rebuildTensor is torch._utils._rebuild_tensor(storage, offset, size, stride)
// and its v2, which adds requires_grad, backward_hooks and, since PyTorch 2.0,
// metadata.
func rebuildTensor(args []any) (any, error) {
	if len(args) < 4 || len(args) > 7 {
		return nil, refuse("tensor with %d arguments; expected 4 to 7", len(args))
	}
	view, viewOK := args[0].(*storageView)
	offset, offsetOK := args[1].(int)
	shape, shapeOK := ints(args[2])
	stride, strideOK := ints(args[3])
	if !viewOK || !offsetOK || !shapeOK || !strideOK || len(shape) != len(stride) {
		return nil, refuse("tensor with arguments of unexpected types")
	}
	if len(shape) > maxDimensions {
		return nil, refuse("tensor of %d dimensions; expected at most %d", len(shape), maxDimensions)
	}
	return &pickledTensor{view, int64(offset), shape, stride}, nil
}

// rebuildParameter is torch._utils._rebuild_parameter(data, requires_grad,
// backward_hooks): the tensor itself.
func rebuildParameter(args []any) (any, error) {
	if len(args) > 0 {
		if t, ok := args[0].(*pickledTensor); ok {
			return t, nil
		}
	}
	return nil, refuse("parameter without a tensor")
}

// rebuildFromType is torch._tensor._rebuild_from_type_v2(func, type, args,
// state), which pickles tensors that carry Python attributes. It is no function
// itself, so that calls cannot nest.
type rebuildFromType struct{}

// Call implements types.Callable.
func (rebuildFromType) Call(args ...any) (any, error) {
	if len(args) == 4 {
		call, callOK := args[0].(function)
		callArgs, argsOK := args[2].(*types.Tuple)
		if callOK && argsOK {
			return call(*callArgs)
		}
	}
	return nil, refuse("tensor subclass with arguments of unexpected types")
}

// ints returns the numbers of a tuple.
func ints(value any) ([]int64, bool) {
	tuple, ok := value.(*types.Tuple)
	if !ok {
		return nil, false
	}
	out := make([]int64, 0, tuple.Len())
	for _, item := range *tuple {
		n, ok := item.(int)
		if !ok {
			return nil, false
		}
		out = append(out, int64(n))
	}
	return out, true
}
