package membership

import (
	"cmp"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// consumerType is the protocol type of all consumer groups, balancerName the one protocol that members of ours offer:
// who offers another cannot be in the same group.
const (
	consumerType = "consumer"
	balancerName = "headwater"
)

// metadata is what a member joins with. Where it says nothing new it is the same bytes: the broker takes a difference for
// a wish to rebalance. ownedSince is the generation in which the member holds partition 0, -1 when it does not.
func metadata(topic string, data []byte, ownedSince int32) []byte {
	m := kmsg.NewConsumerMemberMetadata()
	m.Version, m.Topics, m.UserData, m.Generation = 2, []string{topic}, data, ownedSince
	if ownedSince >= 0 {
		owned := kmsg.NewConsumerMemberMetadataOwnedPartition()
		owned.Topic, owned.Partitions = topic, []int32{0}
		m.OwnedPartitions = append(m.OwnedPartitions, owned)
	}
	return m.AppendTo(nil)
}

// candidate is a member as the balancer sees it.
type candidate struct {
	id, data string
	owner    int32 // the generation since which it says it holds partition 0; -1: it does not
}

// parse reads a member's metadata. Who writes what cannot be read is a member and never leads.
func parse(topic, id string, raw []byte) (candidate, bool) {
	m := kmsg.NewConsumerMemberMetadata()
	if err := m.ReadFrom(raw); err != nil {
		return candidate{}, false
	}
	c := candidate{id: id, data: string(m.UserData), owner: -1}
	for _, o := range m.OwnedPartitions {
		if o.Topic == topic && slices.Contains(o.Partitions, 0) {
			c.owner = max(m.Generation, 0)
		}
	}
	return c, true
}

// leader is the member that partition 0 goes to: the one that holds it, of several that say so the one that was in the
// newest generation, else the one with the smallest data, which is the smallest name.
func leader(topic string, members []kmsg.JoinGroupResponseMember) string {
	var all []candidate
	for _, m := range members {
		if c, ok := parse(topic, m.MemberID, m.ProtocolMetadata); ok {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return slices.MinFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.owner, a.owner), cmp.Compare(a.data, b.data), cmp.Compare(a.id, b.id))
	}).id
}

// assign is the balancer: partition 0 to the leader, nothing to the others.
func assign(topic string, members []kmsg.JoinGroupResponseMember) []kmsg.SyncGroupRequestGroupAssignment {
	lead := leader(topic, members)
	plan := make([]kmsg.SyncGroupRequestGroupAssignment, 0, len(members))
	for _, m := range members {
		given := kmsg.NewConsumerMemberAssignment()
		if m.MemberID == lead {
			t := kmsg.NewConsumerMemberAssignmentTopic()
			t.Topic, t.Partitions = topic, []int32{0}
			given.Topics = append(given.Topics, t)
		}
		a := kmsg.NewSyncGroupRequestGroupAssignment()
		a.MemberID, a.MemberAssignment = m.MemberID, given.AppendTo(nil)
		plan = append(plan, a)
	}
	return plan
}

// holds tells whether an assignment gives partition 0.
func holds(topic string, assignment []byte) bool {
	given := kmsg.NewConsumerMemberAssignment()
	if err := given.ReadFrom(assignment); err != nil {
		return false
	}
	return slices.ContainsFunc(given.Topics, func(t kmsg.ConsumerMemberAssignmentTopic) bool {
		return t.Topic == topic && slices.Contains(t.Partitions, 0)
	})
}
