package rolling

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/headwater/headwater/test/kafka"
	"github.com/headwater/headwater/test/rolling/fleet"
)

// TestStrangers: where others use the group.id already, a worker ends with a message, and they go on.
func TestStrangers(t *testing.T) {
	binary := build(t)
	for name, join := range map[string]func(*scene, context.Context){
		"a plain consumer group": (*scene).consume, "a Kafka Connect cluster": (*scene).connect,
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			s := newScene(t, kafka.Shared(t, *version).Bootstrap, binary)
			join(s, ctx)
			s.stable(ctx)
			w, err := s.fleet.Start("w1", nil)
			s.fail(err)
			s.ends(w, s.name, "group.id")
			s.stable(ctx)
		})
	}
}

// stable waits until the group has members and is at rest.
func (s *scene) stable(ctx context.Context) {
	s.t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(s.bootstrap))
	s.fail(err)
	defer c.Close()
	s.fail(fleet.Await(ctx, settled, "the strangers' group", func(ctx context.Context) error {
		all, err := kadm.NewClient(c).DescribeGroups(ctx, s.name)
		if err != nil {
			return err
		}
		if g := all[s.name]; g.State != "Stable" || len(g.Members) != 1 {
			return fmt.Errorf("%s with %d members", g.State, len(g.Members))
		}
		return nil
	}))
}

// consume joins as an ordinary consumer of a topic.
func (s *scene) consume(ctx context.Context) {
	s.t.Helper()
	kafka.CreateTopic(s.t, s.bootstrap, s.name, 1, nil)
	c, err := kgo.NewClient(kgo.SeedBrokers(s.bootstrap), kgo.ConsumerGroup(s.name), kgo.ConsumeTopics(s.name), kgo.Balancers(kgo.RangeBalancer()))
	s.fail(err)
	s.t.Cleanup(c.Close)
}

// connect joins as a worker of Kafka Connect does, as far as the broker can tell, and stays for a minute.
func (s *scene) connect(ctx context.Context) {
	s.t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(s.bootstrap))
	s.fail(err)
	s.t.Cleanup(c.Close)
	join := kmsg.NewPtrJoinGroupRequest()
	join.Group, join.ProtocolType, join.SessionTimeoutMillis, join.RebalanceTimeoutMillis = s.name, "connect", 60000, 60000
	protocol := kmsg.NewJoinGroupRequestProtocol()
	protocol.Name, protocol.Metadata = "sessioned", []byte{0, 1}
	join.Protocols = append(join.Protocols, protocol)
	joined, err := join.RequestWith(ctx, c)
	s.fail(err)
	if kerr.ErrorForCode(joined.ErrorCode) == kerr.MemberIDRequired {
		join.MemberID = joined.MemberID
		joined, err = join.RequestWith(ctx, c)
		s.fail(err)
	}
	s.fail(kerr.ErrorForCode(joined.ErrorCode))
	sync := kmsg.NewPtrSyncGroupRequest()
	sync.Group, sync.Generation, sync.MemberID = s.name, joined.Generation, joined.MemberID
	kind, named := "connect", "sessioned"
	sync.ProtocolType, sync.Protocol = &kind, &named
	mine := kmsg.NewSyncGroupRequestGroupAssignment()
	mine.MemberID, mine.MemberAssignment = joined.MemberID, []byte{0}
	sync.GroupAssignment = append(sync.GroupAssignment, mine)
	answer, err := sync.RequestWith(ctx, c)
	s.fail(err)
	s.fail(kerr.ErrorForCode(answer.ErrorCode))
}
