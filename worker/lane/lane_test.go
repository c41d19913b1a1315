package lane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker/pipeline"
	"github.com/headwater/headwater/worker/pipeline/convert"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// house is a lane on virtual time over the work queue of one child API, /users/${id}/places, with two places a page. Its
// doors are functions, and its items a map; what package items does is proven there.
type house struct {
	*Lane
	guard    sync.Mutex // of what follows, as far as the lane and the test both use it
	child    *Child
	places   map[string]int        // how many a user has
	fails    func(id string) error // instead of an answer
	requests []string              // "17@2": user 17 from offset 2
	times    []time.Duration       // when each was sent
	records  []string              // committed
	errors   int                   // error records committed
	commit   func(n int) error
	commits  int
	claims   int
	held     error
	stored   map[chaining.ID]chaining.Queued
	order    []chaining.ID
	stopped  []string
	began    time.Time
}

func newHouse(t testing.TB, change ...string) *house {
	t.Helper()
	properties := map[string]string{
		"name": "c", "connector.class": "HttpSourceV2", "output.data.format": "JSON", "http.api.base.url": "http://api.test", "apis.num": "2",
		"api.chaining.parent.child.relationship": "api1::api2", "behavior.on.error": "IGNORE",
		"api1.http.api.path": "/users", "api1.topics": "users", "api1.http.initial.offset": "0", "api1.http.request.parameters": "start=${offset}",
		"api2.http.api.path": "/users/${id}/places", "api2.topics": "places", "api2.http.initial.offset": "0",
		"api2.http.request.parameters": "start=${offset}&limit=2", "api2.request.interval.ms": "1000", "api2.max.retries": "1", "api2.retry.backoff.ms": "5000",
	}
	for i := 0; i < len(change); i += 2 {
		properties[change[i]] = change[i+1]
	}
	c, _, err := connector.Parse(properties)
	if err != nil {
		t.Fatal(err)
	}
	api := c.APIs[1]
	m, err := poll.New(c.BaseURL, api)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{places: map[string]int{}, stored: map[chaining.ID]chaining.Queued{}, began: time.Now()}
	h.child = &Child{API: api, Fetcher: h, Pipeline: &pipeline.Pipeline{
		Config: c, API: api, Machine: m, Converter: convert.JSON{}, Limit: 1 << 20, ErrorLimit: 1 << 20,
	}}
	h.Lane = &Lane{
		Task: "c/q0", Topic: "queue", Children: []*Child{h.child}, Committer: h, Lease: h, Log: slog.New(slog.DiscardHandler),
		Synced: func(context.Context) error { return nil }, Failed: func(api int, err error) { h.stopped = append(h.stopped, fmt.Sprint(api)) },
	}
	h.Items = items{h}
	return h
}

// announce is a parent's word, of an emission.
func (h *house) announce(emission int64, ids ...string) {
	h.guard.Lock()
	for _, id := range ids {
		a := &headwaterv1.Announcement{Child: 2, Emission: emission, Values: []*headwaterv1.Value{{Name: "id", Value: id}}}
		item := chaining.ItemOf(a).ID()
		at := h.stored[item]
		if at.Announcement == nil {
			h.order = append(h.order, item)
		}
		h.stored[item] = chaining.Queued{Child: 2, ID: item, Announcement: a, Progress: at.Progress}
	}
	h.guard.Unlock()
	h.Wake()
}

func (h *house) at(id string) chaining.Queued {
	h.guard.Lock()
	defer h.guard.Unlock()
	return h.stored[chaining.Item{Child: 2, Values: []connector.Pair{{Name: "id", Value: id}}}.ID()]
}

// Next implements Items: waiting ones in order, then the longest due.
func (h *house) Next(_ int, now time.Time, busy func(chaining.ID) bool) (best chaining.Queued, ok bool, next time.Time, err error) {
	h.guard.Lock()
	defer h.guard.Unlock()
	var least int64
	for _, id := range h.order {
		q := h.stored[id]
		p := q.Progress
		if busy(id) {
			continue
		}
		if p.GetServes() != q.Announcement.GetEmission() {
			return q, true, next, nil
		}
		due := p.GetNotBeforeUnixMs()
		if p.GetState() == headwaterv1.Progress_OPEN {
			due = p.GetUnixMs()
		} else if due == 0 || p.GetState() == headwaterv1.Progress_ENDED {
			continue
		}
		if at := time.UnixMilli(due); at.After(now) {
			if next.IsZero() || at.Before(next) {
				next = at
			}
		} else if !ok || due < least {
			best, ok, least = q, true, due
		}
	}
	return best, ok, next, nil
}

