package pipeline

import (
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// sieve walks a page's records once before its transaction begins, so that nothing that is bound to fail is sent: what
// does not fit goes to the error topic or fails the page.
type sieve struct {
	pipeline *Pipeline
	response poll.Response
	reverse  bool
	drop     poll.Bits
	parent   Parent
	now      time.Time
	kept     int
	items    int
	planned  []planned
	errors   []record.Message
}

// run judges every record. An error fails the page as a whole: under FAIL nothing of it is emitted, so that it comes
// again, complete, after a person has looked.
func (v *sieve) run(rejects []poll.Reject) error {
	for _, r := range rejects {
		if v.pipeline.Config.OnError == connector.Fail {
			return r.Err
		}
		v.setAside(r.Index, r.Err)
	}
	return v.response.Records.Each(func(i int, raw []byte) error {
		if v.drop.Has(i) {
			return nil
		}
		err := v.judge(i, raw)
		if err == nil {
			v.kept++
			return v.plan(i, raw)
		}
		if v.pipeline.Config.Tolerance == connector.ToleranceNone {
			return err
		}
		v.setAside(i, err)
		return nil
	})
}

// judge converts and measures one record.
func (v *sieve) judge(i int, raw []byte) *fault.Error {
	m, err := v.message(raw)
	if err != nil {
		return v.about(i, raw, err, "set errors.tolerance=all to set such records aside")
	}
	if n := m.Size(); n > v.pipeline.Limit {
		return v.about(i, raw, fmt.Errorf("it takes %d bytes and topic %s takes %d", n, m.Topic, v.pipeline.Limit),
			"raise max.message.bytes of the topic, or set errors.tolerance=all to set such records aside")
	}
	return nil
}

// about makes the error of one record. It is Fatal under errors.tolerance=none: asking again would bring it again.
func (v *sieve) about(i int, raw []byte, err error, hint string) *fault.Error {
	content := cut(string(raw[:min(len(raw), maxContent+1)]))
	e := &fault.Error{
		Kind: fault.Fatal, Err: err, Hint: hint,
		Op: fmt.Sprintf("send record %d of the page of api%d", i, v.pipeline.API.N),
	}
	e.Report = &fault.Report{
		Message: e.Error(), ResponseContent: &content, Reason: &v.response.Reason, URL: v.response.URL,
	}
	return e
}

func (v *sieve) setAside(i int, e *fault.Error) {
	v.drop = v.drop.With(i, v.response.Records.Len())
	v.report(e)
}

// report makes an error record.
func (v *sieve) report(e *fault.Error) {
	report := fault.Report{Message: e.Error(), Reason: &v.response.Reason, URL: v.response.URL}
	if e.Report != nil {
		report = *e.Report
	}
	v.errors = append(v.errors, v.pipeline.errorRecord(report))
}

// messages yields what is left, then the error records. A page in a spool file is read again, never held.
func (v *sieve) messages() iter.Seq2[record.Message, error] {
	return func(yield func(record.Message, error) bool) {
		records := v.forward
		if v.reverse {
			records = v.backward
		}
		if !records(yield) {
			return
		}
		for _, m := range v.errors {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// errStop ends a walk over a List because the reader has had enough.
var errStop = fmt.Errorf("enough")

func (v *sieve) forward(yield func(record.Message, error) bool) bool {
	err := v.response.Records.Each(func(i int, raw []byte) error {
		if v.drop.Has(i) {
			return nil
		}
		if m, err := v.message(raw); !yield(m, err) || !v.announce(i, raw, yield) {
			return errStop
		}
		return nil
	})
	if err == nil {
		return true
	}
	if err != errStop {
		yield(record.Message{}, err)
	}
	return false
}

// backward is for a SNAPSHOT list in descending order, which must fit in memory.
func (v *sieve) backward(yield func(record.Message, error) bool) bool {
	var kept []record.Message
	if !v.forward(func(m record.Message, err error) bool {
		kept = append(kept, m)
		return err == nil
	}) {
		return false
	}
	for _, m := range slices.Backward(kept) {
		if !yield(m, nil) {
			return false
		}
	}
	return true
}

// message converts one raw record.
func (v *sieve) message(raw []byte) (record.Message, error) {
	p := v.pipeline
	raw, headers, err := v.parent.into(raw, p.API.ParentInto)
	if err != nil {
		return record.Message{Topic: p.API.Topic}, err
	}
	value, err := p.Converter.Convert(record.Record{Value: raw})
	return record.Message{Topic: p.API.Topic, Value: value, Headers: headers}, err
}
