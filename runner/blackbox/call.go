package blackbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// maxAnswer bounds an answer, in bytes.
	maxAnswer = 10 << 20
	// longestWait is how long a client waits for a service that asks for it; who waits longer had better come back.
	longestWait = 10 * time.Minute
)

// call asks a question until there is an answer, and keeps it. Waits between calls are drawn evenly from 0 to a bound that
// doubles ("full jitter"), so that clients that failed together do not return together; no result depends on them.
func (c *Client) call(ctx context.Context, q question, values secrets) (*response, error) {
	waits := &backoff.ExponentialBackOff{InitialInterval: c.firstWait, RandomizationFactor: 1, Multiplier: 2, MaxInterval: time.Minute}
	calls := 0
	found, err := backoff.Retry(ctx, func() (*response, error) {
		found, sent, err := c.turn(ctx, q, values)
		if sent {
			calls++
		}
		if cause := context.Cause(ctx); err != nil && cause != nil {
			return nil, backoff.Permanent(cause)
		}
		return found, err
	}, backoff.WithBackOff(waits), backoff.WithMaxTries(uint(c.service.Retries)+1), backoff.WithMaxElapsedTime(0),
		backoff.WithNotify(func(err error, wait time.Duration) {
			c.say("%v; again in %v", err, wait.Round(time.Millisecond))
		}))
	if permanent := (*backoff.PermanentError)(nil); errors.As(err, &permanent) {
		err = permanent.Err // the last of all tries comes as it is
	}
	if err != nil && calls > 1 {
		err = fmt.Errorf("after %d calls: %w", calls, err)
	}
	return found, err
}

// turn makes one call when it may be made. sent says that it was counted.
func (c *Client) turn(ctx context.Context, q question, values secrets) (found *response, sent bool, err error) {
	if err := c.slots.Acquire(ctx, 1); err != nil {
		return nil, false, err
	}
	defer c.slots.Release(1)
	if err := c.pause(ctx); err != nil {
		return nil, false, err
	}
	if err := c.limiter.Wait(ctx); err != nil {
		return nil, false, backoff.Permanent(err)
	}
	if err := c.ledger.reserve(q.key); err != nil {
		return nil, false, backoff.Permanent(err)
	}
	c.own.Add(1)
	found, err = c.send(ctx, q, values)
	if err != nil {
		return nil, true, err
	}
	if err := c.responses.keep(q.key, found); err != nil {
		return nil, true, backoff.Permanent(err)
	}
	return found, true, nil
}

// pause waits as long as the service asked any caller to.
func (c *Client) pause(ctx context.Context) error {
	for {
		c.mutex.Lock()
		left := time.Until(c.until)
		c.mutex.Unlock()
		if left <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(left):
		}
	}
}

// send makes one call and reads its answer. Errors that another call may overcome are not permanent ones. No error holds a
// secret.
func (c *Client) send(ctx context.Context, q question, values secrets) (*response, error) {
	timed, cancel := context.WithTimeout(ctx, c.service.Timeout)
	defer cancel()
	request, err := c.service.request(timed, q, values)
	if err != nil {
		return nil, backoff.Permanent(redacted(err, values))
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreached(timed, redacted(err, values))
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	body = values.redact(body)
	switch {
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		return nil, c.refused(answer, body, values) // whatever of the body could be read
	case err != nil:
		return nil, c.unreached(timed, redacted(fmt.Errorf("the answer broke off: %w", err), values))
	case len(body) > maxAnswer:
		return nil, backoff.Permanent(fmt.Errorf("the answer has over %d bytes, which no list of labels has", maxAnswer))
	case !json.Valid(body):
		return nil, fmt.Errorf("the answer is no JSON: %s", excerpt(body))
	}
	return &response{
		URL: c.service.URL, Method: c.service.Method, Version: c.service.Version, Image: q.hash,
		Time: time.Now().UTC().Truncate(time.Second), Status: answer.StatusCode, Body: body,
	}, nil
}

// redacted is an error's text without secrets. What it wraps could tell them, so nothing is wrapped.
func redacted(err error, values secrets) error {
	text := string(values.redact([]byte(err.Error())))
	if permanent(err) {
		return backoff.Permanent(errors.New(text))
	}
	return errors.New(text)
}

// unreached is the error of a call without an answer.
func (c *Client) unreached(timed context.Context, err error) error {
	if errors.Is(timed.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %v; service.timeout may be raised", c.service.Timeout)
	}
	return err
}

// excerpt is the beginning of an answer, in one line.
func excerpt(body []byte) string {
	const shown = 200
	if len(body) > shown {
		return fmt.Sprintf("%q...", body[:shown])
	}
	return fmt.Sprintf("%q", body)
}

// refused is the error of a call with another status than 2xx.
func (c *Client) refused(answer *http.Response, body []byte, values secrets) error {
	problem := redacted(fmt.Errorf("%s answered %s: %s%s", c.service.URL, answer.Status, excerpt(body), c.advice(answer)), values)
	switch status := answer.StatusCode; {
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= 500:
		return c.later(problem, answer.Header.Get("Retry-After"))
	}
	return backoff.Permanent(problem)
}

// later makes all callers wait as long as the service asks for.
func (c *Client) later(problem error, retryAfter string) error {
	wait, asked := waitOf(retryAfter, time.Now())
	if !asked {
		return problem
	}
	if wait > longestWait {
		return backoff.Permanent(fmt.Errorf("%w; it asks to wait for %v: run again then", problem, wait.Round(time.Second)))
	}
	c.mutex.Lock()
	if until := time.Now().Add(wait); until.After(c.until) {
		c.until = until
	}
	c.mutex.Unlock()
	return &waitFor{problem, wait}
}

// waitFor is an error after which the service asks to wait.
type waitFor struct {
	error
	wait time.Duration
}

func (w *waitFor) Unwrap() []error {
	return []error{w.error, &backoff.RetryAfterError{Duration: w.wait}}
}

// advice says what can be done about a status.
func (c *Client) advice(answer *http.Response) string {
	switch answer.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		if names := variables(c.service.texts()); len(names) > 0 {
			return "; check the value of " + strings.Join(names, ", ")
		}
		return "; the service may need a header such as Authorization: Bearer ${API_KEY}"
	case http.StatusNotFound:
		return "; check url and method"
	case http.StatusRequestEntityTooLarge:
		return "; send a smaller file: image.format jpeg, or a lower image.quality"
	case http.StatusUnsupportedMediaType:
		return "; check image.format and body.kind"
	}
	if answer.StatusCode >= 300 && answer.StatusCode <= 399 {
		if target, err := answer.Location(); err == nil {
			return fmt.Sprintf("; redirects are not followed: if %s://%s is trusted, set url to the new address", target.Scheme, target.Host)
		}
	}
	return ""
}