func (h *house) Commit(ctx context.Context, batches []record.Batch) error {
	h.commits++
	if h.commit != nil {
		if err := h.commit(h.commits); err != nil {
			return err
		}
	}
	for _, b := range batches {
		for m, err := range b.Messages {
			if err != nil {
				return err
			}
			if m.Topic == "places" {
				h.records = append(h.records, string(m.Value))
			} else {
				h.errors++
			}
		}
		if key, err := chaining.ParseKey(b.Offset.Key); err != nil || b.Offset.Partition != key.ID.Lane()+1 || key.Kind != chaining.Progressed {
			return fmt.Errorf("progress under the key %q in partition %d", b.Offset.Key, b.Offset.Partition)
		}
	}
	return nil
}

// items is house's other Commit, that of Items.
type items struct{ *house }

func (h items) Commit(all ...chaining.Crawled) error {
	h.guard.Lock()
	defer h.guard.Unlock()
	for _, c := range all {
		q := h.stored[c.ID]
		if c.Progress.GetRevision() != q.Progress.GetRevision()+1 {
			return fmt.Errorf("revision %d follows %d", c.Progress.GetRevision(), q.Progress.GetRevision())
		}
		q.Progress = proto.CloneOf(c.Progress)
		h.stored[c.ID] = q
	}
	return nil
}

func (h *house) Claim(context.Context) error { h.claims++; return nil }
func (h *house) Close()                      {}
func (h *house) Check(context.Context) error { return h.held }

func (h *house) Try(_ context.Context, r poll.Request, done int) (poll.Response, error) {
	rest, query, _ := strings.Cut(strings.TrimPrefix(r.URL, "http://api.test/users/"), "/places?start=")
	start, _, _ := strings.Cut(query, "&")
	h.guard.Lock()
	h.requests = append(h.requests, rest+"@"+start)
	h.times = append(h.times, time.Since(h.began))
	fails, places := h.fails, h.places[rest]
	h.guard.Unlock()
	if fails != nil {
		if err := fails(rest); err != nil {
			return poll.Response{}, err
		}
	}
	var from int
	_, _ = fmt.Sscan(start, &from)
	list := record.Memory{}
	for n := from; n < min(from+2, places); n++ {
		list = append(list, fmt.Appendf(nil, `{"user":%s,"n":%d}`, rest, n))
	}
	return poll.Response{Status: 200, Reason: "OK", Records: list, DataFound: true}, nil
}

// during runs the lane for so long, while do is done.
func (h *house) during(t *testing.T, d time.Duration, do func()) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	synctest.Wait()
	do()
	time.Sleep(d)
	synctest.Wait()
	cancel()
	return <-ended
}

func (h *house) wants(t *testing.T, requests string) {
	t.Helper()
	if got := strings.Join(h.requests, " "); got != requests {
		t.Errorf("asked for %s\nwant      %s", got, requests)
	}
}

func nothing() {}

// while the lane runs, its world is changed under its locks.
func (h *house) while(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.guard.Lock()
	defer h.guard.Unlock()
	change()
}

// TestTheWorkedExample: pages of several items in turn, new ones first; each is asked until it has no more.
func TestTheWorkedExample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.places = map[string]int{"17": 3, "18": 0}
		h.announce(1, "17", "18")
		if err := h.during(t, time.Minute, nothing); err != nil {
			t.Fatal(err)
		}
		h.wants(t, "17@0 18@0 17@2 17@3")
		if fmt.Sprint(h.times) != "[0s 1s 2s 3s]" || len(h.records) != 3 {
			t.Errorf("at %v, %v", h.times, h.records)
		}
		if p := h.at("17").Progress; p.GetState() != headwaterv1.Progress_DONE || string(p.GetOffset()) != `{"next":"3","offset":"2"}` {
			t.Errorf("%v", p)
		}
	})
}

// TestEmittedAgain: an item goes on from its own offset when its parent comes again, and not by itself.
func TestEmittedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.places["17"] = 1
		h.announce(1, "17")
		_ = h.during(t, 2*time.Hour, func() {
			time.Sleep(time.Hour)
			h.while(func() { h.places["17"] = 2 })
			time.Sleep(time.Hour)
			h.announce(2, "17")
		})
		h.wants(t, "17@0 17@1 17@1 17@2")
	})
}

