package reporter

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/headwater/headwater/coordinator/status"
	"github.com/headwater/headwater/internal/record"
)

const (
	// maxTrace bounds a trace in bytes: tools show it as it is.
	maxTrace = 4 << 10
	// maxRows bounds the rows held, waiting or sent and not read back. Refused reports are logged, with their number.
	maxRows = 16 << 10
)

// row is a report of this worker, from the moment it is made until it is read back or overtaken.
type row struct {
	status  *status.Status // nil: a tombstone, or a topic's use
	message record.Message
	at      stage
}

type stage uint8

const (
	waiting stage = iota
	sending
	sent
)

// known is the newest status of a connector or task, own reports first; nil for none.
func (r *Reporter) known(k status.Key) *status.Status {
	if w := r.own[k]; w != nil {
		return w.status
	}
	if k.Kind == status.OfTask {
		return r.table.Task(k.Connector, k.Task)
	}
	return r.table.Connector(k.Connector)
}

// uses reports whether a topic is known to be used.
func (r *Reporter) uses(k status.Key) bool {
	if w := r.own[k]; w != nil {
		return w.message.Value != nil
	}
	return slices.Contains(r.table.Topics(k.Connector), k.Topic)
}

func (r *Reporter) topics(connector string) []string {
	list := r.table.Topics(connector)
	for k := range r.own {
		if k.Kind == status.OfTopic && k.Connector == connector {
			list = append(list, k.Topic)
		}
	}
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(topic string) bool {
		return !r.uses(status.Key{Kind: status.OfTopic, Connector: connector, Topic: topic})
	})
}

func (r *Reporter) remove(k status.Key) { r.put(k, &row{message: r.config.Topic.Remove(k)}) }

// put queues a row in the place of an older one of its key.
func (r *Reporter) put(k status.Key, w *row) {
	old := r.own[k]
	if old == nil && !r.room() {
		r.refused++
		return
	}
	r.own[k] = w
	if old == nil || old.at != waiting {
		r.queue = append(r.queue, k)
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// room reports whether one more row fits. Rows that were sent make room: they are only held for reads.
func (r *Reporter) room() bool {
	if len(r.own) < maxRows {
		return true
	}
	for k, w := range r.own {
		if w.at == sent {
			delete(r.own, k)
		}
	}
	return len(r.own) < maxRows
}

// Read takes the next record of the topic, in the order of its partition: the apply callback of the table that tails it.
func (r *Reporter) Read(offset int64, m record.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.table.Apply(m.Key, m.Value); err != nil {
		r.config.Log.Warn("a record of the status topic was passed over", "topic", m.Topic, "offset", offset, "error", err)
		return
	}
	if k, err := status.ParseKey(m.Key); err == nil {
		r.settle(k, m)
	}
}

// settle ends the time of an own row when the record read says the same, or is someone's who came after it.
func (r *Reporter) settle(k status.Key, m record.Message) {
	w := r.own[k]
	switch {
	case w == nil:
	case w.at == waiting:
		if w.status != nil && !w.status.Replaces(r.read(k)) {
			r.drop(k)
		}
	case bytes.Equal(w.message.Value, m.Value) || !r.earlier(k, m):
		delete(r.own, k)
	}
}

// earlier reports whether a record that was just read is one that this worker wrote before the row it still waits for:
// without that, a report that was overtaken in the queue would be shown again for a moment. Compaction may have taken the
// awaited row, but then a later record of its key is in the topic, and that is not earlier.
func (r *Reporter) earlier(k status.Key, m record.Message) bool {
	if k.Kind == status.OfTopic {
		return false
	}
	s := r.read(k)
	return m.Value != nil && s != nil && s.WorkerID == r.config.WorkerID
}

// read is the status that was read from the topic, nil for none.
func (r *Reporter) read(k status.Key) *status.Status {
	if k.Kind == status.OfTask {
		return r.table.Task(k.Connector, k.Task)
	}
	return r.table.Connector(k.Connector)
}

// drop forgets a row that waits.
func (r *Reporter) drop(k status.Key) {
	delete(r.own, k)
	r.queue = slices.DeleteFunc(r.queue, func(q status.Key) bool { return q == k })
}

// cut bounds a trace, at the end of a character.
func cut(trace string) string {
	trace = strings.ToValidUTF8(trace, "\uFFFD")
	if len(trace) <= maxTrace {
		return trace
	}
	const mark = " … (cut)"
	end := maxTrace - len(mark)
	for !utf8.RuneStart(trace[end]) {
		end--
	}
	return trace[:end] + mark
}
