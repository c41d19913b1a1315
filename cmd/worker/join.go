package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/headwater/headwater/coordinator"
	"github.com/headwater/headwater/coordinator/gossip"
	"github.com/headwater/headwater/internal/api"
	"github.com/headwater/headwater/internal/fault"
	"github.com/headwater/headwater/internal/kafka"
	headwaterv1 "github.com/headwater/headwater/proto/headwater/v1"
)

// roll is the group as the coordinator sees it: what members say about themselves, decoded.
type roll struct{ *kafka.Group }

// Members implements coordinator.Roll. A member whose word cannot be read is passed over: it can be given nothing.
func (r roll) Members(ctx context.Context) ([]coordinator.Living, bool, error) {
	members, stable, err := r.Group.Members(ctx)
	return decode(members), stable, err
}

func decode(members []kafka.GroupMember) []coordinator.Living {
	var out []coordinator.Living
	for _, m := range members {
		said := &headwaterv1.Member{}
		if len(m.Data) > 0 && proto.Unmarshal(m.Data, said) == nil && said.GetName() != "" {
			out = append(out, coordinator.Living{ID: m.ID, Member: said})
		}
	}
	return out
}

// join starts to gossip, then joins the group: from here on this worker can be given tasks.
func (m *member) join(ctx context.Context) (err error) {
	s := m.options.settings
	config := coordinator.MemberConfig{
		Self: m.self, Board: m.board, Leader: m.leader, Herder: m.herder, Apply: m.running.Apply, Lanes: m.queues.Apply, Bury: m.bury, Faulty: m.taskFaulty,
		Session: s.SessionTimeout, Log: m.log,
	}
	if s.Gossip.Enabled {
		m.gossip, err = gossip.Start(gossip.Config{
			Listener: s.Gossip.Listener, Key: s.Gossip.KeyBytes(), Label: s.GroupID, Self: m.self,
			Received: m.received, Log: m.log,
		})
		if err != nil {
			return err
		}
		m.onStop(m.gossip.Close)
		m.self.Gossip, config.Gossip = m.gossip.Addr(), m.gossip
	}
	said, err := proto.Marshal(headwaterv1.Stamped(m.self))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var predecessors []string
	group, err := m.cluster.JoinGroup(ctx, kafka.GroupConfig{
		ID: s.GroupID, Topic: s.Config.Name, SessionTimeout: s.SessionTimeout, HeartbeatInterval: s.HeartbeatInterval,
		RebalanceTimeout: s.RebalanceTimeout, Member: said, Log: m.log,
		Look: func(ctx context.Context, there []kafka.GroupMember) (err error) {
			predecessors, err = m.look(ctx, decode(there))
			return err
		},
	})
	if err != nil {
		return err
	}
	m.onStop(group.Close)
	for _, id := range predecessors { // the group need not wait for their sessions to run out
		if err := group.Evict(ctx, id); err != nil {
			return err
		}
	}
	m.group.Store(group)
	config.Group, config.Roll = group, roll{group}
	m.part.Store(coordinator.NewMember(config))
	return nil
}

// look sees whom this worker is about to join, and returns the members that it follows: of its name, and dead. One that
// has its name and answers, or that does not commit as it does, is a fault of the configuration.
func (m *member) look(ctx context.Context, there []coordinator.Living) (predecessors []string, err error) {
	for _, l := range there {
		if l.GetExactlyOnce() != m.self.GetExactlyOnce() {
			return nil, &fault.Error{
				Op: "join group " + m.options.settings.GroupID, Err: fmt.Errorf("worker %s has another exactly.once.source.support", l.GetName()),
				Hint: "all workers of a group must have the same",
			}
		}
		if l.GetName() != m.self.GetName() {
			continue
		}
		if m.answers(ctx, l.GetUrl()) {
			return nil, &fault.Error{
				Op: "join group " + m.options.settings.GroupID, Err: fmt.Errorf("a worker named %s is running at %s", l.GetName(), l.GetUrl()),
				Hint: "give this one a worker.name, or an advertised address, of its own",
			}
		}
		predecessors = append(predecessors, l.ID)
	}
	m.meet(ctx, there)
	return predecessors, nil
}

// meetLimit bounds how long a worker looks for the others in gossip before it joins the group.
const meetLimit = time.Second