// TestContinuous: a done item is asked again after chaining.repoll.interval.ms.
func TestContinuous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, "api2.chaining.poll.mode", "CONTINUOUS", "api2.chaining.repoll.interval.ms", "60000")
		h.announce(1, "17")
		_ = h.during(t, 150*time.Second, nothing)
		h.wants(t, "17@0 17@0 17@0")
		if fmt.Sprint(h.times) != "[0s 1m0s 2m0s]" {
			t.Errorf("at %v", h.times)
		}
	})
}

func again(wait time.Duration, status int) error {
	return &fault.Error{Kind: fault.Retriable, Op: "GET", Err: errors.New("failed"), RetryAfter: wait, Report: &fault.Report{Status: &status}}
}

func spent(status int) error {
	return &fault.Error{Kind: fault.Permanent, Op: "GET", Err: errors.New("failed"), Report: &fault.Report{Status: &status}}
}

// TestAnItemThatWaitsHoldsBackNoOther: its retries come when they are due, those of the others in between.
func TestAnItemThatWaitsHoldsBackNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		n := 0
		h.fails = func(id string) error {
			if n++; id == "17" && n < 4 {
				return again(5*time.Second, 503)
			}
			return nil
		}
		h.announce(1, "17", "18", "19")
		_ = h.during(t, time.Minute, nothing)
		h.wants(t, "17@0 18@0 19@0 17@0")
		if h.times[2] != 2*time.Second || h.times[3] != 5*time.Second || h.errors != 0 {
			t.Errorf("at %v, %d error records", h.times, h.errors)
		}
	})
}

// TestSetAside: an item whose retries are spent is reported and tried again with growing waits; what it missed comes then.
func TestSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.places["17"] = 1
		h.fails = func(string) error {
			if len(h.requests) <= 3 {
				return spent(500)
			}
			return nil
		}
		h.announce(1, "17")
		_ = h.during(t, time.Hour, nothing)
		h.wants(t, "17@0 17@0 17@0 17@0 17@1")
		if fmt.Sprint(h.times) != "[0s 1m0s 2m0s 4m0s 4m1s]" || h.errors != 3 || len(h.records) != 1 {
			t.Errorf("at %v, %d error records, %v", h.times, h.errors, h.records)
		}
		if p := h.at("17").Progress; p.GetAttempt() != 0 || p.GetTrace() != "" {
			t.Errorf("%v", p)
		}
	})
}

// TestFailStopsTheChildOnThisLane and says so; the item stays, and comes first when the lane is started again.
func TestFailStopsTheChildOnThisLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, "behavior.on.error", "FAIL")
		h.fails = func(id string) error {
			if id == "17" {
				return spent(500)
			}
			return nil
		}
		h.announce(1, "17", "18")
		_ = h.during(t, time.Hour, nothing)
		if h.requests[0] != "17@0" || len(h.requests) > 2 || fmt.Sprint(h.stopped) != "[2]" || h.errors != 1 {
			t.Errorf("%v, stopped %v, %d error records", h.requests, h.stopped, h.errors)
		}
		h.requests, h.fails, h.child.stopped = nil, nil, false
		_ = h.during(t, time.Minute, nothing)
		if !slices.Contains(h.requests, "17@0") || h.at("17").Progress.GetState() != headwaterv1.Progress_DONE {
			t.Errorf("%v, %v", h.requests, h.at("17").Progress)
		}
	})
}

// TestGone: a status that is configured to end an item ends it, without an error record, until its parent comes again.
func TestGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, "api2.chaining.end.on.status.codes", "404,410", "behavior.on.error", "FAIL")
		h.fails = func(string) error { return spent(404) }
		h.announce(1, "17")
		_ = h.during(t, time.Hour, func() {
			time.Sleep(time.Minute)
			if p := h.at("17").Progress; p.GetState() != headwaterv1.Progress_ENDED || h.errors != 0 || h.stopped != nil {
				t.Errorf("%v, %d error records, stopped %v", p, h.errors, h.stopped)
			}
			h.while(func() { h.fails = nil })
			h.announce(2, "17")
		})
		h.wants(t, "17@0 17@0")
	})
}

// TestAFailedCommit: what was fetched is dropped with the claim, and the same is asked again (R11, R12).
func TestAFailedCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.places["17"] = 3
		h.commit = func(n int) error {
			if n == 2 {
				return &fault.Error{Kind: fault.Retriable, Op: "commit", Err: errors.New("away")}
			}
			return nil
		}
		h.announce(1, "17")
		_ = h.during(t, time.Minute, nothing)
		h.wants(t, "17@0 17@2 17@2 17@3")
		if h.claims != 2 || len(h.records) != 3 {
			t.Errorf("%d claims, %v", h.claims, h.records)
		}
	})
}

