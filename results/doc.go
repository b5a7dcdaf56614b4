// Package results turns measured numbers into what a reader sees: the tidy
// table of cells that everything else is made from, the gains over plain,
// paper-style tables in five formats, figures, and the manifest that says how
// the numbers came about. Published numbers are data of this package too.
//
//	cells, err := results.ReadCells("results/out/embedded/cells.csv")
//	table, err := results.Build(spec, cells, gains, published, notes)
//	err = results.WriteTables("results/out/embedded/tables", "same-model", table)
//
// Everything written is written atomically, and is a function of its input:
// the same cells in any order give the same bytes.
package results
