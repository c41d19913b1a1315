package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/proto"

	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/test/checker"
)

// queueTopic is the work queue as the checker knows it.
const queueTopic = "HTTPv2-work-queue-" + name

// Names of the checks of a work queue, beside the checker's, which hold here for every item of its own.
const (
	Orphan       = "C-orphan"        // a parent record without its announcement, or an announced item that was not crawled to its end
	ProgressBack = "C-progress-back" // an item's revision or offset falls
	Stale        = "C-stale"         // a lane of the former configuration wrote after the new one stood
)

// chainWatch follows the topics of a chained connector, read committed, from their beginning: every record of every list,
// and every announcement and every progress of its item. It shares the protobuf with the product, nothing else.
type chainWatch struct {
	w      *chainWorld
	client *kgo.Client
	admin  *kadm.Client
	topics []string
	done   chan struct{}

	mu    sync.Mutex
	read  map[string]map[int32]int64 // next offset
	items map[string]*watched        // by API and list: "2/u5"; the parent API is "1/"
	names map[string]string          // of items, by their key in the queue: "2/<item>"
	lanes map[int32][]owner          // who wrote progress, lane by lane

	counts   map[string]int
	findings []string
}

// owner is a claim: a producer and its epoch.
type owner struct {
	pid   int64
	epoch int16
}

// watched is what was read of one list, or of its item.
type watched struct {
	api       int
	list      string
	times     map[int]int // of each number
	records   []placed
	announced []announced
	progress  []progress
}

type placed struct {
	owner
	n    int
	part int32
}

type announced struct {
	owner
	emission int64
}

// progress is how far an item is: so many records are covered.
type progress struct {
	owner
	at               int64 // in the queue
	covers           int
	revision, serves int64
	state            headwaterv1.Progress_State
	err              error
}

