package blackbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"transfera/data/imaging"
)

// Client asks one service. It is safe for concurrent use.
type Client struct {
	// Say, unless nil, is told of calls that are repeated and of kept answers that are damaged. It may be called from many
	// goroutines at once. Set it before the first Ask.
	Say func(text string)

	service   Service
	reader    reader
	responses responses
	lockFile  string
	ledger    ledger
	http      *http.Client
	slots     *semaphore.Weighted
	limiter   *rate.Limiter
	firstWait time.Duration // of repeated calls, on average
	own       atomic.Int64
	cached    atomic.Int64

	mutex sync.Mutex
	until time.Time // which the service asked to wait for
}

// Open makes a client of a service whose answers and calls are kept in folder, which is made where it is missing. Several
// clients and processes may share a folder. An invalid service is Validate's error.
func Open(folder string, s Service) (*Client, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	s = s.completed()
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, fmt.Errorf("make the folder of answers: %w", err)
	}
	reader, err := newReader(s)
	if err != nil {
		return nil, err
	}
	limit := rate.Inf
	if s.Rate > 0 {
		limit = rate.Limit(s.Rate)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = s.Concurrent
	return &Client{
		service: s, reader: reader, responses: responses(folder), lockFile: filepath.Join(folder, "questions.lock"),
		ledger: ledgerOf(folder, s),
		// A redirect is an answer like others: whoever follows one sends the headers to where nobody meant them to go.
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
		slots: semaphore.NewWeighted(int64(s.Concurrent)), limiter: rate.NewLimiter(limit, 1), firstWait: 500 * time.Millisecond,
	}, nil
}

// Ask returns what the service says of an image: from the folder if it was ever asked, else by calls. The error of a spent
// budget is ErrBudget. When ctx ends, Ask returns at once with its cause; what had arrived is kept.
func (c *Client) Ask(ctx context.Context, image *imaging.Image) (Answer, error) {
	q, err := c.service.question(image)
	if err != nil {
		return Answer{}, err
	}
	found, err := c.kept(q)
	if found == nil && err == nil {
		found, err = c.askOnce(ctx, q)
	}
	if err != nil {
		return Answer{}, fmt.Errorf("service %s: %w", c.service.Name, err)
	}
	answer, err := c.reader.read(found.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("service %s: %w. The answer is kept in %s and read again with other paths; remove the file to ask again",
			c.service.Name, err, c.responses.path(q.key))
	}
	return answer, nil
}

// kept is the answer in the folder, nil if there is none that can be used.
func (c *Client) kept(q question) (*response, error) {
	found, err := c.responses.load(q.key)
	if errors.Is(err, errDamaged) {
		c.say("%v; asking again", err)
		return nil, nil
	}
	if found != nil {
		c.cached.Add(1)
	}
	return found, err
}

// askOnce calls the service, unless somebody else does so meanwhile.
func (c *Client) askOnce(ctx context.Context, q question) (*response, error) {
	unlock, err := lockQuestion(ctx, c.lockFile, q.key)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if found, err := c.kept(q); found != nil || err != nil {
		return found, err
	}
	values, err := c.service.secrets()
	if err != nil {
		return nil, err
	}
	return c.call(ctx, q, values)
}

// Usage is what was used so far.
func (c *Client) Usage() Usage {
	return Usage{Calls: c.ledger.calls(), Own: int(c.own.Load()), Cached: int(c.cached.Load()), Budget: c.service.Budget}
}

func (c *Client) say(format string, values ...any) {
	if c.Say != nil {
		c.Say("service " + c.service.Name + ": " + fmt.Sprintf(format, values...))
	}
}
