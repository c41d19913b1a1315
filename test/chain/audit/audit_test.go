package audit

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/headwater/headwater/chaining"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/test/chain/tree"
)

// TestJudge: what is in order passes, and each thing that can be wrong is found under its own name. The queue's records are
// the product's, so that what is read field by field is what it writes.
func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Watch)
		want  func(Report) int
	}{
		"lost":     {func(w *Watch) { delete(w.records, "branch/b0.0") }, func(r Report) int { return r.Lost }},
		"doubled":  {func(w *Watch) { w.record(leaf("l0.0.0")) }, func(r Report) int { return r.Doubled }},
		"wrong":    {func(w *Watch) { w.records["branch/b0.0"].value = []byte("x") }, func(r Report) int { return r.Wrong }},
		"invented": {func(w *Watch) { w.record(leaf("l9.9.9")) }, func(r Report) int { return r.Wrong }},
		"orphaned": {func(w *Watch) { queued(t, w, 2, "r0", 2, 0) }, func(r Report) int { return r.Orphaned }},
		"open": {func(w *Watch) {
			progress(t, w, 2, "r0", &headwaterv1.Progress{State: headwaterv1.Progress_OPEN, Serves: 1, Revision: 9})
		}, func(r Report) int { return r.Orphaned }},
		"back": {func(w *Watch) {
			progress(t, w, 2, "r0", &headwaterv1.Progress{State: headwaterv1.Progress_DONE, Serves: 1, Revision: 1})
		}, func(r Report) int { return r.Back }},
		"error":      {func(w *Watch) { w.take(&kgo.Record{Topic: "errors"}) }, func(r Report) int { return r.Errors }},
		"stray item": {func(w *Watch) { queued(t, w, 2, "r7", 1, 1) }, func(r Report) int { return r.Odd }},
		"fine":       {func(*Watch) {}, func(r Report) int { return btoi(r.OK()) }},
	} {
		w, all, lists := good(t)
		c.spoil(w)
		r := w.Judge(all, lists)
		if c.want(r) != 1 || name != "fine" && r.OK() {
			t.Errorf("%s: %s %v", name, r.Line(), r.Findings)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// good is a watch that has read everything of a tree of one leaf.
func good(t *testing.T) (w *Watch, all map[string][]byte, lists []string) {
	s := tree.New(tree.Config{Shape: [][]int{{1}}})
	w = &Watch{plan: Plan{Queue: "queue", Errors: "errors"}, position: map[place]int64{}, records: map[string]*seen{}, queue: newQueue()}
	all = s.All()
	for _, value := range all {
		w.record(&kgo.Record{Value: value})
	}
	queued(t, w, 2, "r0", 1, 1)
	queued(t, w, 3, "b0.0", 1, 1)
	return w, all, s.Lists()
}

func leaf(id string) *kgo.Record {
	return &kgo.Record{Value: []byte(`{"level":"leaf","id":"` + id + `"}`)}
}

// queued announces an item and, when serves is not 0, says that it is done.
func queued(t *testing.T, w *Watch, child int32, id string, emission, serves int64) {
	t.Helper()
	m := chaining.AnnouncementMessage("queue", &headwaterv1.Announcement{
		Child: child, Emission: emission, Values: []*headwaterv1.Value{{Name: "id", Value: id}},
	})
	if err := w.queue.take(&kgo.Record{Key: m.Key, Value: m.Value}); err != nil {
		t.Error(err)
	}
	if serves > 0 {
		progress(t, w, child, id, &headwaterv1.Progress{State: headwaterv1.Progress_DONE, Serves: serves, Revision: 4})
	}
}

func progress(t *testing.T, w *Watch, child int32, id string, p *headwaterv1.Progress) {
	t.Helper()
	item := chaining.ItemOf(&headwaterv1.Announcement{Child: child, Values: []*headwaterv1.Value{{Name: "id", Value: id}}})
	m := chaining.ProgressMessage("queue", int(child), item.ID(), p)
	if err := w.queue.take(&kgo.Record{Key: m.Key, Value: m.Value}); err != nil {
		t.Error(err)
	}
}
