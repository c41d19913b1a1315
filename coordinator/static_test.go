package coordinator_test

import (
	"context"
	"errors"
	"testing"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
)

// topic is an assignments topic that two workers share: committed rows, and who holds the cluster's id.
type topic struct {
	rows   map[string][]byte
	holder *writer
}

func (t *topic) Sync(context.Context) error { return nil }

func (t *topic) Get(key []byte) ([]byte, bool) {
	v, ok := t.rows[string(key)]
	return v, ok
}

// writer commits while it holds the id; failing makes the next commit fail without an effect.
type writer struct {
	topic   *topic
	failing error
	claims  int
}

func (w *writer) Claim(context.Context) error {
	w.claims++
	w.topic.holder = w
	return nil
}

func (w *writer) Commit(_ context.Context, batches []record.Batch) error {
	if err := w.failing; err != nil {
		w.failing = nil
		return err
	}
	if w.topic.holder != w {
		return &fault.Error{Kind: fault.Fenced, Op: "commit", Err: errors.New("fenced")}
	}
	for _, b := range batches {
		for m := range b.Messages {
			w.topic.rows[string(m.Key)] = m.Value
		}
	}
	return nil
}

func (w *writer) Close() {}

func member(name string, t *topic) (*coordinator.Static, *writer) {
	w := &writer{topic: t}
	return coordinator.NewStatic(name, "assignments", t, w), w
}

func TestTheLaterWorkerTakesAll(t *testing.T) {
	ctx, shared := t.Context(), &topic{rows: map[string][]byte{}}
	a, _ := member("a", shared)
	must(t, a.Lead(ctx))
	must(t, a.Assign(ctx, "c/api1"))
	first, err := a.Take(ctx, "c/api1")
	must(t, err)

	b, _ := member("a", shared) // the same name: a restart beside its own zombie
	must(t, b.Lead(ctx))
	must(t, b.Assign(ctx, "c/api1"))
	second, err := b.Take(ctx, "c/api1")
	must(t, err)
	if second.Epoch != first.Epoch+1 {
		t.Errorf("epochs %d and %d", first.Epoch, second.Epoch)
	}
	if _, err := a.Take(ctx, "c/api1"); !lost(err) {
		t.Errorf("the zombie still has its lease: %v", err)
	}
	select {
	case <-a.Lost():
	default:
		t.Error("the zombie was not told to end")
	}
	if err := a.Write(ctx, []record.Message{{Key: []byte("connector-x"), Value: []byte("{}")}}); !lost(err) {
		t.Errorf("a deposed leader's write: %v", err)
	}
	if _, written := shared.rows["connector-x"]; written {
		t.Error("a deposed leader's write was accepted")
	}
	if _, err := b.Take(ctx, "c/api1"); err != nil {
		t.Errorf("the zombie's attempts cost the new holder its lease: %v", err)
	}
}

func TestAFailedWriteIsTriedAgain(t *testing.T) {
	ctx, shared := t.Context(), &topic{rows: map[string][]byte{}}
	a, w := member("a", shared)
	must(t, a.Lead(ctx))
	w.failing = &fault.Error{Kind: fault.Retriable, Op: "commit", Err: errors.New("INVALID_PRODUCER_ID_MAPPING")}
	must(t, a.Assign(ctx, "c/api1"))
	if _, err := a.Take(ctx, "c/api1"); err != nil {
		t.Error(err)
	}
	if w.claims != 2 {
		t.Errorf("%d claims, want 2: any commit error discards the client", w.claims)
	}
	w.failing = &fault.Error{Kind: fault.Fatal, Op: "commit", Err: errors.New("not authorised")}
	if err := a.Assign(ctx, "c/api2"); fault.KindOf(err) != fault.Fatal || err == nil {
		t.Errorf("a fatal error was tried again: %v", err)
	}
}

func TestACorruptRowIsNotTaken(t *testing.T) {
	ctx, shared := t.Context(), &topic{rows: map[string][]byte{}}
	a, _ := member("a", shared)
	must(t, a.Lead(ctx))
	shared.rows["c/api1"] = []byte{0xff}
	if err := a.Assign(ctx, "c/api1"); err == nil {
		t.Error("a row that cannot be read was overwritten")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lost(err error) bool {
	_, ok := errors.AsType[*coordinator.Lost](err)
	return ok
}
