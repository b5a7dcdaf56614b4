package experiments

import "fmt"

// Service is a recognizer behind an HTTP interface, of which nobody here knows the inside. It judges pictures; no loss can
// contain it. Every answer is kept, so that a picture is asked about once.
type Service struct {
	// Kind of interface: http.
	Kind string `yaml:"kind" doc:"Interface of the service." check:"required,of=service-kind"`
	// URL that takes one picture per call.
	URL string `yaml:"url" doc:"Address that takes one picture per call." check:"required"`
	// Method of the call, POST or PUT.
	Method string `yaml:"method" doc:"Method of the call." check:"of=http-method" default:"POST"`
	// Headers of the call; ${NAME} is that environment variable's value, which is written nowhere.
	Headers map[string]string `yaml:"headers,omitempty" doc:"Headers of the call; ${NAME} stands for an environment variable, whose value is written nowhere."`
	// Version is what is known of the service's version; answers of another one are not used.
	Version string `yaml:"version,omitempty" doc:"What is known of the service's version, such as a date; answers of another one are asked for anew." check:"word"`
	// Image is how pictures are encoded.
	Image ServiceImage `yaml:"image,omitempty" doc:"How pictures are encoded."`
	// Body is how a call holds the picture.
	Body ServiceBody `yaml:"body,omitempty" doc:"How a call holds the picture."`
	// Labels is the JSON path (RFC 9535) of the labels in an answer.
	Labels string `yaml:"labels" doc:"JSON path (RFC 9535) of the labels in an answer." default:"$.labels[*].name"`
	// Scores is the JSON path of their scores, in the same order; "" where labels come best first.
	Scores string `yaml:"scores" doc:"JSON path of their scores, in the same order; empty where the labels come best first." default:"$.labels[*].score"`
	// Classes is a CSV file of label and class, two columns without a heading; "" where labels are the classes' names. As
	// loaded: as written; [Suite.Bind] makes it absolute.
	Classes string `yaml:"classes,omitempty" doc:"CSV file, relative to this spec, with a label of the service and the class that it means on each line; a label that it lacks means no class. Without it labels are the names of classes."`
	// Rate is the most calls per second; 0 is no limit.
	Rate float64 `yaml:"rate" doc:"Most calls per second; 0 is no limit." check:">=0"`
	// Concurrent is the most calls at once.
	Concurrent int `yaml:"concurrent" doc:"Most calls at once." check:">=1" default:"4"`
	// Timeout of one call, in seconds.
	Timeout float64 `yaml:"timeout" doc:"Seconds after which a call is given up." check:">0" default:"30"`
	// Retries of one picture after calls that failed in passing.
	Retries int `yaml:"retries" doc:"Calls for one picture after the first, where the service is busy, broken or slow." check:">=0" default:"5"`
	// Budget is the most calls ever made, all runs with this cache together; 0 is no limit.
	Budget int `yaml:"budget" doc:"Most calls ever made, all runs with this cache together, failed ones included; 0 is no limit." check:">=0"`
}

// ServiceImage is the encoding of a picture.
type ServiceImage struct {
	// Format is png or jpeg.
	Format string `yaml:"format" doc:"Format of the pictures." check:"of=image-format" default:"png"`
	// Quality of a JPEG, 1 to 100.
	Quality int `yaml:"quality" doc:"Quality of JPEG pictures." check:">=1,<=100" default:"95"`
}

// ServiceBody is the body of a call.
type ServiceBody struct {
	// Kind is image (the file's bytes), form (multipart) or json.
	Kind string `yaml:"kind" doc:"image sends the picture's file, form a multipart form with it, json the template." check:"of=body-kind" default:"image"`
	// Field of a form that holds the picture.
	Field string `yaml:"field" doc:"Field of a form that holds the picture." default:"image"`
	// Fields are a form's other ones.
	Fields map[string]string `yaml:"fields,omitempty" doc:"Further fields of a form; ${NAME} stands for an environment variable."`
	// Template is a JSON text in which {{image}} stands for the picture's file in base64.
	Template string `yaml:"template,omitempty" doc:"JSON in which {{image}} stands for the picture's file in base64, and ${NAME} for an environment variable."`
}

// service checks a recognizer behind an interface, which has none of what describes a network.
func (c *checker) service(name string) {
	s := c.e.Recognizers[name].Service
	for _, key := range []string{"arch", "options", "normalize", "weights", "backbone", "sha256", "train"} {
		if c.has("recognizers", name, key) {
			c.fails(fmt.Sprintf("recognizer %s is a service, and %s is of networks", name, key), "leave it out; null removes an inherited one", "recognizers", name, key)
		}
	}
	if s.Body.Kind == "json" && s.Body.Template == "" {
		c.fails("a json body needs a template", `such as template: '{"image": "{{image}}"}'`, "recognizers", name, "service", "body")
	}
	for i, source := range c.e.Sources {
		if source == name {
			c.fails(fmt.Sprintf("recognizer %s is a service, whose gradient nobody knows", name), "it can be an evaluator, not a source", "sources", i)
		}
	}
}
