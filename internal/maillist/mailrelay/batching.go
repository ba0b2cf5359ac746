package mailrelay

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/whmcsync/whmcsync/internal/fault"
	"github.com/whmcsync/whmcsync/internal/maillist"
	"github.com/whmcsync/whmcsync/internal/maillist/mailrelay/wire"
)

const (
	syncPath      = "/api/v1/subscribers/sync" // as a batch wants it; assumed
	firstPause    = 500 * time.Millisecond     // between looks at a running batch, growing
	longestPause  = 10 * time.Second
	batchPatience = 5 * time.Minute
)

// Batching is an Account that also writes through api_batches: a maillist.Writer. It rests on answers that are not
// published, so it is a type of its own, for those who switch it on.
type Batching struct{ *Account }

var _ maillist.Writer = Batching{}

// NewBatching adds the switch to an account.
func NewBatching(a *Account) Batching { return Batching{a} }

// UpsertAll writes all subscribers by one background job and waits for its end. See maillist.Writer. An operation whose
// answer we cannot read is fault.Protocol; writing again does no harm.
func (b Batching) UpsertAll(ctx context.Context, all []maillist.Subscriber) ([]maillist.Result, []error, error) {
	if len(all) == 0 {
		return nil, nil, nil
	}
	body, err := b.operations(all)
	if err != nil {
		return nil, nil, err
	}
	job, err := b.wire.StartBatch(ctx, body)
	if err != nil {
		return nil, nil, err
	}
	answers, err := b.follow(ctx, job, len(all))
	if err != nil {
		return nil, nil, err
	}
	results, errs := make([]maillist.Result, len(all)), make([]error, len(all))
	for i, s := range all {
		results[i], errs[i] = b.settle(ctx, s, answers[strconv.Itoa(i)])
	}
	return results, errs, nil
}

func (b Batching) operations(all []maillist.Subscriber) (wire.NewBatch, error) {
	body := wire.NewBatch{Operations: make([]wire.Operation, 0, len(all))}
	for i, s := range all {
		raw, err := json.Marshal(syncBody(s))
		if err != nil {
			return body, fault.New(fault.Refused, b.name, "start batch", "%w", err)
		}
		body.Operations = append(body.Operations, wire.Operation{
			ID: strconv.Itoa(i), Method: http.MethodPost, Path: syncPath, Body: string(raw),
		})
	}
	return body, nil
}

// follow looks at the job until it has ended or every operation has an answer.
func (b Batching) follow(ctx context.Context, job wire.Batch, count int) (map[string]wire.Result, error) {
	if job.ID == 0 {
		return nil, fault.New(fault.Protocol, b.name, "start batch", "the answer holds no id")
	}
	end, pause := time.Now().Add(batchPatience), firstPause
	for time.Now().Before(end) {
		now, err := b.wire.Batch(ctx, int64(job.ID))
		if err != nil {
			return nil, err
		}
		answers := answered(now)
		if ended(now) || len(answers) == count {
			return answers, nil
		}
		if err := b.rest(ctx, pause); err != nil {
			return nil, err
		}
		pause = min(pause*2, longestPause)
	}
	return nil, fault.New(fault.Transient, b.name, "read batch", "not done after %s", batchPatience)
}

func (b Batching) rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fault.New(fault.Held, b.name, "read batch", "%w", ctx.Err())
	}
}

func answered(job wire.Batch) map[string]wire.Result {
	answers := make(map[string]wire.Result, len(job.Operations))
	for _, result := range job.Operations {
		if result.Code > 0 {
			answers[result.ID] = result
		}
	}
	return answers
}

func ended(job wire.Batch) bool {
	words := []string{"finished", "completed", "complete", "done", "processed", "failed", "error", "canceled", "cancelled"}
	return job.FinishedAt != "" || slices.Contains(words, strings.ToLower(string(job.Status)))
}

func (b Batching) settle(ctx context.Context, s maillist.Subscriber, answer wire.Result) (maillist.Result, error) {
	if answer.Code != http.StatusOK && answer.Code != http.StatusCreated {
		err := b.wire.HTTP.StatusFault("write subscriber", answer.Code, answer.Body)
		return maillist.Result{}, b.explain(ctx, err, s.Email)
	}
	var person wire.Subscriber
	if len(answer.Body) > 0 && json.Unmarshal(answer.Body, &person) != nil {
		return maillist.Result{}, fault.New(fault.Protocol, b.name, "write subscriber", "the batch holds an answer we cannot read")
	}
	return maillist.Result{Created: answer.Code == http.StatusCreated, Entry: entry(person)}, nil
}
