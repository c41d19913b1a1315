package kafkatest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headwater/headwater/internal/kafka"
)

// session is the least that Kafka allows by default.
const session = 6 * time.Second

// member is one that joined, with a wire of its own.
type member struct {
	*kafka.Group
	name string
	wire *wire
}

// join lets a member join and does not wait.
func (b bundle) join(t *testing.T, name string) *member {
	t.Helper()
	w := &wire{}
	cluster, err := kafka.NewCluster(kafka.Config{Seeds: []string{b.bootstrap}, Dial: w.dial, ClientID: name})
	if err != nil {
		t.Fatal(err)
	}
	g, err := cluster.JoinGroup(b.ctx, b.group(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	return &member{g, name, w}
}

func (b bundle) group(name string) kafka.GroupConfig {
	return kafka.GroupConfig{
		ID: b.name, Topic: b.name + "-configs", SessionTimeout: session, HeartbeatInterval: time.Second,
		RebalanceTimeout: 20 * time.Second, Member: []byte(name),
	}
}

// gather lets members join and waits until all are in one generation.
func (b bundle) gather(t *testing.T, names ...string) []*member {
	t.Helper()
	var all []*member
	for _, name := range names {
		all = append(all, b.join(t, name))
	}
	b.settled(t, all)
	return all
}

// settled waits until exactly these members are in the group, in one generation, and exactly one leads.
func (b bundle) settled(t *testing.T, all []*member) *member {
	t.Helper()
	var leads *member
	for {
		members, stable, err := all[0].Members(b.ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, first := all[0].MemberID()
		one := stable && len(members) == len(all)
		leads = nil
		for _, m := range all {
			_, generation := m.MemberID()
			one = one && generation == first && m.Heard() != time.Time{}
			if m.Leads() {
				one = one && leads == nil
				leads = m
			}
		}
		if one && leads != nil {
			return leads
		}
		tick(t, b.ctx)
	}
}

// tick waits for a moment between two looks.
func tick(t *testing.T, ctx context.Context) {
	t.Helper()
	select {
	case <-time.After(20 * time.Millisecond):
	case <-ctx.Done():
		t.Fatal("waited too long: ", ctx.Err())
	}
}

// newLeader waits until one of these leads and returns how long that took.
func newLeader(t *testing.T, ctx context.Context, since time.Time, all []*member) time.Duration {
	t.Helper()
	for {
		if slices.ContainsFunc(all, func(m *member) bool { return m.Leads() }) {
			return time.Since(since)
		}
		tick(t, ctx)
	}
}

func without(all []*member, gone *member) []*member {
	return slices.DeleteFunc(slices.Clone(all), func(m *member) bool { return m == gone })
}

// oneLeads: the smallest name leads a group that starts together, a newcomer does not take the lead, and all is visible.
func oneLeads(t *testing.T, b bundle) {
	all := b.gather(t, "w2", "w3")
	leads := b.settled(t, all)
	all = append(all, b.join(t, "w1")) // its name is smaller than the leader's
	if again := b.settled(t, all); again != leads {
		t.Errorf("%s led, %s leads after a newcomer", leads.name, again.name)
	}
	members, _, err := all[2].Members(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, m := range members {
		seen = append(seen, string(m.Data)+"/"+m.ClientID)
		if i := slices.IndexFunc(all, func(one *member) bool { id, _ := one.MemberID(); return id == m.ID }); i < 0 || m.Host == "" {
			t.Errorf("listed member %+v", m)
		}
	}
	slices.Sort(seen)
	if want := "w1/w1 w2/w2 w3/w3"; strings.Join(seen, " ") != want {
		t.Errorf("members are %v, want %v", seen, want)
	}
}

func closedLeaderHandsOver(t *testing.T, b bundle) {
	all := b.gather(t, "w1", "w2", "w3")
	leads := b.settled(t, all)
	changed := without(all, leads)[0].Changed()
	start := time.Now()
	leads.Close()
	if leads.Leads() {
		t.Error("a closed member leads")
	}
	took := newLeader(t, b.ctx, start, without(all, leads))
	t.Logf("new leader %v after Close", took)
	if took >= session {
		t.Errorf("it took %v: the session timeout was waited for", took)
	}
	b.settled(t, without(all, leads))
	select {
	case <-changed:
	case <-b.ctx.Done():
		t.Error("Changed was not closed by a new generation")
	}
}

// cutLeaderIsReplaced: the others lead after the session timeout, and the one that was cut has known before.
func cutLeaderIsReplaced(t *testing.T, b bundle) {
	all := b.gather(t, "w1", "w2", "w3")
	leads := b.settled(t, all)
	rest := without(all, leads)
	leads.wire.isCut.Store(true)
	start, stands := time.Now(), leads.Heard()
	longest := time.Duration(0)
	for {
		one, other := leads.Leads(), rest[0].Leads() || rest[1].Leads()
		if one && other {
			t.Fatal("two lead")
		}
		for _, m := range rest {
			longest = max(longest, time.Since(m.Heard()))
		}
		if other {
			break
		}
		tick(t, b.ctx)
	}
	t.Logf("new leader %v after the cut; survivors heard of the coordinator every %v at the latest", time.Since(start), longest)
	if longest > session-time.Second {
		t.Errorf("a survivor was unheard of for %v of %v", longest, session)
	}
	if leads.Heard().After(start) || leads.Heard().Before(stands) {
		t.Errorf("Heard went from %v to %v while cut", stands, leads.Heard())
	}
	b.settled(t, rest)
	leads.wire.isCut.Store(false)
	start = time.Now()
	b.settled(t, all)
	t.Logf("back in the group %v after the wire was mended", time.Since(start))
}

// evictedLeaderIsReplaced: the leader is cut, a survivor evicts it, and all survivors look at once.
func evictedLeaderIsReplaced(t *testing.T, b bundle) {
	all := b.gather(t, "w1", "w2", "w3")
	leads := b.settled(t, all)
	rest := without(all, leads)
	leads.wire.isCut.Store(true)
	id, _ := leads.MemberID()
	start := time.Now()
	for _, m := range rest {
		m.Rejoin()
	}
	for range 2 { // the second finds nobody
		if err := rest[0].Evict(b.ctx, id); err != nil {
			t.Error(err)
		}
	}
	took := newLeader(t, b.ctx, start, rest)
	t.Logf("new leader %v after Evict", took)
	if took >= time.Second {
		t.Errorf("it took %v", took)
	}
	b.settled(t, rest)
}

// evictedMemberComesBack: who was thrown out alive does not lead, and joins again by itself.
func evictedMemberComesBack(t *testing.T, b bundle) {
	all := b.gather(t, "w1", "w2")
	leads := b.settled(t, all)
	old, _ := leads.MemberID()
	if err := without(all, leads)[0].Evict(b.ctx, old); err != nil {
		t.Fatal(err)
	}
	newLeader(t, b.ctx, time.Now(), without(all, leads))
	b.settled(t, all)
	if id, _ := leads.MemberID(); id == old || leads.Leads() {
		t.Errorf("member %s was %s; it leads: %v", id, old, leads.Leads())
	}
}

func abandonHandsOver(t *testing.T, b bundle) {
	all := b.gather(t, "w1", "w2")
	leads := b.settled(t, all)
	start := time.Now()
	leads.Abandon()
	t.Logf("Abandon took %v, new leader after %v", time.Since(start), newLeader(t, b.ctx, start, without(all, leads)))
	b.settled(t, without(all, leads))
	if id, generation := leads.MemberID(); leads.Leads() || generation != -1 {
		t.Errorf("after Abandon: member %s, generation %d", id, generation)
	}
}

func heardMoves(t *testing.T, b bundle) {
	m := b.gather(t, "w1")[0]
	first := m.Heard()
	for !m.Heard().After(first) {
		tick(t, b.ctx)
	}
	m.wire.isCut.Store(true)
	cut := time.Now()
	for m.Leads() {
		tick(t, b.ctx)
	}
	if m.Heard().After(cut) {
		t.Errorf("Heard moved to %v after the cut at %v", m.Heard(), cut)
	}
	if since := time.Since(m.Heard()); since < session || m.Err() != nil {
		t.Errorf("the lead was given up %v after the last word, error %v", since, m.Err())
	}
	m.wire.isCut.Store(false)
	b.settled(t, []*member{m})
}

// heardWhileRebalancing: a member is cut and another comes, so the group waits for the first until its session ends. The
// others are heard of all the while, and the leader leads.
func heardWhileRebalancing(t *testing.T, b bundle) {
	all := b.gather(t, "w1", "w2", "w3")
	leads := b.settled(t, all)
	gone := without(all, leads)[0]
	rest := without(all, gone)
	gone.wire.isCut.Store(true)
	start, longest := time.Now(), time.Duration(0)
	rest = append(rest, b.join(t, "w4"))
	_, before := leads.MemberID()
	for generation := before; generation == before; _, generation = leads.MemberID() {
		for _, m := range rest[:2] {
			longest = max(longest, time.Since(m.Heard()))
		}
		if !leads.Leads() {
			t.Fatalf("the leader lost the lead %v after another member was cut", time.Since(start))
		}
		tick(t, b.ctx)
	}
	t.Logf("the rebalance took %v, survivors were unheard of for %v at most", time.Since(start), longest)
	if took := time.Since(start); took < session/2 || longest > session/2 {
		t.Errorf("unheard of for %v in a rebalance of %v", longest, took)
	}
	if b.settled(t, rest) != leads {
		t.Error("the lead went to another")
	}
}
