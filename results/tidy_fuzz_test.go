package results

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"transfera/fuzztest"
)

// FuzzReadCells reads text as cells.csv. It is refused with the name of the file, or what was read can be written and read again
// to the same bytes.
func FuzzReadCells(f *testing.F) {
	header := strings.Join(Columns, ",") + "\n"
	f.Add("experiment,seed\n")
	f.Add(header + "e,0,sr,ra,,s,e,d,top1,1,,,5,k\n")
	f.Add(header + "e,-1,\"s\"\"r\",\"r\na\",0.001,s,e,d,top1,-0,NaN,1e-400,5,k\r\ne,9223372036854775807,,,,,,,,+Inf,0x1p3,1_0,0,\n")
	f.Fuzz(func(t *testing.T, text string) {
		var cells []Cell
		var err error
		bound := fuzztest.Bound{Bytes: 1 << 20, PerByte: 1024}
		fuzztest.Hold(t, bound, len(text), func() { cells, err = parseCells(strings.NewReader(text), "cells.csv") })
		if err != nil {
			require.ErrorContains(t, err, "cells.csv:")
			return
		}
		once := formatted(t, cells)
		again, err := parseCells(strings.NewReader(once), "again.csv")
		require.NoError(t, err, once)
		require.Equal(t, once, formatted(t, again))
		require.Len(t, again, len(cells))
	})
}

func formatted(t *testing.T, cells []Cell) string {
	var out bytes.Buffer
	require.NoError(t, formatCSV(&out, Columns, cellRecords(cells)))
	return out.String()
}
