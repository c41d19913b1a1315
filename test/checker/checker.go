// Package checker judges whether records went from an API into Kafka exactly once. It shares no code with the product:
// it reads the topics at read_committed with a client of its own and holds what it finds against the API's ledger.
//
// A Watch follows the data topics and the offsets topic from the start of a run, so that compaction hides nothing from
// it; Settle waits until everything that was begun has ended (last stable offset = high watermark on every partition,
// and all of it read); Judge then runs the named checks. A Watch is safe for concurrent use.
package checker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Names of the checks.
const (
	Lost      = "C-lost"        // a hole below what was emitted or what the last offset covers
	Double    = "C-double"      // a record visible more than once
	Phantom   = "C-phantom"     // a record that the API never served, or not with these bytes
	Order     = "C-order"       // sequence numbers of an API fall within a partition
	Misrouted = "C-misrouted"   // a record in another topic than its API's
	Back      = "C-offset-back" // a source offset lies before one stored earlier
	BadOffset = "C-offset-bad"  // a source offset that cannot be understood
	Torn      = "C-torn"        // an offset without its records, or records without their offset
	Fence     = "C-fence"       // a producer's write visible after its successor's
	Open      = "C-open"        // a transaction was open for longer than Plan.OpenLimit
	Duel      = "C-duel"        // more claims of a transactional id than Plan.ClaimLimit
	Behind    = "C-behind"      // less progress than asked for: an idle run is no success
)

// Plan says what to watch and what to expect.
type Plan struct {
	Connector string
	Offsets   string // the offsets topic
	APIs      []API
	// Client holds the options to reach the brokers with.
	Client []kgo.Opt
	// OpenLimit is the longest that a transaction may stay open; zero looks at none. Interval is how often to look.
	// Defaults to 100 ms.
	OpenLimit, Interval time.Duration
	// Claims counts the claims of each API's transactional id by its API, and ClaimLimit is the most that are well.
	// A nil Claims checks nothing.
	Claims     func() map[int]int
	ClaimLimit int
}

// API is what is known of one stream.
type API struct {
	ID    int
	Topic string
	URL   string // of its source partition
	// Total is how many records the API holds: sequence numbers 0 to Total-1.
	Total func() int
	// Payload is the record's bytes, nil when the API never served it.
	Payload func(seq int) []byte
	// Stand says what a stored offset covers. A nil Stand leaves offsets unread.
	Stand func(fields map[string]string) (Place, error)
	// Aside are records that must not arrive, because they were set aside.
	Aside map[int]bool
}

// Place is where an offset stands: Position orders places, lexicographically; at least Least and at most Most records
// from the start of the stream were emitted when it was stored.
type Place struct {
	Position    []int64
	Least, Most int
}

// Watch follows the topics of a Plan.
type Watch struct {
	plan   Plan
	client *kgo.Client
	admin  *kadm.Client
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	read    map[string]map[int32]int64 // next offset by topic and partition
	seen    map[int]*stream            // by API
	strays  []finding
	longest time.Duration
	opened  string // what stayed open longest
	markers int
}

// stream is what was read of one API.
type stream struct {
	api     API
	records []visible
	offsets []stored
	ids     map[int]int // sequence number to count
}

// session names a producer: a claim, or under transaction version 2 a single transaction.
type session struct {
	pid   int64
	epoch int16
}

type visible struct {
	session
	seq   int
	place log
}

type stored struct {
	session
	fields map[string]string
	err    error
}

// Start begins to follow the topics, which must exist. Close ends it.
func Start(ctx context.Context, plan Plan) (*Watch, error) {
	topics := map[string]bool{plan.Offsets: true}
	w := &Watch{plan: plan, read: map[string]map[int32]int64{}, seen: map[int]*stream{}}
	for _, a := range plan.APIs {
		topics[a.Topic] = true
		w.seen[a.ID] = &stream{api: a, ids: map[int]int{}}
	}
	var names []string
	for t := range topics {
		names = append(names, t)
	}
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.ConsumeTopics(names...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(200 * time.Millisecond),
		kgo.MetadataMinAge(100 * time.Millisecond),
	}, plan.Client...)...)
	if err != nil {
		return nil, fmt.Errorf("checker: %w", err)
	}
	w.client, w.admin = client, kadm.NewClient(client)
	ctx, w.stop = context.WithCancel(ctx)
	w.done.Go(func() { w.follow(ctx) })
	if plan.OpenLimit > 0 {
		w.done.Go(func() { w.observe(ctx) })
	}
	return w, nil
}

// Close stops following. It may be called twice.
func (w *Watch) Close() {
	w.stop()
	w.client.Close()
	w.done.Wait()
}

// Visible is the number of different records of an API read so far.
func (w *Watch) Visible(api int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen[api].ids)
}

// Missing lists how many records of each API have not arrived yet, leaving out APIs that miss none.
func (w *Watch) Missing() map[int]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[int]int{}
	for id, s := range w.seen {
		if n := s.api.Total() - len(s.api.Aside) - len(s.ids); n > 0 {
			out[id] = n
		}
	}
	return out
}

// log is one partition of one topic.
type log struct {
	topic     string
	partition int32
}
