package build

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/headwater/headwater/chaining"
	"github.com/headwater/headwater/chaining/items"
	"github.com/headwater/headwater/internal/connector"
	"github.com/headwater/headwater/internal/kafka"
	"github.com/headwater/headwater/internal/record"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker/lane"
)

// bench is lane 0 of a work queue on an embedded broker, as the worker tails it, and a second reader that knows nothing of
// stores: an item's last announcement and the emission that its last progress serves.
type bench struct {
	t       *testing.T
	lane    *tailed
	plain   *kafka.Reader
	writers [2]*kafka.Transactor // a parent and the lane
	items   []*headwaterv1.Announcement
	told    map[chaining.ID]*model
}

// goneChild is a child API that has items in the queue and is not in the configuration any more: they wait for nobody.
const goneChild = 4

type model struct {
	child            int32
	at               int64
	emission, serves int64
	revision         int64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	broker := kfake.MustCluster(kfake.NumBrokers(1))
	t.Cleanup(broker.Close)
	must(t, broker.CreateTopic("queue", chaining.Lanes, map[string]string{"cleanup.policy": "compact"}))
	cluster, err := kafka.NewCluster(kafka.Config{Seeds: broker.ListenAddrs()})
	must(t, err)
	store, err := items.Open(items.Config{Dir: t.TempDir(), Budget: 2 << 20})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	reader, err := cluster.OpenReader("queue")
	must(t, err)
	t.Cleanup(reader.Close)
	b := &bench{t: t, told: map[chaining.ID]*model{}}
	l := &lane.Lane{Task: "c/q0", Log: slog.New(slog.DiscardHandler)}
	for n := 2; n < goneChild; n++ {
		l.Children = append(l.Children, &lane.Child{API: connector.API{N: n}})
	}
	b.lane = openLane(reader, store.Lane("c/q0"), 0, l, func(err error) { t.Error(err) })
	b.plain, err = cluster.OpenReader("queue")
	must(t, err)
	t.Cleanup(b.plain.Close)
	b.plain.Add(0, b.read)
	for i := range b.writers {
		b.writers[i] = cluster.Transactor(fmt.Sprint("writer-", i), nil)
		must(t, b.writers[i].Claim(t.Context()))
		t.Cleanup(b.writers[i].Close)
	}
	for id := 0; len(b.items) < 12; id++ {
		a := &headwaterv1.Announcement{Child: 2 + int32(id%3), Values: []*headwaterv1.Value{{Name: "id", Value: fmt.Sprint(id)}}}
		if item := chaining.ItemOf(a).ID(); item.Lane() == 0 {
			b.items, b.told[item] = append(b.items, a), &model{child: a.GetChild()}
		}
	}
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// read follows the queue.
func (b *bench) read(entries []kafka.Entry) {
	for _, e := range entries {
		key, err := chaining.ParseKey(e.Key)
		must(b.t, err)
		m := b.told[key.ID]
		if key.Kind == chaining.Announced {
			m.at, m.emission = e.Offset, m.emission+1
		} else {
			m.serves = m.emission
		}
	}
}

// announce has the parent announce an item, anew.
func (b *bench) announce(n int) {
	a := b.items[n]
	a.Emission++
	b.write(0, chaining.AnnouncementMessage("queue", a))
}

// crawl commits an item's progress as its lane does, which hears of it before its record comes back.
func (b *bench) crawl(n int, state headwaterv1.Progress_State) {
	a := b.items[n]
	id, m := chaining.ItemOf(a).ID(), b.told[chaining.ItemOf(a).ID()]
	if a.GetEmission() == 0 || b.lane.CatchUp(b.t.Context()) != nil {
		return
	}
	m.revision++
	p := &headwaterv1.Progress{Serves: a.GetEmission(), State: state, Revision: m.revision, NotBeforeUnixMs: time.Now().Add(time.Hour).UnixMilli()}
	b.write(1, chaining.ProgressMessage("queue", int(a.GetChild()), id, p))
	must(b.t, b.lane.items.Commit(chaining.Crawled{Child: int(a.GetChild()), ID: id, Progress: p}))
}

func (b *bench) write(by int, m record.Message) {
	must(b.t, b.writers[by].Commit(b.t.Context(), []record.Batch{{Messages: record.Each(m)}}))
}

// due is the offset of the oldest announcement that was not crawled, or the end of the queue.
func (b *bench) due() int64 {
	ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
	defer cancel()
	must(b.t, b.plain.Sync(ctx, 0))
	at, _ := b.plain.Position(0)
	for _, m := range b.told {
		if m.emission > m.serves && m.child != goneChild {
			at = min(at, m.at)
		}
	}
	return at
}

// TestOldestIsNeverTooHigh: whatever was announced and crawled, in any order, the group offset of a lane is not above the
// oldest announcement that was not crawled, also while the lane is behind with its reading; once it has read all it is
// exactly that, or the end of the queue. With one added to what Oldest returns, or with the items that wait left out of it,
// every sequence fails.
func TestOldestIsNeverTooHigh(t *testing.T) {
	sequences, states := 12, []headwaterv1.Progress_State{
		headwaterv1.Progress_OPEN, headwaterv1.Progress_DONE, headwaterv1.Progress_SET_ASIDE, headwaterv1.Progress_ENDED,
	}
	if testing.Short() {
		sequences = 3
	}
	for seed := range sequences {
		t.Run(fmt.Sprint("seed-", seed), func(t *testing.T) {
			b, rng := newBench(t), rand.New(rand.NewPCG(uint64(seed), 5))
			for step := range 60 {
				if n := rng.IntN(len(b.items)); rng.IntN(3) == 0 {
					b.announce(n)
				} else {
					b.crawl(n, states[rng.IntN(len(states))])
				}
				early, err := b.lane.Oldest()
				must(t, err)
				if want := b.due(); early > want {
					t.Fatalf("step %d: %d, while the announcement at %d waits", step, early, want)
				}
				must(t, b.lane.CatchUp(t.Context()))
				if at, err := b.lane.Oldest(); err != nil || at != b.due() {
					t.Fatalf("step %d: %d (%v), and the oldest that waits is at %d", step, at, err, b.due())
				}
			}
		})
	}
}

// TestOldestOfWhatIsReadMeanwhile: an item that is read while Oldest looks does not make it too high.
func TestOldestOfWhatIsReadMeanwhile(t *testing.T) {
	read := int64(7)
	at, err := oldest(func() int64 { return read }, func() (int64, bool, error) {
		read = 8 // the announcement at 7 comes when those that wait have been looked through
		return 0, false, nil
	})
	if at != 7 || err != nil {
		t.Errorf("%d, %v", at, err)
	}
}

// TestOldestInDoubt: when the store could not take what was read, nothing is said until the lane is read anew.
func TestOldestInDoubt(t *testing.T) {
	b := newBench(t)
	whole, asked := b.lane.items, 0
	b.lane.broken = func(error) { asked++ }
	must(t, whole.Drop())
	b.lane.apply(nil)
	b.announce(0)
	must(t, b.lane.CatchUp(t.Context()))
	store, err := items.Open(items.Config{Dir: t.TempDir(), Budget: 2 << 20})
	must(t, err)
	defer store.Close()
	b.lane.items = store.Lane("c/q0") // one that lacks the announcement
	if at, err := b.lane.Oldest(); err == nil || asked == 0 {
		t.Errorf("%d; asked %d times to be read anew", at, asked)
	}
}
