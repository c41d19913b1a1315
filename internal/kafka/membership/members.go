package membership

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/headwater/headwater/internal/fault"
)

// Member is a member as the broker lists it.
type Member struct {
	ID, ClientID, Host string
	Data               []byte // its Config.Member; nil when it cannot be read
}

// askTimeout bounds the questions about a group where the caller's ctx does not.
const askTimeout = 30 * time.Second

// Members lists the group as the broker has it. While it rebalances, members come without Data or are missing, and who died
// is listed until its session ends: stable is false in the first case, and for a group without members.
func (g *Group) Members(ctx context.Context) (members []Member, stable bool, err error) {
	op := "list the members of group " + g.config.ID
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	d, err := g.describe(ctx)
	if err != nil {
		return nil, false, g.door.Classify(op, err)
	}
	for _, m := range d.Members {
		one := Member{ID: m.MemberID, ClientID: m.ClientID, Host: m.ClientHost}
		meta := kmsg.NewConsumerMemberMetadata()
		if meta.ReadFrom(m.ProtocolMetadata) == nil {
			one.Data = meta.UserData
		}
		members = append(members, one)
	}
	return members, d.State == "Stable", nil
}

// Evict takes a member out of the group, as if it had left (LeaveGroup). That it is not there is no error. The rest of the
// group then rebalances as soon as each member has noticed: see Rejoin, which is done here for this member.
func (g *Group) Evict(ctx context.Context, memberID string) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	r := kmsg.NewPtrLeaveGroupRequest()
	r.Group, r.MemberID = g.config.ID, memberID
	m := kmsg.NewLeaveGroupRequestMember()
	m.MemberID = memberID
	r.Members = append(r.Members, m)
	answer, err := ask[*kmsg.LeaveGroupResponse](ctx, g, r)
	if err == nil {
		err = kerr.ErrorForCode(answer.ErrorCode)
		for _, m := range answer.Members {
			err = errors.Join(err, kerr.ErrorForCode(m.ErrorCode))
		}
	}
	if err != nil && !errors.Is(err, kerr.UnknownMemberID) {
		return g.door.Classify(fmt.Sprintf("evict member %s from group %s", memberID, g.config.ID), err)
	}
	g.Rejoin()
	return nil
}

// ask sends a request, and again where it failed because the connections were given up meanwhile.
func ask[R kmsg.Response](ctx context.Context, g *Group, r kmsg.Request) (answer R, err error) {
	for {
		cl := g.broker()
		got, err := cl.Request(ctx, r)
		if err == nil {
			return got.(R), nil
		}
		if g.broker() == cl || ctx.Err() != nil {
			return answer, err
		}
	}
}

// describe asks the coordinator for a classic group. A group that does not exist has the state Dead.
func (g *Group) describe(ctx context.Context) (kmsg.DescribeGroupsResponseGroup, error) {
	r := kmsg.NewPtrDescribeGroupsRequest()
	r.Groups = []string{g.config.ID}
	answer, err := ask[*kmsg.DescribeGroupsResponse](ctx, g, r)
	if err != nil {
		return kmsg.DescribeGroupsResponseGroup{}, err
	}
	if len(answer.Groups) != 1 {
		return kmsg.DescribeGroupsResponseGroup{}, fmt.Errorf("the broker described %d groups instead of 1", len(answer.Groups))
	}
	d := answer.Groups[0]
	err = kerr.ErrorForCode(d.ErrorCode)
	if errors.Is(err, kerr.GroupIDNotFound) {
		d.State, err = "Dead", nil
	}
	return d, err
}

// lookTimeout bounds the wait for a rebalancing group to settle, so that its members can be looked at.
const lookTimeout = 3 * time.Second

// admitted reports what speaks against joining.
func (g *Group) admitted(ctx context.Context) error {
	if err := g.admissible(ctx); err != nil || g.config.Look == nil {
		return err
	}
	for until := time.Now().Add(lookTimeout); ; pause(ctx, 100*time.Millisecond) {
		members, stable, err := g.Members(ctx)
		if err != nil {
			return err
		}
		if stable || len(members) == 0 || time.Now().After(until) || ctx.Err() != nil {
			return g.config.Look(ctx, members)
		}
	}
}

// admissible refuses a group in which another kind of client is at work. One without members is free to take.
func (g *Group) admissible(ctx context.Context) error {
	op := "join group " + g.config.ID
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	d, err := g.describe(ctx)
	if err != nil {
		return g.door.Classify(op, err)
	}
	what, where := "", ""
	switch {
	case len(d.Members) == 0:
		what, where = g.modern(ctx)
	case d.ProtocolType == "connect":
		what = fmt.Sprintf("a Kafka Connect cluster with %d workers", len(d.Members))
	case d.ProtocolType != consumerType:
		what = fmt.Sprintf("a group of type %q with %d members", d.ProtocolType, len(d.Members))
	case d.Protocol != "" && d.Protocol != balancerName: // empty while it rebalances: then JoinGroup tells
		what = fmt.Sprintf("a consumer group of another application, balanced by %q, with %d members", d.Protocol, len(d.Members))
	}
	if what == "" {
		return nil
	}
	if where == "" {
		where = d.Members[0].ClientID + " at " + d.Members[0].ClientHost
	}
	return &fault.Error{
		Op: op, Err: fmt.Errorf("under this group.id there is %s, one of them %s", what, where),
		Hint: "choose another group.id, or stop what uses this one",
	}
}

// modern looks for members of a group of the newer protocol (KIP-848), which DescribeGroups does not show. A broker that
// does not know that protocol has none; whatever else keeps it from answering, JoinGroup will tell.
func (g *Group) modern(ctx context.Context) (what, where string) {
	r := kmsg.NewPtrConsumerGroupDescribeRequest()
	r.Groups = []string{g.config.ID}
	answer, err := ask[*kmsg.ConsumerGroupDescribeResponse](ctx, g, r)
	if err != nil {
		return "", ""
	}
	for _, d := range answer.Groups {
		if d.ErrorCode == 0 && len(d.Members) > 0 {
			m := d.Members[0]
			return fmt.Sprintf("a consumer group of the KIP-848 protocol with %d members", len(d.Members)), m.ClientID + " at " + m.ClientHost
		}
	}
	return "", ""
}