// TestALaneThatIsAnothers ends for good when it is fenced and the group gives it to another worker.
func TestALaneThatIsAnothers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.commit = func(int) error {
			h.held = &coordinator.Lost{What: "lane"}
			return &fault.Error{Kind: fault.Fenced, Op: "commit", Err: errors.New("fenced")}
		}
		h.announce(1, "17")
		if err := h.during(t, time.Hour, nothing); err != nil {
			t.Fatal(err)
		}
		if len(h.requests) != 1 || h.claims != 1 {
			t.Errorf("%v, %d claims", h.requests, h.claims)
		}
	})
}

// TestAnIdleLaneGivesUpItsClaim, and takes it again when something is announced.
func TestAnIdleLaneGivesUpItsClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		_ = h.during(t, time.Minute, func() {
			time.Sleep(time.Hour)
			h.announce(1, "17")
		})
		if h.wants(t, "17@0"); h.claims != 2 {
			t.Errorf("%d claims", h.claims)
		}
	})
}

// TestItemsInFlight: so many requests at a time, and never two for one item.
func TestItemsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, "api2.chaining.items.in.flight", "3", "api2.request.interval.ms", "100")
		h.fails = func(string) error { time.Sleep(time.Second); return nil }
		h.announce(1, "1", "2", "3", "4")
		_ = h.during(t, time.Minute, nothing)
		if fmt.Sprint(h.times) != "[0s 100ms 200ms 1s]" {
			t.Errorf("asked at %v", h.times)
		}
	})
}

// TestValuesThatHaveNoPlace: an item that can make no request is reported and set aside, and the others go on.
func TestValuesThatHaveNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.announce(1, "../x", "18")
		_ = h.during(t, 30*time.Second, nothing)
		h.wants(t, "18@0")
		if p := h.at("../x").Progress; h.errors != 1 || p.GetState() != headwaterv1.Progress_SET_ASIDE || p.Offset != nil {
			t.Errorf("%d error records, %v", h.errors, p)
		}
	})
}

// TestOtherPlaceholders: an item of an earlier configuration ends without a request and without an error record.
func TestOtherPlaceholders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, "behavior.on.error", "FAIL")
		a := &headwaterv1.Announcement{Child: 2, Emission: 1, Values: []*headwaterv1.Value{{Name: "key", Value: "17"}}}
		id := chaining.ItemOf(a).ID()
		h.order, h.stored[id] = append(h.order, id), chaining.Queued{Child: 2, ID: id, Announcement: a}
		_ = h.during(t, time.Minute, nothing)
		p := h.stored[id].Progress
		if p.GetState() != headwaterv1.Progress_ENDED || p.GetTrace() != "it was announced for other placeholders than api2 has now: id" || h.errors != 0 || h.requests != nil {
			t.Errorf("%v, %d error records, %v", p, h.errors, h.requests)
		}
	})
}

// TestAFailureKeepsTheOffset of the pages before.
func TestAFailureKeepsTheOffset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.places["17"] = 3
		h.fails = func(string) error {
			if len(h.requests) == 2 {
				return again(time.Second, 503)
			}
			return nil
		}
		h.announce(1, "17")
		_ = h.during(t, time.Minute, nothing)
		h.wants(t, "17@0 17@2 17@2 17@3")
	})
}

// TestAmend: a person's wish goes through the lane, between two pages.
func TestAmend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.announce(1, "17")
		item := func() (chaining.Queued, error) { return h.at("17"), nil }
		skip := func(q chaining.Queued) (*Progress, error) {
			return chaining.After(q.Progress, q.Announcement.GetEmission(), chaining.Outcome{Done: true}, time.Now()), nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := h.Amend(ctx, item, skip); fault.KindOf(err) != fault.Retriable {
			t.Errorf("a lane without a claim: %v", err)
		}
		_ = h.during(t, time.Minute, func() {
			time.Sleep(time.Minute)
			h.while(func() { h.child.stopped = true })
			h.announce(2, "17")
			if err := h.Amend(t.Context(), item, skip); err != nil {
				t.Error(err)
			}
		})
		if p := h.at("17").Progress; p.GetServes() != 2 || p.GetState() != headwaterv1.Progress_DONE {
			t.Errorf("%v", p)
		}
		h.wants(t, "17@0")
	})
}
