package data

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// manyFiles makes a tree of n tiny files in 100 classes, old enough for their hashes to be remembered.
func manyFiles(t testing.TB, n int) string {
	t.Helper()
	dir, old := t.TempDir(), time.Now().Add(-time.Hour)
	for i := range n {
		path := filepath.Join(dir, fmt.Sprintf("n%08d", i%100), fmt.Sprintf("n%08d_%d.JPEG", i%100, i))
		if i < 100 {
			require.NoError(t, os.Mkdir(filepath.Dir(path), 0o755))
		}
		require.NoError(t, os.WriteFile(path, []byte(path), 0o644))
		require.NoError(t, os.Chtimes(path, old, old))
	}
	return dir
}

// BenchmarkTree shows what opening, fingerprinting and verifying a folder cost at first and again, per file. For the size of a
// real dataset: TRANSFERA_BENCH_FILES=100000 go test -run - -bench Tree ./data
func BenchmarkTree(b *testing.B) {
	n := 2000
	if text := os.Getenv("TRANSFERA_BENCH_FILES"); text != "" {
		_, err := fmt.Sscan(text, &n)
		require.NoError(b, err)
	}
	dir, cache := manyFiles(b, n), b.TempDir()
	perFile := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/file")
	}
	open := func(b *testing.B, cache string) *Folder {
		folder, err := OpenImageFolder(dir, FolderOptions{FingerprintCache: cache})
		require.NoError(b, err)
		return folder
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			open(b, "")
		}
		perFile(b)
	})
	b.Run("fingerprint without memory", func(b *testing.B) {
		for b.Loop() {
			_, err := open(b, "").Fingerprint(b.Context())
			require.NoError(b, err)
		}
		perFile(b)
	})
	b.Run("open and fingerprint again", func(b *testing.B) {
		_, err := open(b, cache).Fingerprint(b.Context())
		require.NoError(b, err)
		for b.Loop() {
			_, err := open(b, cache).Fingerprint(b.Context())
			require.NoError(b, err)
		}
		perFile(b)
	})
	b.Run("open and verify again", func(b *testing.B) {
		_, err := Verify(b.Context(), open(b, cache), nil)
		require.NoError(b, err)
		for b.Loop() {
			_, err := Verify(b.Context(), open(b, cache), nil)
			require.NoError(b, err)
		}
		perFile(b)
	})
}
