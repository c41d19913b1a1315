package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/internal/api/wire"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker/hold"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var began = time.UnixMilli(1_700_000_000_000).UTC()

// crawler is a lane that commits what it is asked to into its items.
type crawler struct {
	at    hold.Status
	items *items.Lane
	last  *headwaterv1.Progress
}

func (c *crawler) Status() hold.Status         { return c.at }
func (c *crawler) Crawled(api int) hold.Status { return hold.Status{Records: int64(api)} }

func (c *crawler) Amend(_ context.Context, item func() (chaining.Queued, error), change func(chaining.Queued) (*headwaterv1.Progress, error)) error {
	it, err := item()
	if err != nil {
		return err
	}
	if c.last, err = change(it); err != nil {
		return err
	}
	return c.items.Commit(chaining.Crawled{Child: it.Child, ID: it.ID, Progress: c.last})
}

// item is one of a child API's items; n is the value of its only placeholder.
func item(child, n int) chaining.Item {
	return chaining.Item{Child: child, Values: []connector.Pair{{Name: "n", Value: fmt.Sprint(n)}}}
}

func marshal(m proto.Message) []byte {
	b, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return append([]byte{}, b...)
}

func announced(child, n int, emission, at int64) items.Entry {
	a := &headwaterv1.Announcement{
		Child: int32(child), Values: []*headwaterv1.Value{{Name: "n", Value: fmt.Sprint(n)}}, Emission: emission, Parent: 1,
		UnixMs: began.Add(time.Duration(at) * time.Second).UnixMilli(),
	}
	return items.Entry{Key: chaining.Key{Kind: chaining.Announced, Child: child, ID: item(child, n).ID()}, Value: marshal(a), At: at}
}

func progressed(child, n int, p *headwaterv1.Progress) items.Entry {
	p.Revision, p.UnixMs = max(p.GetRevision(), 1), began.UnixMilli()
	return items.Entry{Key: chaining.Key{Kind: chaining.Progressed, Child: child, ID: item(child, n).ID()}, Value: marshal(p)}
}

