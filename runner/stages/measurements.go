package stages

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"transfera/metrics"
	"transfera/metrics/statistics"
	"transfera/models/weights"
	"transfera/runner/dag"
	"transfera/runner/store"
)

const measurementsFile = "measurements.safetensors"

// measurements are what one evaluation stage found, metric by metric.
type measurements struct {
	Images  int           `json:"images"`
	Metrics []measurement `json:"metrics"`
	// Classes is how many kinds of objects were searched for, 0 where none were; detection is what was found.
	Classes   int `json:"classes,omitempty"`
	detection *metrics.Detection
}

// measurement is one metric with its interval over images; Low and High are nil where there is none.
type measurement struct {
	Metric   string   `json:"metric"`
	Value    float64  `json:"value"`
	Low      *float64 `json:"low,omitempty"`
	High     *float64 `json:"high,omitempty"`
	perImage []float64
}

func (m *measurement) setInterval(i statistics.Interval) {
	if i.OK() {
		m.Low, m.High = &i.Low, &i.High
	}
}

// bootstrapSeed feeds the bootstrap of every interval.
const bootstrapSeed = 0

// perImageMeasurements are metrics with an interval over their values of each image, if they have any.
func perImageMeasurements(summaries []metrics.Summary, err error) (*measurements, error) {
	if err != nil {
		return nil, err
	}
	m := &measurements{}
	for _, s := range summaries {
		one := measurement{Metric: s.Metric, Value: s.Value, perImage: s.PerImage}
		if s.PerImage != nil {
			m.Images = len(s.PerImage)
			one.setInterval(statistics.BootstrapMean(s.PerImage, statistics.Level, statistics.Resamples, bootstrapSeed))
		}
		m.Metrics = append(m.Metrics, one)
	}
	return m, nil
}

// detectionMeasurements are those of a complete detection, with the intervals of its summaries.
func detectionMeasurements(d *metrics.Detection, summaries []metrics.Summary, intervals []statistics.Interval) *measurements {
	m := &measurements{Images: d.Images(), Classes: d.Classes(), detection: d}
	for i, s := range summaries {
		one := measurement{Metric: s.Metric, Value: s.Value}
		one.setInterval(intervals[i])
		m.Metrics = append(m.Metrics, one)
	}
	return m
}

// measurementsBytes is about how large the measurements of so many images are: three values of eight bytes each.
func measurementsBytes(images int) int64 { return 2000 + 24*int64(images) }

// save writes the measurements into a folder: the values of all images as tensors, the rest as metadata.
func (m *measurements) save(folder string) error {
	summary, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("measurements: %w", err)
	}
	var dict weights.Dict
	for _, one := range m.Metrics {
		if one.perImage != nil {
			dict = append(dict, doubles(one.Metric, one.perImage))
		}
	}
	if m.detection != nil {
		record, err := m.detection.Record()
		if err != nil {
			return err
		}
		dict = append(dict, doubles(scoresTensor, record.Scores), longs(outcomesTensor, record.Outcomes),
			longs(positivesTensor, record.Positives), longs(foundTensor, record.Found))
	}
	return weights.SaveSafetensors(filepath.Join(folder, measurementsFile), dict, map[string]string{"summary": string(summary)})
}

// readMeasurements reads what save wrote.
func readMeasurements(path string) (*measurements, error) {
	file, err := weights.Load(path)
	if err != nil {
		return nil, err
	}
	m := &measurements{}
	if err := json.Unmarshal([]byte(file.Metadata["summary"]), m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for i := range m.Metrics {
		if t, ok := file.Tensors.Get(m.Metrics[i].Metric); ok {
			m.Metrics[i].perImage = fromDoubles(t)
		}
	}
	if m.Classes > 0 {
		if m.detection, err = readDetection(file.Tensors, m.Classes); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return m, nil
}

// The tensors of a detection's record; see metrics.DetectionRecord.
const scoresTensor, outcomesTensor, positivesTensor, foundTensor = "scores", "outcomes", "positives", "found"

func readDetection(tensors weights.Dict, classes int) (*metrics.Detection, error) {
	record := metrics.DetectionRecord{Classes: classes}
	scores, _ := tensors.Get(scoresTensor)
	record.Scores = fromDoubles(scores)
	for name, values := range map[string]*[]int64{
		outcomesTensor: &record.Outcomes, positivesTensor: &record.Positives, foundTensor: &record.Found,
	} {
		t, _ := tensors.Get(name)
		var err error
		if *values, err = t.Longs(); err != nil {
			return nil, err
		}
	}
	return metrics.DetectionFromRecord(record)
}

// of returns the measurement of a metric.
func (m *measurements) of(metric string) (measurement, bool) {
	for _, one := range m.Metrics {
		if one.Metric == metric {
			return one, true
		}
	}
	return measurement{}, false
}

// bound is a bound of the interval, NaN where there is none.
func bound(value *float64) float64 {
	if value == nil {
		return math.NaN()
	}
	return *value
}

func doubles(name string, values []float64) weights.Tensor {
	data := make([]byte, 0, 8*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
	}
	return weights.Tensor{Name: name, DType: weights.F64, Shape: []int64{int64(len(values))}, Data: data}
}

func longs(name string, values []int64) weights.Tensor {
	return weights.FromLongs(name, []int64{int64(len(values))}, values)
}

func fromDoubles(t weights.Tensor) []float64 {
	values := make([]float64, len(t.Data)/8)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(t.Data[8*i:]))
	}
	return values
}

func compareText(a, b string) int { return strings.Compare(a, b) }

// Measured returns the values of an evaluation stage by metric.
func Measured(s *store.Store, stage *dag.Stage) (map[string]float64, error) {
	m, err := readMeasurements(s.File(stage.Key, measurementsFile))
	if err != nil {
		return nil, err
	}
	values := map[string]float64{}
	for _, one := range m.Metrics {
		values[one.Metric] = one.Value
	}
	return values, nil
}
