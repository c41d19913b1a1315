package membership

import (
	"context"
	"errors"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/headwater/headwater/internal/fault"
)

// live joins, waits until the generation is over, and joins again.
func (g *Group) live(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		if err := g.join(ctx); err != nil {
			failures++
			g.refused(ctx, err)
			pause(ctx, backoff(failures))
			continue
		}
		failures = 0
		select {
		case <-g.again:
		case <-ctx.Done():
		}
	}
}

// backoff is the wait after that many failures in a row: 50 ms, doubled, up to 3.2 s.
func backoff(failures int) time.Duration { return 50 * time.Millisecond << min(max(failures-1, 0), 6) }

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// join enters the next generation: JoinGroup until all members are there, SyncGroup for the assignment.
func (g *Group) join(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, g.config.RebalanceTimeout+g.config.SessionTimeout)
	defer cancel()
	if err := g.introduce(ctx); err != nil {
		return err
	}
	g.lives(cancel)
	joined, err := g.askJoin(ctx)
	if err != nil {
		return err
	}
	g.enter(joined.MemberID, joined.Generation)
	var plan []kmsg.SyncGroupRequestGroupAssignment
	if joined.LeaderID == joined.MemberID {
		plan = assign(g.config.Topic, joined.Members)
	}
	leads, err := g.askSync(ctx, plan)
	if err != nil {
		return err
	}
	g.settle(leads)
	return nil
}

// lives says how to end the join that is under way, should the coordinator no longer know its id.
func (g *Group) lives(abort context.CancelFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.abort = abort
}

// introduce gets a member id where there is none (KIP-394). It is answered at once and not cut short by Close: the broker
// would wait a session timeout for a member whose id nobody has heard of.
func (g *Group) introduce(ctx context.Context) error {
	if id, _ := g.MemberID(); id != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	answer, err := g.askJoin(ctx)
	if err != nil && !errors.Is(err, kerr.MemberIDRequired) {
		return err
	}
	g.enter(answer.MemberID, -1)
	return nil
}

func (g *Group) askJoin(ctx context.Context) (*kmsg.JoinGroupResponse, error) {
	r := kmsg.NewPtrJoinGroupRequest()
	r.Group, r.ProtocolType = g.config.ID, consumerType
	r.SessionTimeoutMillis = int32(g.config.SessionTimeout.Milliseconds())
	r.RebalanceTimeoutMillis = int32(g.config.RebalanceTimeout.Milliseconds())
	p := kmsg.NewJoinGroupRequestProtocol()
	r.MemberID, p.Metadata = g.rejoining()
	p.Name = balancerName
	r.Protocols = append(r.Protocols, p)
	answer, err := r.RequestWith(ctx, g.broker())
	if err != nil {
		return nil, err
	}
	err = kerr.ErrorForCode(answer.ErrorCode)
	if errors.Is(err, kerr.UnknownMemberID) {
		g.lose(r.MemberID, true)
	}
	return answer, err
}

func (g *Group) askSync(ctx context.Context, plan []kmsg.SyncGroupRequestGroupAssignment) (leads bool, err error) {
	r := kmsg.NewPtrSyncGroupRequest()
	r.Group, r.GroupAssignment = g.config.ID, plan
	r.MemberID, r.Generation = g.MemberID()
	r.ProtocolType, r.Protocol = kmsg.StringPtr(consumerType), kmsg.StringPtr(balancerName)
	sent := time.Now()
	answer, err := r.RequestWith(ctx, g.broker())
	if err != nil {
		return false, err
	}
	if err := kerr.ErrorForCode(answer.ErrorCode); err != nil {
		if !errors.Is(err, kerr.RebalanceInProgress) {
			g.lose(r.MemberID, errors.Is(err, kerr.UnknownMemberID))
		}
		return false, err
	}
	g.hear(sent)
	return holds(g.config.Topic, answer.MemberAssignment), nil
}

// beat sends heartbeats for as long as g lives, while it joins too: a broker that prepares a rebalance counts them.
func (g *Group) beat(ctx context.Context) {
	timer := time.NewTimer(g.config.HeartbeatInterval)
	defer timer.Stop()
	for quick := 0; ; {
		select {
		case <-timer.C:
		case <-g.hurry:
			quick = quickBeats
		case <-ctx.Done():
			return
		}
		next := time.Now().Add(g.config.HeartbeatInterval)
		if quick > 0 {
			quick--
			next = time.Now().Add(min(quickBeat, g.config.HeartbeatInterval))
		}
		g.heartbeat(ctx)
		timer.Reset(time.Until(next))
	}
}

