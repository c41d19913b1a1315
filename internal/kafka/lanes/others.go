package lanes

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Of tells which partitions the members of a group have, by their client ids, as the broker has it: who died is listed
// until its session ends or it is evicted. settled is false while the group spreads its lanes, when members come without
// partitions or are missing, and for a group without members.
func Of(ctx context.Context, cl *kgo.Client, group string) (of map[string][]int32, settled bool, err error) {
	d, err := describe(ctx, cl, group)
	if err != nil {
		return nil, false, err
	}
	of = map[string][]int32{}
	for _, m := range d.Members {
		has := of[m.ClientID]
		var a kmsg.ConsumerMemberAssignment
		if a.ReadFrom(m.MemberAssignment) == nil {
			for _, t := range a.Topics {
				has = append(has, t.Partitions...)
			}
		}
		slices.Sort(has)
		of[m.ClientID] = has
	}
	return of, d.State == "Stable", nil
}

// Evict takes all members with that client id out of a group, as if they had left. That there is none is no error.
func Evict(ctx context.Context, cl *kgo.Client, group, clientID string) error {
	d, err := describe(ctx, cl, group)
	for _, m := range d.Members {
		if m.ClientID == clientID {
			err = errors.Join(err, remove(ctx, cl, group, m.MemberID))
		}
	}
	return err
}

// describe asks the coordinator for a classic group. A group that does not exist has no members.
func describe(ctx context.Context, cl *kgo.Client, group string) (kmsg.DescribeGroupsResponseGroup, error) {
	var none kmsg.DescribeGroupsResponseGroup
	r := kmsg.NewPtrDescribeGroupsRequest()
	r.Groups = []string{group}
	answer, err := r.RequestWith(ctx, cl)
	if err != nil {
		return none, err
	}
	if len(answer.Groups) != 1 {
		return none, fmt.Errorf("the broker described %d groups instead of 1", len(answer.Groups))
	}
	if err := kerr.ErrorForCode(answer.Groups[0].ErrorCode); err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		return none, err
	}
	return answer.Groups[0], nil
}
