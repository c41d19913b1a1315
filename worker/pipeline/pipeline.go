// Package pipeline says what a response COMES TO: records, error records and the next offset, as one list of messages.
//
// It is the pure core: no clock, no network, no goroutine. A page in, a Page out.
package pipeline

import (
	"errors"
	"fmt"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// Converter makes the value of a message; the converters of package convert are ones.
type Converter interface {
	Convert(record.Record) ([]byte, error)
}

// Pipeline is compiled once for an API. Its fields are not changed afterwards.
type Pipeline struct {
	Config    connector.Config
	API       connector.API
	Machine   *poll.Machine
	Converter Converter
	Partition offsets.Partition
	// OffsetsTopic is offset.storage.topic; empty for a child API, whose offsets are its work items' progress.
	OffsetsTopic string
	// Limit is the greatest size of one message in the API's topic, ErrorLimit in the error topic and QueueLimit in the
	// work queue, in bytes (max.message.bytes).
	Limit, ErrorLimit, QueueLimit int
	// Plan works out the work items of the API's records; nil: it has no child APIs. Queue is their topic.
	Plan  *chaining.Planner
	Queue string
}

// Page is what one response, or one failure to get one, comes to.
type Page struct {
	// Batch has no Offset when the API is a child: its lane adds the work item's progress.
	Batch record.Batch
	// Next is the state after the page. It counts only once the page is committed (R12).
	Next poll.State
	// Records and Rejected count the messages to the API's topic and those set aside, Items the work items announced.
	Records, Rejected, Items int
	// Reason is why the sweep ended or nothing came; empty while pages follow.
	Reason poll.Reason
	// Err is why there is no answer, or why it could not be used; nil: it was.
	Err *fault.Error
	// Fault, when not nil, is what the task fails with once the page is committed (behavior.on.error=FAIL).
	Fault *fault.Error
	// Idle marks, on a page with nothing in it, that nothing is due for long: the claim may be given up.
	Idle bool
	list record.List
}

// Close gives back a spool file. The page cannot be committed any more.
func (p Page) Close() {
	if p.list != nil {
		_ = p.list.Close() // an unlinked file: nothing is lost
	}
}

// Size is about how many bytes its records have.
func (p Page) Size() int64 { return p.Batch.Bytes }

// Empty reports whether there is nothing to commit.
func (p Page) Empty() bool { return p.Records == 0 && p.Rejected == 0 && p.Batch.Offset == nil }

// Page works out what r, the answer to state s, comes to.
func (p *Pipeline) Page(s poll.State, r poll.Response, now time.Time) Page {
	return p.PageOf(Parent{}, s, r, now)
}

// PageOf is Page for a work item; what it has of its parent record goes into every record.
func (p *Pipeline) PageOf(parent Parent, s poll.State, r poll.Response, now time.Time) Page {
	step, err := p.Machine.Advance(s, r, now)
	if err != nil {
		page := p.Failure(s, p.answered(r, err))
		page.list = r.Records
		return page
	}
	set := &sieve{pipeline: p, response: r, reverse: step.Reverse, drop: step.Drop, parent: parent, now: now}
	if err := set.run(step.Rejects); err != nil {
		page := p.Failure(s, p.answered(r, err))
		page.list = r.Records
		return page
	}
	page := Page{Next: step.Next, Reason: step.Reason, Records: set.kept, Rejected: len(set.errors), Items: set.items, list: r.Records}
	page.Batch = record.Batch{Messages: set.messages(), Bytes: r.Records.Bytes()}
	if p.OffsetsTopic != "" && (step.Moved || page.Records > 0) {
		m := offsets.Message(p.OffsetsTopic, p.Partition, step.Next.Offset())
		page.Batch.Offset = &m
	}
	return page
}

// Failure is the page of a request that failed for good: one error record, and the state stays what it was, so that the
// same is asked again (IGNORE) or the task fails (FAIL).
func (p *Pipeline) Failure(s poll.State, err error) Page {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		e = &fault.Error{Op: fmt.Sprintf("poll api%d", p.API.N), Err: err}
	}
	page := Page{Next: s, Batch: record.Batch{Messages: record.Each()}, Err: e}
	if e.Report != nil {
		page.Rejected = 1
		page.Batch.Messages = record.Each(p.errorRecord(*e.Report))
	}
	if p.Config.OnError == connector.Fail || e.Kind == fault.Fatal {
		page.Fault = e
	}
	return page
}

// answered gives an error about a 2xx answer its report: status_code is null there.
func (p *Pipeline) answered(r poll.Response, err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		e = &fault.Error{Kind: fault.Permanent, Op: fmt.Sprintf("process the answer of api%d", p.API.N), Err: err}
	}
	if e.Report == nil && e.Kind != fault.Fatal {
		withReport := *e
		withReport.Report = &fault.Report{Message: e.Error(), Reason: &r.Reason, URL: r.URL}
		return &withReport
	}
	return e
}
