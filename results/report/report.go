// Package report turns an output folder into report.html: one file that shows
// what was asked, every table and figure, what the tests of the gains say in
// plain sentences, and where each number comes from. It loads nothing from
// anywhere, so that it can be mailed, archived and read without a network.
//
//	path, err := report.Write("results/out/embedded")
//
// Nothing is computed here: the folder alone says everything, and the same
// folder gives the same bytes. What shows up is what lies in it:
//
//   - tables/NAME.json (results.WriteTables) is a table,
//   - figures/NAME.svg, or NAME.png where there is no SVG, is a figure,
//   - figures/NAME.json, if there, is that figure's Caption,
//   - study/EXPERIMENT (transfera study analyze) is what a user study came to,
//   - an experiment's are those whose NAME is the experiment's or begins with
//     it and a "-" (see owner); others come last, under "More results".
//
// Whoever writes more tables or figures into the folder need do nothing else.
package report

import (
	"fmt"
	"path/filepath"

	"transfera/results/atomicfile"
)

// FileName is the report's name in its output folder.
const FileName = "report.html"

// Write makes the report of an output folder, in that folder, atomically. Its
// errors say which file is missing or damaged and what to do about it.
func Write(folder string) (path string, err error) {
	read, err := Read(folder)
	if err != nil {
		return "", err
	}
	page, err := Render(read)
	if err != nil {
		return "", fmt.Errorf("render the report of %s: %w", folder, err)
	}
	path = filepath.Join(folder, FileName)
	return path, atomicfile.Write(path, page)
}
