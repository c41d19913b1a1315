package requests

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headwater/headwater/internal/api/shape"
)

// connector is one connector that notes what it is told.
type connector struct {
	mu       sync.Mutex
	target   string
	stopping time.Duration // how long it takes to stop
	stopped  time.Time
	did      []string
	offsets  []shape.Offset
	fail     map[string]error // what fails, by what it is told
}

func (c *connector) do(what string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.did = append(c.did, what)
	return c.fail[what]
}

func (c *connector) Offsets(context.Context, string) ([]shape.Offset, error) {
	return c.offsets, c.do("list")
}

func (c *connector) Alter(context.Context, string, []shape.OffsetChange) error { return c.do("alter") }

func (c *connector) Reset(context.Context, string) error { return c.do("reset") }

func (c *connector) book() *Book {
	return NewBook(Config{
		Offsets: c, Alterer: c, Explain: func(err error) string { return err.Error() },
		Target: func(_ context.Context, _, state string) error {
			if err := c.do(state); err != nil {
				return err
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.target, c.stopped = state, time.Now().Add(c.stopping)
			return nil
		},
		State: func(string) (string, bool) {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.target, c.target == stopped && !time.Now().Before(c.stopped)
		},
	})
}

func TestARequestStopsChangesAndResumes(t *testing.T) {
	broken := errors.New("broken")
	before := []shape.Offset{{Partition: map[string]string{"url": "u"}, Offset: map[string]string{"offset": "1"}}}
	for name, c := range map[string]struct {
		target, kind string
		fail         map[string]error
		did          string
		phase        string
		message      string // part of it
		applied      bool
	}{
		"running":            {"STARTED", Patch, nil, "STOPPED list alter STARTED", Applied, "been altered successfully. However, if", true},
		"paused stays so":    {"PAUSED", Delete, nil, "STOPPED list reset PAUSED", Applied, "manually reset in the system", true},
		"stopped stays so":   {"STOPPED", Patch, nil, "list alter", Applied, "altered", true},
		"refused":            {"STARTED", Patch, map[string]error{"alter": broken}, "STOPPED list alter STARTED", Failed, "broken", false},
		"does not stop":      {"STARTED", Patch, map[string]error{"STOPPED": broken}, "STOPPED STARTED", Failed, "stop connector a: broken", false},
		"offsets not there":  {"STARTED", Patch, map[string]error{"list": broken}, "STOPPED list STARTED", Failed, "read the offsets of a: broken", false},
		"does not go on":     {"STARTED", Delete, map[string]error{"STARTED": broken}, "STOPPED list reset STARTED", Failed, "left STOPPED, resume it: broken", true},
		"nothing but stands": {"STOPPED", Delete, nil, "list reset", Applied, "reset", true},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := &connector{target: c.target, stopping: time.Second, offsets: before, fail: c.fail}
			b := v.book()
			if _, known := b.Status("a"); known {
				t.Errorf("%s: a status before the first request", name)
			}
			taken, err := b.Post("a", c.kind, nil)
			if err != nil || taken.Type != c.kind || taken.Offsets == nil || taken.Name != "a" || taken.ID != ID("a") {
				t.Errorf("%s: %+v, %v", name, taken, err)
			}
			if s, _ := b.Status("a"); c.target != stopped && (s.State.Phase != Pending || s.Applied != nil || s.Previous == nil) {
				t.Errorf("%s: at first %+v", name, s)
			}
			time.Sleep(time.Minute)
			s, _ := b.Status("a")
			if s.State.Phase != c.phase || !strings.Contains(s.State.Message, c.message) || (s.Applied != nil) != c.applied {
				t.Errorf("%s: %+v", name, s)
			}
			if did := strings.Join(v.did, " "); did != c.did {
				t.Errorf("%s: did %s, want %s", name, did, c.did)
			}
			if c.applied && (len(s.Previous) != 1 || !maps.Equal(s.Previous[0].Offset, before[0].Offset)) {
				t.Errorf("%s: previous offsets %v", name, s.Previous)
			}
		})
	}
}

// TestAConnectorThatDoesNotStop is waited for, but not for ever, and let go on.
func TestAConnectorThatDoesNotStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &connector{target: "STARTED", stopping: time.Hour}
		b := v.book()
		if _, err := b.Post("a", Delete, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Post("a", Delete, nil); !errors.Is(err, ErrPending) {
			t.Errorf("a second request: %v", err)
		}
		time.Sleep(applyLimit + time.Second)
		if s, _ := b.Status("a"); s.State.Phase != Failed || v.target != "STARTED" || slices.Contains(v.did, "reset") {
			t.Errorf("%+v, target %s, did %v", s, v.target, v.did)
		}
	})
}

func TestStopLetsConnectorsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &connector{target: "STARTED", stopping: time.Hour}
		b := v.book()
		if err := b.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := b.Post("a", Delete, nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := b.Stop(t.Context()); err != nil || v.target != "STARTED" {
			t.Errorf("%v, target %s", err, v.target)
		}
		v.stopping = 0
		if _, err := b.Post("a", Delete, nil); err != nil { // it may be used again
			t.Error(err)
		}
		time.Sleep(time.Second)
		if s, _ := b.Status("a"); s.State.Phase != Applied {
			t.Errorf("%+v", s)
		}
	})
}

func TestTheBookIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &connector{target: "STARTED", stopping: time.Hour}
		b := v.book()
		for i := range maxUnderWay {
			if _, err := b.Post(strings.Repeat("x", i+1), Delete, nil); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Post("one more", Delete, nil); !errors.Is(err, ErrBusy) {
			t.Errorf("one too many: %v", err)
		}
		if err := b.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		v.target, v.stopping, v.stopped = stopped, 0, time.Time{}
		for i := range maxKept + 1 {
			if _, err := b.Post(strings.Repeat("y", i+1), Delete, nil); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			time.Sleep(time.Millisecond)
		}
		if _, known := b.Status("x"); known || len(b.last) > maxKept {
			t.Errorf("%d are kept, the oldest too: %v", len(b.last), known)
		}
	})
}