// meet makes this worker known in gossip before it can be given tasks: the others must be able to tell it that they have
// let go.
func (m *member) meet(ctx context.Context, there []coordinator.Living) {
	if m.gossip == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, meetLimit)
	defer cancel()
	m.gossip.Join(coordinator.Addresses(there))
	for ctx.Err() == nil {
		news := m.gossip.Changed()
		if !slices.ContainsFunc(there, func(l coordinator.Living) bool {
			return l.GetGossip() != "" && l.GetName() != m.self.GetName() && m.gossip.State(l.GetName(), l.GetInstance()) == gossip.Unknown
		}) {
			return
		}
		select {
		case <-news:
		case <-ctx.Done():
		}
	}
}

// answers reports whether a worker's REST API is there. A predecessor of ours that was killed is not, though its session
// has not run out yet.
func (m *member) answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", nil)
	if err != nil {
		return false
	}
	answer, err := m.forward.Client.Do(r)
	if err != nil {
		return false
	}
	return answer.Body.Close() == nil
}

// run takes part in the cluster until ctx ends.
func (m *member) run(ctx context.Context) error {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	m.onStop(m.closeItems)
	m.onStop(m.queues.Stop)
	m.onStop(m.running.Stop)
	g, inner := errgroup.WithContext(inner)
	g.Go(func() error { return m.part.Load().Run(inner) })
	g.Go(func() error { return m.report.Run(inner) })
	g.Go(func() error { return m.reportConnectors(inner) })
	g.Go(func() error { return m.reportLoad(inner) })
	g.Go(func() error { return m.tellLimits(inner) })
	g.Go(func() error {
		defer cancel()
		if err := m.connectors(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		m.stage.Store(&api.Stage{Ready: true})
		m.log.Info("ready", "worker", m.self.GetName(), "rest", m.self.GetUrl(), "kafka", m.options.settings.Bootstrap, "group", m.options.settings.GroupID)
		select {
		case <-ctx.Done():
			m.leave(inner)
		case <-inner.Done():
		}
		return nil
	})
	err := g.Wait()
	if errors.Is(err, coordinator.ErrHung) {
		m.group.Load().Abandon() // whatever else may not end
	}
	return err
}

// leave lets other workers take the tasks one by one, stops what is left, and tells the group.
func (m *member) leave(ctx context.Context) {
	m.log.Info("stopping", "drain_for_at_most", m.options.settings.DrainTimeout)
	m.stage.Store(&api.Stage{Detail: "stopping"})
	if m.gossip != nil {
		m.gossip.Update(func(self *headwaterv1.Member) { self.Draining = true })
	}
	drain, cancel := context.WithTimeout(ctx, m.options.settings.DrainTimeout)
	var lanes sync.WaitGroup
	lanes.Go(func() { m.queues.Leave(drain) })
	m.part.Load().Leave(drain)
	lanes.Wait()
	cancel()
	m.part.Load().Stop()
	m.queues.Stop()
	m.running.Stop()
	flush, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_ = m.report.Flush(flush) // for eyes only
	m.group.Load().Close()
	if m.gossip != nil {
		_ = m.gossip.Leave(flush)
	}
}

// led waits for a leader that is in the group now, and reports whether it is this worker.
func (m *member) led(ctx context.Context) (self bool, err error) {
	for {
		board, group := m.board.Changed(), m.group.Load().Changed()
		self, known := m.part.Load().Known(ctx)
		if known && m.herder.SessionKey() != nil {
			return self, nil
		}
		select {
		case <-ctx.Done():
			return false, &fault.Error{
				Kind: fault.Retriable, Op: "join group " + m.options.settings.GroupID, Err: errors.New("nobody leads it yet"),
			}
		case <-board:
		case <-group:
		case <-time.After(time.Second):
		}
	}
}

const (
	// firstLook is within what time the leader sees a new worker and has given it its tasks, as a rule.
	firstLook = time.Second
	// settleLimit bounds how long a worker that polls not all of its tasks yet is not ready.
	settleLimit = 10 * time.Second
)

// settled waits until the tasks that this worker was given when it came are at work. Whoever restarts one worker after
// the other goes on when this one is ready: sooner, and the same tasks would move again before they have polled.
func (m *member) settled(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	for wait := firstLook; ctx.Err() == nil; wait = 50 * time.Millisecond {
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		if m.running.Settled() {
			return
		}
	}
}
