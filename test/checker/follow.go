package checker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// follow reads until ctx ends.
func (w *Watch) follow(ctx context.Context) {
	for ctx.Err() == nil {
		fetches := w.client.PollFetches(ctx)
		if fetches.IsClientClosed() {
			return
		}
		w.mu.Lock()
		fetches.EachRecord(w.take)
		w.mu.Unlock()
	}
}

// take files one record under its API.
func (w *Watch) take(r *kgo.Record) {
	if w.read[r.Topic] == nil {
		w.read[r.Topic] = map[int32]int64{}
	}
	w.read[r.Topic][r.Partition] = r.Offset + 1
	from := session{r.ProducerID, r.ProducerEpoch}
	switch {
	case r.Attrs.IsControl():
		w.markers++
	case r.Topic == w.plan.Offsets:
		w.takeOffset(r, from)
	default:
		w.takeRecord(r, from)
	}
}

func (w *Watch) takeRecord(r *kgo.Record, from session) {
	where := fmt.Sprintf("%s[%d]@%d", r.Topic, r.Partition, r.Offset)
	var id struct{ API, Seq *int }
	if err := json.Unmarshal(r.Value, &id); err != nil || id.API == nil || id.Seq == nil {
		w.stray(Phantom, 0, "%s is no record of an API: %.80s", where, r.Value)
		return
	}
	s := w.seen[*id.API]
	if s == nil {
		w.stray(Phantom, *id.API, "%s: the API is unknown", where)
		return
	}
	if s.api.Topic != r.Topic {
		w.stray(Misrouted, *id.API, "record %d is at %s instead of in %s", *id.Seq, where, s.api.Topic)
	}
	if want := s.api.Payload(*id.Seq); want == nil {
		w.stray(Phantom, *id.API, "record %d at %s was never served", *id.Seq, where)
	} else if !bytes.Equal(want, r.Value) {
		w.stray(Phantom, *id.API, "record %d at %s is %.80s, served was %.80s", *id.Seq, where, r.Value, want)
	}
	s.ids[*id.Seq]++
	s.records = append(s.records, visible{session: from, seq: *id.Seq, place: log{r.Topic, r.Partition}})
}

// takeOffset files a source offset. Keys of other connectors are none of ours; a tombstone begins the stream anew, which
// nobody does in these runs, so it is not understood.
func (w *Watch) takeOffset(r *kgo.Record, from session) {
	var key []json.RawMessage
	var name string
	var part struct{ URL string }
	if json.Unmarshal(r.Key, &key) != nil || len(key) != 2 || json.Unmarshal(key[0], &name) != nil ||
		json.Unmarshal(key[1], &part) != nil {
		w.stray(BadOffset, 0, "%s[%d]@%d has the key %.80s", r.Topic, r.Partition, r.Offset, r.Key)
		return
	}
	if name != w.plan.Connector {
		return
	}
	for _, s := range w.seen {
		if s.api.URL == part.URL {
			o := stored{session: from}
			o.err = json.Unmarshal(r.Value, &o.fields)
			if o.err == nil && o.fields == nil {
				o.err = fmt.Errorf("a tombstone")
			}
			s.offsets = append(s.offsets, o)
			return
		}
	}
	w.stray(BadOffset, 0, "%s[%d]@%d: no API has the source partition %s", r.Topic, r.Partition, r.Offset, r.Key)
}

// Settle waits until every transaction on the watched topics has ended and everything has been read. Its error, when ctx
// ends first, says what it waited for.
func (w *Watch) Settle(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for waits := "nothing was asked yet"; ; {
		now := w.unsettled(ctx)
		if now == "" {
			return nil
		}
		if ctx.Err() == nil { // else it only says that time was up
			waits = now
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("checker: not settled: %s: %w", waits, context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// unsettled says what is still to come, or nothing.
func (w *Watch) unsettled(ctx context.Context) string {
	w.mu.Lock()
	topics := map[string]bool{w.plan.Offsets: true}
	for _, s := range w.seen {
		topics[s.api.Topic] = true
	}
	w.mu.Unlock()
	var names []string
	for t := range maps.Keys(topics) {
		names = append(names, t)
	}
	high, err := w.admin.ListEndOffsets(ctx, names...)
	if err == nil {
		err = high.Error()
	}
	if err != nil {
		return err.Error()
	}
	stable, err := w.admin.ListCommittedOffsets(ctx, names...)
	if err == nil {
		err = stable.Error()
	}
	if err != nil {
		return err.Error()
	}
	waits := ""
	high.Each(func(h kadm.ListedOffset) {
		if l, _ := stable.Lookup(h.Topic, h.Partition); l.Offset < h.Offset {
			waits = fmt.Sprintf("%s[%d]: last stable offset %d, high watermark %d", h.Topic, h.Partition, l.Offset, h.Offset)
			return
		}
		w.mu.Lock()
		at := w.read[h.Topic][h.Partition]
		w.mu.Unlock()
		if at < h.Offset {
			waits = fmt.Sprintf("%s[%d]: read to %d of %d", h.Topic, h.Partition, at, h.Offset)
		}
	})
	return waits
}

// observe looks for open transactions until ctx ends and remembers the longest.
func (w *Watch) observe(ctx context.Context) {
	interval := w.plan.Interval
	if interval == 0 {
		interval = 100 * time.Millisecond
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			w.lookOpen(ctx)
		}
	}
}

func (w *Watch) lookOpen(ctx context.Context) {
	list, err := w.admin.ListTransactions(ctx, nil, []string{"Ongoing"})
	if err != nil || len(list) == 0 {
		return // a broker that is down shows in everything else
	}
	var ids []string
	for id := range list {
		ids = append(ids, id)
	}
	all, _ := w.admin.DescribeTransactions(ctx, ids...)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range all {
		if t.Err != nil || t.State != "Ongoing" || t.StartTimestamp <= 0 {
			continue
		}
		if open := time.Since(time.UnixMilli(t.StartTimestamp)); open > w.longest {
			w.longest, w.opened = open, t.TxnID
		}
	}
}