// watchChain begins to follow.
func watchChain(w *chainWorld) *chainWatch {
	v := &chainWatch{
		w: w, topics: []string{queueTopic, offsetTopic, chainTopic(1), chainTopic(2), chainTopic(3)}, done: make(chan struct{}),
		read: map[string]map[int32]int64{}, items: map[string]*watched{}, names: map[string]string{}, lanes: map[int32][]owner{},
		counts: map[string]int{},
	}
	client, err := kgo.NewClient(append(w.direct(), kgo.ConsumeTopics(v.topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(200*time.Millisecond))...)
	w.must(err)
	v.client, v.admin = client, kadm.NewClient(client)
	go v.follow()
	return v
}

func (v *chainWatch) close() {
	v.client.Close()
	<-v.done
}

func (v *chainWatch) follow() {
	defer close(v.done)
	for {
		fetches := v.client.PollFetches(context.Background())
		if fetches.IsClientClosed() {
			return
		}
		v.mu.Lock()
		fetches.EachRecord(v.take)
		v.mu.Unlock()
	}
}

// take files one record. v.mu is held.
func (v *chainWatch) take(r *kgo.Record) {
	if v.read[r.Topic] == nil {
		v.read[r.Topic] = map[int32]int64{}
	}
	v.read[r.Topic][r.Partition] = r.Offset + 1
	from := owner{r.ProducerID, r.ProducerEpoch}
	switch {
	case r.Attrs.IsControl():
	case r.Topic == offsetTopic:
		p := progress{owner: from}
		p.covers, p.err = covers(r.Value)
		v.item(1, "").progress = append(v.item(1, "").progress, p)
	case r.Topic == queueTopic:
		if err := v.takeQueued(r, from); err != nil {
			v.note(checker.Phantom, "%s[%d]@%d: %v", r.Topic, r.Partition, r.Offset, err)
		}
	default:
		v.takeRecord(r, from)
	}
}

func (v *chainWatch) item(api int, list string) *watched {
	key := fmt.Sprintf("%d/%s", api, list)
	if v.items[key] == nil {
		v.items[key] = &watched{api: api, list: list, times: map[int]int{}}
	}
	return v.items[key]
}

func (v *chainWatch) takeRecord(r *kgo.Record, from owner) {
	var id struct {
		API, N int
		List   string
	}
	if err := json.Unmarshal(r.Value, &id); err != nil || chainTopic(id.API) != r.Topic ||
		!bytes.Equal(r.Value, v.w.garden.payload(id.API, id.List, id.N)) {
		v.note(checker.Phantom, "%s[%d]@%d is no record of its API: %.80s", r.Topic, r.Partition, r.Offset, r.Value)
		return
	}
	at := v.item(id.API, id.List)
	at.times[id.N]++
	at.records = append(at.records, placed{from, id.N, r.Partition})
}

// takeQueued files an announcement or a progress; its key is a/<child>/<item> or p/<child>/<item>.
func (v *chainWatch) takeQueued(r *kgo.Record, from owner) error {
	kind, name, _ := strings.Cut(string(r.Key), "/")
	if kind == "a" {
		var a headwaterv1.Announcement
		if err := proto.Unmarshal(r.Value, &a); err != nil || len(a.GetValues()) != 1 {
			return fmt.Errorf("announcement of %v: %w", a.GetValues(), err)
		}
		at := v.item(int(a.GetChild()), a.GetValues()[0].GetValue())
		v.names[name] = at.list
		at.announced = append(at.announced, announced{from, a.GetEmission()})
		return nil
	}
	var p headwaterv1.Progress
	api, _, _ := strings.Cut(name, "/")
	n, err := strconv.Atoi(api)
	list, known := v.names[name]
	if err != nil || !known || kind != "p" || proto.Unmarshal(r.Value, &p) != nil {
		return fmt.Errorf("the key %q, or its value, is of no item that was announced", r.Key)
	}
	out := progress{owner: from, at: r.Offset, revision: p.GetRevision(), serves: p.GetServes(), state: p.GetState()}
	out.covers, out.err = covers(p.GetOffset())
	v.item(n, list).progress = append(v.item(n, list).progress, out)
	v.lanes[r.Partition] = append(v.lanes[r.Partition], from)
	return nil
}

// covers is how many records an offset says were emitted: it counts them, and has the next one beside it.
func covers(value []byte) (int, error) {
	if len(value) == 0 {
		return 0, nil
	}
	var o struct{ Offset, Next string }
	if err := json.Unmarshal(value, &o); err != nil {
		return 0, err
	}
	if o.Next == "" {
		o.Next = o.Offset
	}
	return strconv.Atoi(o.Next)
}

// visible counts the different records of each API.
func (v *chainWatch) visible() (n [4]int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, at := range v.items {
		n[at.api] += len(at.times)
	}
	return n
}

// missing counts the records that have not arrived yet, and the items that are not done.
func (v *chainWatch) missing() (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for api, lists := range v.w.garden.lists() {
		for _, list := range lists {
			at := v.item(api, list)
			n += max(0, v.w.garden.total(api, list)-len(at.times))
			if api > 1 && at.unfinished() != "" {
				n++
			}
		}
	}
	return n
}

// unfinished says what an item lacks to be crawled to its end.
func (at *watched) unfinished() string {
	if len(at.announced) == 0 {
		return "it was never announced"
	}
	if len(at.progress) == 0 {
		return "it was announced and never crawled"
	}
	p, a := at.progress[len(at.progress)-1], at.announced[len(at.announced)-1]
	if p.serves != a.emission || p.state != headwaterv1.Progress_DONE {
		return fmt.Sprintf("its progress is %s for emission %d, its last announcement is %d", p.state, p.serves, a.emission)
	}
	return ""
}

// settle waits until every transaction has ended and everything has been read.
func (v *chainWatch) settle(ctx context.Context) error {
	for {
		err := v.unsettled(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("not settled: %w", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (v *chainWatch) unsettled(ctx context.Context) error {
	stable, err := v.admin.ListCommittedOffsets(ctx, v.topics...)
	if err != nil {
		return err
	}
	high, err := v.admin.ListEndOffsets(ctx, v.topics...)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	high.Each(func(h kadm.ListedOffset) {
		at := v.read[h.Topic][h.Partition]
		if s, _ := stable.Lookup(h.Topic, h.Partition); s.Offset < h.Offset || at < h.Offset {
			err = fmt.Errorf("%s[%d] ends at %d, is stable up to %d and read up to %d", h.Topic, h.Partition, h.Offset, s.Offset, at)
		}
	})
	return err
}