const (
	quickBeat  = 100 * time.Millisecond
	quickBeats = 10
)

func (g *Group) heartbeat(ctx context.Context) {
	r := kmsg.NewPtrHeartbeatRequest()
	r.Group = g.config.ID
	r.MemberID, r.Generation = g.MemberID()
	if r.Generation < 0 {
		return
	}
	end := g.Heard().Add(g.config.SessionTimeout)
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	sent := time.Now()
	answer, err := r.RequestWith(ctx, g.broker())
	if err == nil {
		err = kerr.ErrorForCode(answer.ErrorCode)
	}
	switch {
	case err == nil:
		g.hear(sent)
	case errors.Is(err, kerr.RebalanceInProgress):
		g.hear(sent)
		g.over(r.Generation)
	case !time.Now().Before(end):
		g.config.Log.Warn("nothing was heard from the group coordinator for the session timeout", "group", g.config.ID, "error", err)
		g.lose(r.MemberID, false)
		g.reconnect()
	case errors.Is(err, kerr.UnknownMemberID): // taken out of the group; a join of that id may never be answered
		g.lose(r.MemberID, true)
	case errors.Is(err, kerr.IllegalGeneration), errors.Is(err, kerr.FencedInstanceID):
		if g.over(r.Generation) { // else the join that is under way will be told so itself
			g.lose(r.MemberID, false)
		}
	}
}

// reconnect gives up all connections after a session of silence. One that was cut without a word would otherwise hold up
// a JoinGroup for the whole rebalance timeout.
func (g *Group) reconnect() {
	fresh, err := g.connect()
	if err != nil {
		return // the old one will do: it was made with the same options
	}
	g.mu.Lock()
	old := g.client
	g.client = fresh
	g.mu.Unlock()
	old.Close()
}

// broker is the client of the moment.
func (g *Group) broker() *kgo.Client {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.client
}

// rejoining marks that a join is under way and returns what to join with.
func (g *Group) rejoining() (id string, with []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.settled = false
	owner := int32(-1)
	if g.leads {
		owner = g.generation
	}
	return g.id, metadata(g.config.Topic, g.config.Member, owner)
}

// enter takes the id and the generation that JoinGroup was answered with. The lead stays until SyncGroup says otherwise.
func (g *Group) enter(id string, generation int32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.id, g.generation = id, generation
	if generation >= 0 {
		g.heard = time.Now() // the broker counts the session from its answer to JoinGroup
	}
}

func (g *Group) settle(leads bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.generation < 0 { // lost meanwhile
		return
	}
	select {
	case <-g.again:
	default:
	}
	g.settled, g.leads, g.err = true, leads, nil
	g.notify()
	g.config.Log.Debug("joined the group", "group", g.config.ID, "generation", g.generation, "leads", leads)
}

func (g *Group) hear(sent time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.generation >= 0 && sent.After(g.heard) {
		g.heard = sent
	}
}

// over tells live that the generation has ended, unless that is known.
func (g *Group) over(generation int32) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.settled || g.generation != generation {
		return false
	}
	g.signal()
	return true
}

// lose gives up the generation, and the id too when the coordinator does not know it any more.
func (g *Group) lose(id string, unknown bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.id != id {
		return
	}
	if unknown {
		g.id = ""
		g.abort()
	}
	g.generation, g.settled, g.leads = -1, false, false
	g.notify()
	g.signal()
}

// refused keeps an error that will not heal by itself. Holding on to the lead is not tried then.
func (g *Group) refused(ctx context.Context, err error) {
	if ctx.Err() != nil || errors.Is(err, kerr.RebalanceInProgress) {
		return
	}
	err = g.door.Classify("join group "+g.config.ID, err)
	g.config.Log.Debug("could not join the group", "group", g.config.ID, "error", err)
	if fault.KindOf(err) != fault.Fatal {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err, g.leads, g.settled = err, false, false
	g.notify()
}

func (g *Group) notify() {
	close(g.changed)
	g.changed = make(chan struct{})
}

func (g *Group) signal() {
	select {
	case g.again <- struct{}{}:
	default:
	}
}
