package results

// Place is what a number belongs to: a cell without its seed and its value. It
// finds the cells and the gain behind an entry of a table.
type Place struct {
	Experiment string `json:"experiment"`
	Task       string `json:"task"`
	Method     string `json:"method"`
	Lambda     string `json:"lambda,omitempty"`
	Source     string `json:"source,omitempty"`
	Evaluator  string `json:"evaluator,omitempty"`
	Dataset    string `json:"dataset"`
	Metric     string `json:"metric"`
}

// Place of the cell: equal for cells that differ in nothing but the seed.
func (c Cell) Place() Place {
	return Place{
		Experiment: c.Experiment, Task: c.Task, Method: c.Method, Lambda: c.Lambda,
		Source: c.Source, Evaluator: c.Evaluator, Dataset: c.Dataset, Metric: c.Metric,
	}
}

// Place of the method's own cells.
func (g Gain) Place() Place { return g.cell().Place() }
