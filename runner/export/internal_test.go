package export

var (
	Function = function
	Program  = renderProgram
)
