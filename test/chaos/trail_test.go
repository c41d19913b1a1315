package chaos

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/rows"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
	"github.com/headwater/headwater/worker"
)

// Names of the checks of the cluster.
const (
	Even    = "C-even"    // members' counts of tasks differ by more than one for long
	Once    = "C-once"    // a task runs twice under one row, or not at all for long
	Unmoved = "C-unmoved" // a task was stopped though its row had not changed
	Late    = "C-late"    // a dead member's APIs are polled again too late
	Silent  = "C-silent"  // who is cut off from Kafka asks an API after its successor has, or after its session
	Fight   = "C-fight"   // more claims of a transactional id than its task's moves call for
	Stall   = "C-stall"   // readers of a partition were held back for long
	Rows    = "C-rows"    // the rows are not one leader's after the other
	Clean   = "C-clean"   // a commit was fenced though its task was moved from a living member
	Drained = "C-drained" // a task of a member that leaves in order was polled by nobody for long
	Led     = "C-led"     // what a dead member had does not move: nobody leads
	Failed  = "C-failed"  // a task failed
)

// trail is what can be seen of a fleet from outside: the rows, the polls, the starts and stops.
type trail struct {
	f      *fleet
	client *kgo.Client
	admin  *kadm.Client
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu       sync.Mutex
	findings []string
	counts   map[string]int
	leads    *headwaterv1.Leader
	tasks    map[rows.Task]*headwaterv1.Assignment
	pinned   map[string]bool // keys of pins and drains
	changes  map[rows.Task][]change
	paused   map[string]time.Time
	starts   map[start]*node
	runs     map[rows.Task]map[*node]int64 // epochs
	stops    []stop
	excused  map[*node]bool // its stops need no row
	polls    map[string]polled
	orphans  map[string]orphan // by URL
	cuts     map[*node]time.Time
	claims   map[string]int
	clean    int // fenced commits of members that nothing was done to
	held     map[string]*tailback
	stallMax time.Duration
	lateMax  time.Duration
	gapMax   time.Duration
	leaving  map[*node]bool
	limits   limits
}

// limits are what the checks allow; those that are zero are not looked at.
type limits struct {
	late, stall, drained time.Duration
	clean                bool
}

type change struct {
	at    time.Time
	epoch int64 // 0: the row is gone
}

type start struct {
	task  rows.Task
	epoch int64
}

type stop struct {
	start
	by *node
	at time.Time
}

type polled struct {
	by        *node
	first, at time.Time
}

// orphan is an API whose worker is gone.
type orphan struct {
	of    *node
	since time.Time
	limit time.Duration
	check string
}

// tailback is a partition whose readers are held back.
type tailback struct {
	stable int64
	since  time.Time
}