// sample is a lane with item 1 waiting, 2 idle, 3 failed, 4 ended, 5 active of API 2, and 6 set by a person of API 3.
func sample(t *testing.T) (Lane, *crawler) {
	t.Helper()
	store, err := items.Open(items.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	lane := store.Lane("orders/q3")
	offset := []byte(`{"offset":"4","seen":"x"}`)
	all := []items.Entry{announced(3, 6, 7, 6), progressed(3, 6, &headwaterv1.Progress{Offset: offset})}
	for n := range 5 {
		all = append(all, announced(2, n+1, 7, int64(n)))
	}
	for n, p := range map[int]*headwaterv1.Progress{
		2: {Serves: 7, State: headwaterv1.Progress_DONE, Offset: offset},
		3: {Serves: 7, State: headwaterv1.Progress_SET_ASIDE, NotBeforeUnixMs: began.Add(time.Hour).UnixMilli(), Attempt: 4, Trace: "503", Offset: offset},
		4: {Serves: 7, State: headwaterv1.Progress_ENDED, Trace: "404"},
		5: {Serves: 7, State: headwaterv1.Progress_OPEN, Offset: offset},
	} {
		all = append(all, progressed(2, n, p))
	}
	if _, err := lane.Apply(all); err != nil {
		t.Fatal(err)
	}
	c := &crawler{at: hold.Status{State: hold.Running, Waiting: "interval", Until: began}, items: lane}
	return Lane{N: 3, APIs: []int{2, 3}, Crawl: c, Items: lane}, c
}

func TestRow(t *testing.T) {
	l, c := sample(t)
	row, err := l.Row("w1", began)
	if err != nil || row.Lane != 3 || row.Worker != "w1" || row.State != "RUNNING" || row.Waiting != "interval" || !row.Until.Equal(began) || row.Lag != 2 {
		t.Errorf("%+v %v", row, err)
	}
	want := wire.QueueAPI{API: 2, Waiting: 1, Active: 1, Idle: 1, Failed: 1, Ended: 1, OldestWaiting: began}
	if got := row.APIs[0]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if !row.APIs[1].OldestWaiting.Equal(began.Add(6 * time.Second)) {
		t.Errorf("%+v", row.APIs[1])
	}
	c.at = hold.Status{}
	if row, err = l.Row("w1", began); err != nil || row.State != "UNASSIGNED" || row.Waiting != hold.WaitOffset || !row.Until.IsZero() || l.Ready() {
		t.Errorf("a lane that is being read: %+v %v", row, err)
	}
}

func TestNextDue(t *testing.T) {
	l, _ := sample(t)
	for n := range 5 {
		if n != 2 { // only the failed one is left
			id := item(2, n+1).ID()
			if _, err := l.Items.Apply([]items.Entry{{Key: chaining.Key{Kind: chaining.Announced, Child: 2, ID: id}}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if c, err := l.Count(2, began); err != nil || !c.NextDue.Equal(began.Add(time.Hour)) || !c.OldestWaiting.IsZero() || c.Failed != 1 || c.Waiting != 0 {
		t.Errorf("%+v %v", c, err)
	}
}

func TestList(t *testing.T) {
	l, _ := sample(t)
	for _, c := range []struct {
		q    wire.ItemQuery
		want string
	}{
		{wire.ItemQuery{Limit: 10}, "1 2 3 4 5 6"},
		{wire.ItemQuery{Limit: 10, API: 3}, "6"},
		{wire.ItemQuery{Limit: 10, API: 9}, ""},
		{wire.ItemQuery{Limit: 10, State: "failed"}, "3"},
		{wire.ItemQuery{Limit: 10, State: "waiting"}, "1 6"},
		{wire.ItemQuery{Limit: 10, Stored: true}, "2 3 5 6"},
	} {
		for limit := c.q.Limit; limit > 0; limit /= 3 { // the same, in pages
			q, got := c.q, map[string]bool{}
			q.Limit = limit
			for {
				page, err := l.List(q)
				if err != nil {
					t.Fatal(err)
				}
				for _, it := range page {
					got[it.Announcement.GetValues()[0].GetValue()] = true
					if q.After >= it.ID.String() {
						t.Errorf("%+v: %s comes behind %s", c.q, it.ID, q.After)
					}
					q.After = it.ID.String()
				}
				if len(page) < limit {
					break
				}
			}
			for n := range 7 {
				if name := fmt.Sprint(n); got[name] != strings.Contains(c.want, name) {
					t.Errorf("%+v by %d: got %v, want %s", c.q, limit, got, c.want)
				}
			}
		}
	}
}

func TestShape(t *testing.T) {
	l, _ := sample(t)
	it, ok, err := l.Find(item(2, 3).ID())
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	got := Shape(it, "w1")
	if got.State != "failed" || got.API != 2 || got.Values["n"] != "3" || got.Attempt != 4 || got.Trace != "503" || got.Parent != 1 ||
		!got.NotBefore.Equal(began.Add(time.Hour)) || !got.Emitted.Equal(began.Add(2*time.Second)) || !got.Crawled.Equal(began) || got.Worker != "w1" ||
		fmt.Sprint(got.Offset) != "map[offset:4]" {
		t.Errorf("%+v", got)
	}
	it, _, _ = l.Find(item(3, 6).ID())
	if got := Shape(it, ""); got.State != "waiting" || !got.Crawled.IsZero() || got.Offset["offset"] != "4" {
		t.Errorf("set by a person: %+v", got)
	}
	it.Progress.Trace = strings.Repeat("ä", maxTrace)
	if got := Shape(it, ""); len(got.Trace) > maxTrace+4 || !strings.HasSuffix(got.Trace, "ä ...") {
		t.Errorf("%d bytes of trace", len(got.Trace))
	}
	if _, ok, err := l.Find(item(2, 99).ID()); ok || err != nil {
		t.Error(ok, err)
	}
}

func TestAmend(t *testing.T) {
	const retry, skip = wire.ItemRetry, wire.ItemSkip
	for _, c := range []struct {
		n    int
		wish string
		then string // the state afterwards
		kind string // of the error
	}{
		{1, retry, "waiting", ""},
		{2, retry, "active", ""},
		{3, retry, "failed", ""},
		{4, retry, "active", ""},
		{5, retry, "active", ""},
		{6, retry, "waiting", ""},
		{1, skip, "idle", ""},
		{2, skip, "idle", "it is idle"},
		{3, skip, "idle", ""},
		{4, skip, "ended", "it is ended"},
		{5, skip, "active", "it is active"},
		{6, skip, "idle", ""},
		{99, retry, "", ErrUnknown.Error()},
	} {
		l, crawl := sample(t)
		child := 2
		if c.n == 6 {
			child = 3
		}
		id := item(child, c.n).ID()
		before, known, _ := l.Find(id)
		start := time.Now().UnixMilli()
		err := l.Amend(t.Context(), id, c.wish)
		if (err != nil) != (c.kind != "") || err != nil && !strings.Contains(err.Error(), c.kind) {
			t.Errorf("%s %d: %v", c.wish, c.n, err)
		}
		if err != nil && !errors.Is(err, ErrUnknown) && fault.KindOf(err) != fault.Permanent {
			t.Errorf("%s %d: %v is no fault of the client's", c.wish, c.n, err)
		}
		after, _, _ := l.Find(id)
		if state := items.StateOf(after).String(); known && state != c.then {
			t.Errorf("%s %d: %s, want %s", c.wish, c.n, state, c.then)
		}
		p := crawl.last
		if p == nil { // nothing was written
			continue
		}
		if p.GetRevision() != before.Progress.GetRevision()+1 || p.GetAttempt() != 0 || string(p.GetOffset()) != string(before.Progress.GetOffset()) {
			t.Errorf("%s %d: %v", c.wish, c.n, p)
		}
		if due := p.GetNotBeforeUnixMs(); c.wish == retry && due < start || c.wish == skip && due != 0 {
			t.Errorf("%s %d is due at %d", c.wish, c.n, due)
		}
		if c.wish == skip && p.GetServes() != 7 {
			t.Errorf("skipped item serves %d", p.GetServes())
		}
	}
}

func TestMetrics(t *testing.T) {
	l, c := sample(t)
	reg := prometheus.NewPedanticRegistry()
	NewMetrics(reg, func() map[string][]Lane { return map[string][]Lane{"orders": {l}} })
	got := gathered(t, reg)
	want := []string{
		"headwater_queue_items api=2 connector=orders state=active 1", "headwater_queue_items api=2 connector=orders state=ended 1",
		"headwater_queue_items api=2 connector=orders state=failed 1", "headwater_queue_items api=2 connector=orders state=idle 1",
		"headwater_queue_items api=2 connector=orders state=waiting 1", "headwater_queue_items api=3 connector=orders state=active 0",
		"headwater_queue_items api=3 connector=orders state=ended 0", "headwater_queue_items api=3 connector=orders state=failed 0",
		"headwater_queue_items api=3 connector=orders state=idle 0", "headwater_queue_items api=3 connector=orders state=waiting 1",
		"headwater_queue_lag connector=orders lane=3 2",
	}
	if len(got) != len(want)+2 || !slices.Equal(got[:len(want)], want) || !strings.HasPrefix(got[len(want)], "headwater_queue_oldest_waiting_seconds api=2") {
		t.Errorf("%q", got)
	}
	c.at.State = hold.Unassigned // it goes to another worker, which counts it
	if got := gathered(t, reg); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func gathered(t *testing.T, reg *prometheus.Registry) (out []string) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			line := f.GetName()
			for _, l := range m.GetLabel() {
				line += " " + l.GetName() + "=" + l.GetValue()
			}
			out = append(out, fmt.Sprintf("%s %v", line, m.GetGauge().GetValue()))
		}
	}
	return out
}
