package kafka

import (
	"context"

	"github.com/headwater/headwater/internal/kafka/membership"
)

// Group is this process's membership in a consumer group: who lives, and who leads.
type Group = membership.Group

// GroupConfig says which group to join and how.
type GroupConfig = membership.Config

// GroupMember is a member as the broker lists it.
type GroupMember = membership.Member

// JoinGroup starts to join a group; wait for Changed. It is refused with a fatal error that says what is there when
// clients of another kind are in that group. Close the group.
func (c *Cluster) JoinGroup(ctx context.Context, g GroupConfig) (*Group, error) {
	return membership.Join(ctx, membership.Door{Connect: c.client, Classify: classify}, g)
}
