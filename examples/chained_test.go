package examples_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/examples/sampleapi"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/offsets"
	"github.com/headwater/headwater/worker/pipeline/poll"
)

// tree walks a chained connector over an API: what each API emits, by number and id.
type tree struct {
	*testing.T
	config connector.Config
	api    http.Handler
	ids    map[int]map[string]int
	items  map[chaining.ID]bool
}

// The demo's chained connector over the demo's API, without a broker: every record of every level once.
func TestTimezonesChainedOnceEach(t *testing.T) {
	data, err := sampleapi.Load()
	if err != nil {
		t.Fatal(err)
	}
	w := &tree{t, parse(t, "timezones-chained.json"), sampleapi.New(data, sampleapi.Everything()), map[int]map[string]int{}, map[chaining.ID]bool{}}
	w.crawl(1, nil)
	for n, want := range map[int]int{1: len(data.Regions), 2: len(data.Zones), 3: len(data.Transitions)} {
		for id, times := range w.ids[n] {
			if times > 1 {
				t.Errorf("api%d: %s came %d times", n, id, times)
			}
		}
		if len(w.ids[n]) != want {
			t.Errorf("api%d: %d distinct ids, want %d", n, len(w.ids[n]), want)
		}
	}
	if want := len(data.Regions) + len(data.Zones); len(w.items) != want {
		t.Errorf("%d work items, want %d", len(w.items), want)
	}
}

// crawl asks an API, for one parent record, until it has no more, and then its children for what it emitted. Before every
// second request it starts again from what is stored.
func (w *tree) crawl(n int, values map[string]string) {
	m, plan := machine(w.T, w.config.BaseURL, w.config.APIs[n-1]), w.planner(n)
	var stored *offsets.Offset
	var s poll.State
	for asked, ended := 0, 0; ended < 2; asked++ {
		var err error
		if asked%2 == 0 {
			if s, err = m.StartItem(stored, values); err != nil {
				w.Fatal(err)
			}
		}
		step := ask(w.T, m, s, w.api, func(raw []byte) { w.emitted(n, plan, raw) })
		if s = step.Next; step.Moved {
			stored = wire(w.T, s.Offset())
		}
		if step.Reason != "" {
			ended++
		}
	}
}

func (w *tree) planner(n int) *chaining.Planner {
	p, err := chaining.NewPlanner(w.config, n, func(child int, values map[string]string) error {
		_, err := machine(w.T, w.config.BaseURL, w.config.APIs[child-1]).StartItem(nil, values)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// emitted counts a record and asks for its children.
func (w *tree) emitted(n int, plan *chaining.Planner, raw []byte) {
	if w.ids[n] == nil {
		w.ids[n] = map[string]int{}
	}
	w.ids[n][id(w.T, raw)]++
	if plan == nil {
		return
	}
	items, err := plan.Plan(raw, time.Now())
	if err != nil {
		w.Fatal(err)
	}
	for _, a := range items {
		w.items[chaining.ItemOf(a).ID()] = true
		values := map[string]string{}
		for _, v := range a.GetValues() {
			values[v.GetName()] = v.GetValue()
		}
		w.crawl(int(a.GetChild()), values)
	}
}
