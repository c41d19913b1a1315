package reporter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/headwater/headwater/coordinator/status"
	"github.com/headwater/headwater/internal/record"
)

const (
	// batch bounds the rows of one Send.
	batch = 500
	// sendTimeout bounds one Send, flushTimeout all of a Flush.
	sendTimeout, flushTimeout = 30 * time.Second, 10 * time.Second
	// After a failure the next try waits firstWait, then twice as long each time, at the most lastWait.
	firstWait, lastWait = 100 * time.Millisecond, 30 * time.Second
)

// Run sends what is reported until ctx is over, and returns nil then: a topic that cannot be written is logged and tried
// again for ever. What still waits at the end is Flush's.
func (r *Reporter) Run(ctx context.Context) error {
	wait := firstWait
	for {
		select {
		case <-r.wake:
		case <-ctx.Done():
			return nil
		}
		for r.more() {
			err := r.sendBatch(ctx)
			if ctx.Err() != nil {
				return nil
			}
			if err == nil {
				wait = firstWait
				continue
			}
			r.config.Log.Warn("statuses could not be written", "topic", string(r.config.Topic), "again_in", wait, "error", err)
			if !sleep(ctx, wait) {
				return nil
			}
			wait = min(2*wait, lastWait)
		}
	}
}

// Flush sends what waits, for at most 10 s and no longer than ctx; it may be called while Run runs and after. The error
// says how many reports were not written: they are lost with the process.
func (r *Reporter) Flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	var last error
	for wait := firstWait; r.more(); {
		if last = r.sendBatch(ctx); last == nil {
			continue
		}
		if !sleep(ctx, wait) {
			return fmt.Errorf("write the last %d statuses to %s: %w", r.waiting(), r.config.Topic, errors.Join(ctx.Err(), last))
		}
		wait = min(2*wait, lastWait)
	}
	return nil
}

func (r *Reporter) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queue)
}

func (r *Reporter) more() bool { return r.waiting() > 0 }

// sendBatch sends the oldest rows once, when it is its turn.
func (r *Reporter) sendBatch(ctx context.Context) error {
	select {
	case <-r.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { r.turn <- struct{}{} }()
	keys, rows, refused := r.take()
	if refused > 0 {
		r.config.Log.Warn("statuses were refused because too many wait", "topic", string(r.config.Topic), "refused", refused, "limit", maxRows)
	}
	if len(rows) == 0 {
		return nil
	}
	messages := make([]record.Message, len(rows))
	for i, w := range rows {
		messages[i] = w.message
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := r.config.Send(ctx, messages)
	r.sent(keys, rows, err)
	return err
}

// take takes the oldest rows out of the queue.
func (r *Reporter) take() (keys []status.Key, rows []*row, refused int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.queue), batch)
	keys = append(keys, r.queue[:n]...)
	r.queue = append([]status.Key(nil), r.queue[n:]...)
	for _, k := range keys {
		w := r.own[k]
		w.at = sending
		rows = append(rows, w)
	}
	refused, r.refused = r.refused, 0
	return keys, rows, refused
}

// sent marks what was sent; what was not goes back to the head of the queue, where nothing newer has taken its place.
func (r *Reporter) sent(keys []status.Key, rows []*row, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var back []status.Key
	for i, k := range keys {
		switch {
		case r.own[k] != rows[i]: // read back already, or overtaken
		case err == nil:
			rows[i].at = sent
		case rows[i].status != nil && !rows[i].status.Replaces(r.read(k)):
			delete(r.own, k)
		default:
			rows[i].at = waiting
			back = append(back, k)
		}
	}
	r.queue = append(back, r.queue...)
}

// sleep reports whether the time passed before ctx was over.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