func newTrail(f *fleet) *trail {
	t := &trail{
		f: f, counts: map[string]int{}, tasks: map[rows.Task]*headwaterv1.Assignment{}, pinned: map[string]bool{},
		changes: map[rows.Task][]change{}, paused: map[string]time.Time{}, starts: map[start]*node{},
		runs: map[rows.Task]map[*node]int64{}, excused: map[*node]bool{}, polls: map[string]polled{}, orphans: map[string]orphan{},
		cuts: map[*node]time.Time{}, leaving: map[*node]bool{}, claims: map[string]int{}, held: map[string]*tailback{},
		limits: limits{late: 5 * time.Second, stall: txnTimeout + 2*time.Second},
	}
	if f.shape.silent {
		t.limits.late = session + 5*time.Second
	}
	var err error
	t.client, err = kgo.NewClient(append(f.direct(), kgo.ConsumeTopics(rowTopic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(200*time.Millisecond))...)
	if err != nil {
		f.t.Fatal(err)
	}
	t.admin = kadm.NewClient(t.client)
	ctx, cancel := context.WithCancel(context.Background())
	t.stop = cancel
	t.done.Go(func() { t.read(ctx) })
	t.done.Go(func() { t.watch(ctx) })
	return t
}

func (t *trail) close() {
	t.stop()
	t.client.Close()
	t.done.Wait()
}

// found notes what is wrong; of each kind ten are told.
func (t *trail) found(check, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(check, format, args...)
}

func (t *trail) note(check, format string, args ...any) {
	if t.counts[check]++; t.counts[check] <= 10 {
		t.findings = append(t.findings, check+": "+fmt.Sprintf(format, args...))
	}
}

// read follows the rows.
func (t *trail) read(ctx context.Context) {
	for ctx.Err() == nil {
		fetches := t.client.PollFetches(ctx)
		if fetches.IsClientClosed() {
			return
		}
		t.mu.Lock()
		fetches.EachRecord(t.row)
		t.mu.Unlock()
	}
}

// row takes one row. The epochs of rows that follow each other never fall, and one leader's epoch is no other's.
func (t *trail) row(r *kgo.Record) {
	key := string(r.Key)
	name, isTask := strings.CutPrefix(key, "task/")
	switch {
	case key == rows.LeaderKey:
		l := &headwaterv1.Leader{}
		if err := proto.Unmarshal(r.Value, l); err != nil {
			t.note(Rows, "the leader's row: %v", err)
			return
		}
		if was := t.leads; l.GetEpoch() < was.GetEpoch() || l.GetEpoch() == was.GetEpoch() && l.GetInstance() != was.GetInstance() {
			t.note(Rows, "%s wrote epoch %d after epoch %d of %s", l.GetWorker(), l.GetEpoch(), was.GetEpoch(), was.GetWorker())
		}
		t.leads = l
	case isTask:
		task, err := rows.ParseTask(name)
		a := &headwaterv1.Assignment{}
		if err == nil {
			err = proto.Unmarshal(r.Value, a)
		}
		if err != nil {
			t.note(Rows, "row %q: %v", key, err)
			return
		}
		t.task(task, a, r.Value == nil)
	case r.Value == nil:
		delete(t.pinned, key)
	default:
		t.pinned[key] = true
	}
}

func (t *trail) task(task rows.Task, a *headwaterv1.Assignment, gone bool) {
	was := t.tasks[task]
	if !gone && (a.GetEpoch() < was.GetEpoch() || a.GetEpoch() == was.GetEpoch() && !proto.Equal(a, was)) {
		t.note(Rows, "%s: epoch %d for %s after epoch %d for %s", task, a.GetEpoch(), a.GetInstance(), was.GetEpoch(), was.GetInstance())
	}
	t.changes[task] = append(t.changes[task], change{time.Now(), a.GetEpoch()})
	if gone {
		delete(t.tasks, task)
		return
	}
	t.tasks[task] = a
}

func (t *trail) leader() *headwaterv1.Leader {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.leads
}

func (t *trail) claimed(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.claims[id]++
}

// changed is told of tasks that start, stop and fail.
func (t *trail) changed(n *node, w coordinator.Want, s worker.State, trace string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := start{w.Task, w.Epoch}
	switch s {
	case worker.Running:
		if other := t.starts[at]; other != nil && other != n {
			t.note(Once, "%s started %s of epoch %d, which %s had started", n, w.Task, w.Epoch, other)
		}
		t.starts[at] = n
		if t.runs[w.Task] == nil {
			t.runs[w.Task] = map[*node]int64{}
		}
		t.runs[w.Task][n] = w.Epoch
	case worker.Failed:
		t.note(Failed, "%s on %s: %s", w.Task, n, trace)
	case worker.Unassigned:
		delete(t.runs[w.Task], n)
		if _, paused := t.paused[w.Task.Connector]; t.starts[at] == n && !t.excused[n] && !paused {
			t.stops = append(t.stops, stop{at, n, time.Now()})
		}
	}
}

// polled is told of every request to an API.
func (t *trail) polled(n *node, url string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if since, is := t.cuts[n]; is {
		// Who takes over because of the silence does so a session after the last heartbeat. A task that was moved for
		// another reason at that time is no matter of this check: fencing is.
		if last := t.polls[url]; last.by != n && last.by != nil && last.first.After(since.Add(session-heartbeat)) {
			t.note(Silent, "%s, cut off for %s, asked %s after %s had", n, now.Sub(since), url, last.by)
		}
		if now.Sub(since) > session {
			t.note(Silent, "%s, cut off for %s, asked %s", n, now.Sub(since), url)
		}
		if t.polls[url].by != n {
			return
		}
	}
	if o, is := t.orphans[url]; is && o.of != n {
		took := now.Sub(o.since)
		t.lateMax = max(t.lateMax, took)
		if o.limit > 0 && took > o.limit {
			t.note(o.check, "%s, which %s had, was asked again after %s", url, o.of, took)
		}
		delete(t.orphans, url)
	}
	if last := t.polls[url]; last.by != nil && last.by != n && t.leaving[last.by] {
		took := now.Sub(last.at)
		t.gapMax = max(t.gapMax, took)
		if t.limits.drained > 0 && took > t.limits.drained {
			t.note(Drained, "%s left, and nobody asked %s for %s", last.by, url, took)
		}
	}
	next := polled{n, now, now}
	if last := t.polls[url]; last.by == n {
		next.first = last.first
	}
	t.polls[url] = next
}

// watch looks every 100 ms how far read-committed readers can read.
func (t *trail) watch(ctx context.Context) {
	topics := []string{offsetTopic}
	for _, l := range t.f.loads {
		for _, a := range l.sim.APIs() {
			topics = append(topics, fmt.Sprintf("%s-api%d", l.name, a.ID))
		}
	}
	for ctx.Err() == nil {
		sleep(ctx, 100*time.Millisecond)
		stable, err := t.admin.ListCommittedOffsets(ctx, topics...)
		if err != nil {
			continue
		}
		high, err := t.admin.ListEndOffsets(ctx, topics...)
		if err != nil {
			continue
		}
		t.mu.Lock()
		high.Each(func(h kadm.ListedOffset) {
			s, _ := stable.Lookup(h.Topic, h.Partition)
			t.behind(fmt.Sprintf("%s[%d]", h.Topic, h.Partition), s.Offset, h.Offset)
		})
		t.mu.Unlock()
	}
}

func (t *trail) behind(where string, stable, high int64) {
	b := t.held[where]
	if stable >= high {
		delete(t.held, where)
		return
	}
	if b == nil || b.stable != stable {
		t.held[where] = &tailback{stable, time.Now()}
		return
	}
	if took := time.Since(b.since); took > t.stallMax {
		t.stallMax = took
		if t.limits.stall > 0 && took > t.limits.stall {
			t.note(Stall, "readers of %s stand at %d since %s", where, stable, took)
		}
	}
}
