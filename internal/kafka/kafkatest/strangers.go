package kafkatest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/headwater/headwater/internal/fault"
)

// strangersAreRefused: what else may go by the same group.id.
func strangersAreRefused(t *testing.T, b bundle) {
	for _, c := range []struct{ typ, protocol, want string }{
		{"connect", "sessioned", "a Kafka Connect cluster with 1 workers"},
		{"consumer", "range", `balanced by "range"`},
		{"sr", "v0", `a group of type "sr"`},
	} {
		one := b
		one.name = b.name + "-" + c.typ
		leave := one.stranger(t, c.typ, c.protocol)
		_, err := one.cluster.JoinGroup(b.ctx, one.group("w1"))
		e, ok := errors.AsType[*fault.Error](err)
		if !ok || e.Kind != fault.Fatal || !strings.Contains(err.Error(), c.want) || !strings.Contains(e.Hint, "group.id") {
			t.Errorf("beside %v: %v", c, err)
		}
		leave()
		one.gather(t, "w1") // an empty group is free
	}
}

// stranger puts a member of another kind into the group.
func (b bundle) stranger(t *testing.T, typ, protocol string) (leave func()) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.bootstrap), kgo.ClientID("stranger"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	r := kmsg.NewPtrJoinGroupRequest()
	r.Group, r.ProtocolType, r.SessionTimeoutMillis, r.RebalanceTimeoutMillis = b.name, typ, 30_000, 30_000
	p := kmsg.NewJoinGroupRequestProtocol()
	metadata, assignment := kmsg.NewConsumerMemberMetadata(), kmsg.NewConsumerMemberAssignment()
	p.Name, p.Metadata = protocol, metadata.AppendTo(nil)
	r.Protocols = append(r.Protocols, p)
	joined, err := r.RequestWith(b.ctx, cl)
	if err == nil && joined.ErrorCode == kerr.MemberIDRequired.Code {
		r.MemberID = joined.MemberID
		joined, err = r.RequestWith(b.ctx, cl)
	}
	if err != nil || joined.ErrorCode != 0 {
		t.Fatal(err, kerr.ErrorForCode(joined.ErrorCode))
	}
	s := kmsg.NewPtrSyncGroupRequest()
	s.Group, s.MemberID, s.Generation = b.name, joined.MemberID, joined.Generation
	s.ProtocolType, s.Protocol = &typ, &protocol
	a := kmsg.NewSyncGroupRequestGroupAssignment()
	a.MemberID = joined.MemberID
	a.MemberAssignment = assignment.AppendTo(nil)
	s.GroupAssignment = append(s.GroupAssignment, a)
	synced, err := s.RequestWith(b.ctx, cl)
	if err != nil || synced.ErrorCode != 0 {
		t.Fatal(err, kerr.ErrorForCode(synced.ErrorCode))
	}
	return func() {
		l := kmsg.NewPtrLeaveGroupRequest()
		m := kmsg.NewLeaveGroupRequestMember()
		m.MemberID = joined.MemberID
		l.Group, l.MemberID, l.Members = b.name, joined.MemberID, append(l.Members, m)
		if _, err := l.RequestWith(b.ctx, cl); err != nil {
			t.Error(err)
		}
		if !b.embedded() {
			return
		}
		if _, err := kadm.NewClient(cl).DeleteGroups(b.ctx, b.name); err != nil {
			t.Error(err)
		}
	}
}

// embedded tells whether the broker is kfake: that one keeps the kind of an empty group until it is deleted, while Kafka
// lets another kind in.
func (b bundle) embedded() bool {
	return slices.Contains([]string{"kfake", "headwater-dev"}, b.cluster.ID(b.ctx))
}

// modernGroupIsRefused: a group of the newer consumer protocol (KIP-848).
func modernGroupIsRefused(t *testing.T, b bundle) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(b.bootstrap), kgo.ClientID("stranger"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	r := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	r.Group, r.MemberID, r.RebalanceTimeoutMillis = b.name, "q3h1r0c5T6mVvGm3wF8s3A", 30_000
	r.SubscribedTopicNames, r.Topics = []string{b.topic(t, "-configs", 1, nil)}, []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	answer, err := r.RequestWith(b.ctx, cl)
	if err != nil || answer.ErrorCode != 0 {
		t.Fatal(err, kerr.ErrorForCode(answer.ErrorCode))
	}
	_, err = b.cluster.JoinGroup(b.ctx, b.group("w1"))
	if err == nil || fault.KindOf(err) != fault.Fatal || !strings.Contains(err.Error(), "KIP-848") {
		t.Errorf("beside a group of the newer protocol: %v", err)
	}
}

// strangersTakeTheGroup: what was not there when this member looked is told by JoinGroup, for as long as it lasts.
func strangersTakeTheGroup(t *testing.T, b bundle) {
	all := b.gather(t, "w1")
	m, helper := all[0], b.join(t, "helper")
	id, _ := b.settled(t, append(all, helper)).MemberID()
	m.wire.isCut.Store(true)
	helper.Close()
	aside, err := b.cluster.JoinGroup(b.ctx, b.group("aside"))
	if err != nil {
		t.Fatal(err)
	}
	if err := aside.Evict(b.ctx, id); err != nil {
		t.Fatal(err)
	}
	aside.Close()
	if b.embedded() {
		b.stranger(t, "consumer", "headwater")() // so that it is deleted and takes the other type
	}
	leave := b.stranger(t, "connect", "sessioned")
	m.wire.isCut.Store(false)
	for m.Err() == nil {
		tick(t, b.ctx)
	}
	if err := m.Err(); m.Leads() || fault.KindOf(err) != fault.Fatal || !strings.Contains(err.Error(), "choose another group.id") {
		t.Errorf("it leads: %v; error: %v", m.Leads(), err)
	}
	leave()
	b.settled(t, all)
	if m.Err() != nil {
		t.Errorf("back in the group the error is still %v", m.Err())
	}
}
