package weights

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// stateDictKeys are the names under which checkpoints keep their state dict.
var stateDictKeys = []string{"state_dict", "model_state_dict", "model"}

type entry struct{ key, value any }

// stateDict finds the state dict in an unpickled file and reads its tensors.
func stateDict(top any, l *loader) (*File, error) {
	all, ok := entriesOf(top)
	if !ok {
		return nil, fmt.Errorf("holds %s; expected a state dict (a dictionary of tensors)", kindOf(top))
	}
	chosen, nested, err := findStateDict(all)
	if err != nil {
		return nil, err
	}
	file := &File{Metadata: map[string]string{}}
	if nested {
		file.Metadata = plainEntries(all)
	}
	for _, e := range chosen {
		t, ok := e.value.(*pickledTensor)
		if !ok {
			continue
		}
		name, ok := e.key.(string)
		if !ok {
			return nil, fmt.Errorf("holds a tensor under a key that is %s; expected names", kindOf(e.key))
		}
		tensor, err := l.tensor(name, t)
		if err != nil {
			return nil, err
		}
		file.Tensors = append(file.Tensors, tensor)
	}
	return file, nil
}

// findStateDict returns the entries of the state dict, and whether it lies
// under a key of the top dictionary. See Load for the rule.
func findStateDict(top []entry) (chosen []entry, nested bool, err error) {
	candidates := dictsOfTensors(top)
	var named [][]entry
	for _, c := range candidates {
		if key, ok := c.key.(string); ok && slices.Contains(stateDictKeys, key) {
			named = append(named, c.value.([]entry))
		}
	}
	switch direct := hasTensor(top); {
	case len(named) == 1:
		chosen, nested = named[0], true
	case len(candidates) == 1 && !direct:
		chosen, nested = candidates[0].value.([]entry), true
	case len(candidates) == 0 && direct:
		chosen = top
	case len(candidates) == 0:
		return nil, false, errors.New("holds no state dict: no dictionary of tensors under " + keyList(top))
	default:
		return nil, false, errors.New("holds more than one dictionary of tensors and none of them alone is " +
			"named state_dict, model_state_dict or model; save one of them by itself: " + keyList(candidates))
	}
	if inner := dictsOfTensors(chosen); len(inner) > 0 {
		return nil, false, errors.New("holds a state dict with further dictionaries of tensors inside; " +
			"save one of them by itself: " + keyList(inner))
	}
	return chosen, nested, nil
}

// dictsOfTensors returns the values that are dictionaries with a tensor,
// as []entry.
func dictsOfTensors(entries []entry) []entry {
	var found []entry
	// A dictionary may be there many times; looking through it once keeps the
	// work in proportion to the file.
	seen := map[any][]entry{}
	for _, e := range entries {
		if !isDict(e.value) {
			continue
		}
		inner, known := seen[e.value]
		if !known {
			if inner, _ = entriesOf(e.value); !hasTensor(inner) {
				inner = nil
			}
			seen[e.value] = inner
		}
		if inner != nil {
			found = append(found, entry{e.key, inner})
		}
	}
	return found
}

func hasTensor(entries []entry) bool {
	return slices.ContainsFunc(entries, func(e entry) bool {
		_, ok := e.value.(*pickledTensor)
		return ok
	})
}

func isDict(value any) bool {
	switch value.(type) {
	case *types.Dict, *types.OrderedDict:
		return true
	}
	return false
}

// entriesOf returns a dictionary's entries in order. Of several with one name
// the last counts, at the place of the first, as in Python.
func entriesOf(value any) ([]entry, bool) {
	var entries []entry
	switch dict := value.(type) {
	case *types.OrderedDict:
		for e := dict.List.Front(); e != nil; e = e.Next() {
			if item, ok := e.Value.(*types.OrderedDictEntry); ok {
				entries = append(entries, entry{item.Key, item.Value})
			}
		}
	case *types.Dict:
		places := make(map[string]int, dict.Len())
		for _, item := range *dict {
			name, isName := item.Key.(string)
			if at, again := places[name]; isName && again {
				entries[at].value = item.Value
				continue
			}
			if isName {
				places[name] = len(entries)
			}
			entries = append(entries, entry{item.Key, item.Value})
		}
	default:
		return nil, false
	}
	return entries, true
}

// plainEntries returns the numbers, strings and booleans as text.
func plainEntries(entries []entry) map[string]string {
	plain := map[string]string{}
	for _, e := range entries {
		key, ok := e.key.(string)
		if !ok {
			continue
		}
		switch v := e.value.(type) {
		case string:
			plain[key] = v
		case bool:
			plain[key] = strconv.FormatBool(v)
		case int:
			plain[key] = strconv.Itoa(v)
		case float64:
			plain[key] = strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
	return plain
}

// keyList names the keys of a dictionary, up to twelve.
func keyList(entries []entry) string {
	const limit = 12
	names := make([]string, 0, limit)
	for _, e := range entries[:min(len(entries), limit)] {
		if name, ok := e.key.(string); ok {
			names = append(names, shorten(name))
		} else {
			names = append(names, kindOf(e.key))
		}
	}
	switch {
	case len(entries) == 0:
		return "no keys at all"
	case len(entries) > limit:
		names = append(names, fmt.Sprintf("and %d more", len(entries)-limit))
	}
	return "keys " + strings.Join(names, ", ")
}

// kindOf names the type of an unpickled value in Python's words.
func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "None"
	case *pickledTensor:
		return "a single tensor"
	case *types.List:
		return "a list"
	case *types.Tuple:
		return "a tuple"
	case *types.Dict, *types.OrderedDict:
		return "a dictionary"
	case string:
		return "a string"
	case bool, int, float64:
		return "a number"
	}
	return "a Python object"
}
