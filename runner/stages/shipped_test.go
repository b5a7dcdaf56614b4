package stages

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"transfera/experiments"
	"transfera/experiments/schematest"
)

const shipped = "../../experiments"

// suites lists the folders of shipped specs with the profiles that their bases define, "" being the default.
func suites(t *testing.T) map[string][]string {
	t.Helper()
	bases, err := filepath.Glob(filepath.Join(shipped, "*", "base.yaml"))
	require.NoError(t, err)
	found := map[string][]string{}
	for _, base := range bases {
		folder := filepath.Dir(base)
		if filepath.Base(folder) == "testdata" {
			continue
		}
		text, err := os.ReadFile(base)
		require.NoError(t, err)
		var keys struct {
			Profiles map[string]any `yaml:"profiles"`
		}
		require.NoError(t, yaml.Unmarshal(text, &keys))
		found[folder] = []string{""}
		for profile := range keys.Profiles {
			found[folder] = append(found[folder], profile)
		}
	}
	require.NotEmpty(t, found)
	return found
}

func TestShippedSpecsUseTheWordsThatThereAre(t *testing.T) {
	for folder, profiles := range suites(t) {
		for _, profile := range profiles {
			t.Run(filepath.Base(folder)+" "+profile, func(t *testing.T) {
				suite, diagnostics := experiments.LoadSuite(folder, Names(), experiments.Options{Profile: profile})
				require.Empty(t, diagnostics, "%v", diagnostics)
				assert.NotEmpty(t, suite.Experiments)
			})
		}
	}
}

func TestSchemaOfTheWordsThatThereAreTakesTheShippedFiles(t *testing.T) {
	schema := schematest.Compile(t, experiments.Schema(Names()))
	files, err := filepath.Glob(filepath.Join(shipped, "*", "*.yaml"))
	require.NoError(t, err)
	files = slices.DeleteFunc(files, func(file string) bool { return filepath.Base(filepath.Dir(file)) == "testdata" })
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.NoError(t, schema.Validate(schematest.PlainYAML(t, text)), file)
		if experiments.IsExperiment(file) {
			e, diagnostics := experiments.Load(file, Names(), experiments.Options{})
			require.NoError(t, diagnostics.Err())
			assert.NoError(t, schema.Validate(schematest.PlainYAML(t, e.Resolved)), "%s, resolved", file)
		}
	}
	misspelt := map[string]any{"degradations": map[string]any{"dn": map[string]any{"kind": "dn", "options": map[string]any{"sigm": 1}}}}
	assert.Error(t, schema.Validate(misspelt), "it knows the options")
}
