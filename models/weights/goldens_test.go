package weights

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// goldenDir is written by scripts/goldens/weights.py with PyTorch 1.13.
const goldenDir = "../../testdata/weights"

type goldenTensor struct {
	Name   string  `json:"name"`
	DType  string  `json:"dtype"`
	Shape  []int64 `json:"shape"`
	SHA256 string  `json:"sha256"`
}

type goldenFile struct {
	Format   string            `json:"format"`
	Metadata map[string]string `json:"metadata"`
	Tensors  []goldenTensor    `json:"tensors"`
	Checksum string            `json:"checksum"`
}

type goldens struct {
	Files       map[string]goldenFile `json:"files"`
	Conversions map[string]string     `json:"conversions"`
	Real        map[string]struct {
		Tensors   int    `json:"tensors"`
		Elements  int64  `json:"elements"`
		Checksum  string `json:"checksum"`
		BestPrec1 string `json:"best_prec1"`
	} `json:"real"`
}

func readGoldens(t testing.TB) goldens {
	t.Helper()
	data, err := os.ReadFile(golden("expected.json"))
	require.NoError(t, err)
	var g goldens
	require.NoError(t, json.Unmarshal(data, &g))
	return g
}

func golden(name string) string { return filepath.Join(goldenDir, filepath.FromSlash(name)) }

// describeTensors lists what Python lists of a file's tensors.
func describeTensors(d Dict) []goldenTensor {
	described := make([]goldenTensor, len(d))
	for i, t := range d {
		described[i] = goldenTensor{t.Name, t.DType.String(), append([]int64{}, t.Shape...), sha(t.Data)}
	}
	return described
}

func sha(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
