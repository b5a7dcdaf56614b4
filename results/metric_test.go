package results_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"transfera/metrics"
	"transfera/results"
)

func TestWhatIsMeasuredHasAConventionInTables(t *testing.T) {
	for _, measured := range metrics.All {
		m := results.LookupMetric(measured.Name)
		assert.NotEmpty(t, m.Convention, "say in metric.go what a table writes of %s", measured.Name)
		assert.Equal(t, measured.Unit, m.Unit, measured.Name)
	}
}
